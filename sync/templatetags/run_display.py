"""How runs and their reports read on a page."""

from typing import Any

from django import template

register = template.Library()


@register.filter
def spaced(name: str) -> str:
    """``promotion_codes`` → ``promotion codes``"""
    return name.replace("_", " ")


@register.filter
def item(values: dict[str, Any], name: str) -> Any:
    """The value of that name, None where there is none."""
    return values.get(name)
