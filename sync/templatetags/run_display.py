"""How runs and their reports read on a page."""

from typing import Any

from django import template

register = template.Library()


@register.filter
def spaced(name: str) -> str:
    """``promotion_codes`` → ``promotion codes``"""
    return name.replace("_", " ")


_FIRST = ("rows", "added", "changed", "removed", "unchanged", "customers", "subscriptions", "products", "prices",
          "coupons", "promotion_codes", "drifted", "healed", "gone")  # fmt: skip


@register.filter
def in_order(counts: dict[str, int] | None) -> list[tuple[str, int]]:
    """What was counted, if anything, in the order in which a person wants to know it; the database keeps none."""
    places = {name: place for place, name in enumerate(_FIRST)}
    return sorted((counts or {}).items(), key=lambda one: (places.get(one[0], len(_FIRST)), one[0]))


@register.filter
def counted(one: tuple[str, int]) -> str:
    """``("promotion_codes", 1)`` → ``1 promotion code``"""
    name, count = one
    words = spaced(name)
    return f"{count:,} {words.removesuffix('s') if count == 1 else words}"


@register.filter
def summary(counts: dict[str, int]) -> str:
    """``12,034 customers · 3 drifted``, without what is zero; each number stays with its word."""
    told = [counted(one).replace(" ", "\u00a0") for one in in_order(counts) if one[1] and one[0] != "requests"]
    return " · ".join(told)


@register.filter
def item(values: dict[str, Any], name: str) -> Any:
    """The value of that name, None where there is none."""
    return values.get(name)
