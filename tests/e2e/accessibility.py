"""Automated WCAG 2.2 AA checks with axe-core, in light and dark, wide and narrow."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"light": STANDARDS, "dark": ["color-contrast"]}  # colours are all that differs in the dark
TOO_WIDE = """() => {
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return [];
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > page.clientWidth + 1)
    .map((element) => `wider than 390 px: ${element.outerHTML.slice(0, 120)}`);
}"""


def find_violations(page: Page) -> list[str]:
    """One line per violated rule and element, for both colour schemes, and per element that does not fit a phone.

    Looks at the page that is open: after a click, wait for something of the page that it opens.
    """
    page.wait_for_load_state()
    found: list[str] = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        options = {"runOnly": RULES[scheme], "resultTypes": ["violations"]}
        for violation in Axe().run(page, options=options).response["violations"]:
            found += [f"{scheme}: {violation['id']}: {node['html'][:160]}" for node in violation["nodes"]]
    page.set_viewport_size({"width": 390, "height": 800})
    return [*found, *page.evaluate(TOO_WIDE)]
