"""Automated WCAG 2.2 AA checks with axe-core, in light and dark, wide and narrow."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


def find_violations(page: Page) -> list[str]:
    """One line per violated rule and element, for both colour schemes; also text that does not fit the window."""
    found: list[str] = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for violation in Axe().run(page, options=RULES).response["violations"]:
            found += [f"{scheme}: {violation['id']}: {node['html'][:160]}" for node in violation["nodes"]]
    page.set_viewport_size({"width": 390, "height": 800})
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, f"{too_wide} px wider than a window of 390 px"] if too_wide > 0 else found
