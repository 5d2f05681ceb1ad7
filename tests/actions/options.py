"""Reading the selects of a page."""

import re
from html import unescape

_OPTION = re.compile(r'<option value="([^"]*)"([^>]*)>(.*?)</option>', re.DOTALL)


def options(html: str, name: str = "") -> list[tuple[str, bool, str]]:
    """(value, is selected, label) of the select of that name, or of all there are."""
    within = re.search(rf'<select name="{name}".*?</select>', html, re.DOTALL)[0] if name else html  # type: ignore[index]
    return [
        (unescape(value), "selected" in attributes, unescape(label).strip())
        for value, attributes, label in _OPTION.findall(within)
    ]


def labels(html: str, name: str = "") -> list[str]:
    return [label for _, _, label in options(html, name)]


def selected(html: str, name: str = "") -> list[str]:
    return [value for value, is_selected, _ in options(html, name) if is_selected]
