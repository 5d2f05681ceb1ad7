"""What designers choose from, searched at the server: plans by product, coupons, codes and meters in words that tell
them apart. A list is never longer than one page and what is chosen already.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from actions.meters import Meters
from actions.parameters import CATALOGUE, Parameter, Picker
from connector.models import Connection
from sync.catalogue_entries import Entry, find_entries
from sync.catalogue_selectors import (
    ANY_USE,
    PAGE,
    Found,
    search_coupons,
    search_plans,
    search_promotion_codes,
)
from sync.discount_fit import DiscountUse, why_code_does_not_fit, why_coupon_does_not_fit
from sync.models import Coupon, PromotionCode

Choices = list[tuple[str, Any]]  # [(value, label)], or [(group, [(value, label)])]

_PLURALS = {
    Picker.PLAN: "plans",
    Picker.COUPON: "coupons",
    Picker.PROMOTION_CODE: "promotion codes",
    Picker.METER: "meters",
}


class OptionList:
    """The options of one picker for one search, read when they are first looked at.

    ``chosen`` stays an option whatever the search finds; where it cannot be used any more, or not with the other
    values, it says so. A constant number of statements.
    """

    def __init__(
        self,
        connection: Connection,
        picker: Picker,
        *,
        query: str = "",
        chosen: Sequence[str] = (),
        use: DiscountUse = ANY_USE,
        also_past: bool = False,
        meters: Callable[[], Meters] | None = None,
    ) -> None:
        self.query = query
        self.noun = _PLURALS[picker]
        self._connection, self._picker, self._chosen = connection, picker, list(chosen)
        self._use, self._also_past, self._meters = use, also_past, meters

    @property
    def choices(self) -> Choices:
        """For a widget: the chosen ones that the search did not find, then what it found, plans by product."""
        found = self._found.entries
        kept = [(value, self._label(value)) for value in self._chosen if value not in self._found_ids]
        if self._picker is not Picker.PLAN:
            return [*kept, *((entry.stripe_id, _label(entry)) for entry in found)]
        groups: dict[str, Choices] = {}
        for entry in found:
            groups.setdefault(entry.group, []).append((entry.stripe_id, _label(entry)))
        return [*kept, *groups.items()]

    @cached_property
    def needs_search(self) -> bool:
        """Whether there are more than one page, here or without what the other values rule out."""
        if self.query or self._found.has_more:
            return True
        return self._use != ANY_USE and self._search("", ANY_USE).has_more

    @property
    def words(self) -> str:
        """How much was found, for the line under the picker."""
        if self._found.has_more:
            return f"The first {PAGE} {self.noun} are listed; search for others."
        count = len(self._found.entries)
        if self.query:
            return f"{count} found." if count else f"No {self.noun} found."
        return "" if count else f"There are no {self.noun} to choose from."

    @cached_property
    def _found(self) -> Found:
        return self._search(self.query, self._use)

    @cached_property
    def _found_ids(self) -> set[str]:
        return {entry.stripe_id for entry in self._found.entries}

    @cached_property
    def _entries(self) -> dict[str, Entry]:
        """What is chosen and was not found."""
        return find_entries(self._connection, [one for one in self._chosen if one not in self._found_ids])

    def _search(self, query: str, use: DiscountUse) -> Found:
        past = self._also_past
        match self._picker:
            case Picker.PLAN:
                return search_plans(self._connection, query=query, archived=past, count=False)
            case Picker.COUPON:
                return search_coupons(self._connection, query=query, archived=past, count=False, use=use)
            case Picker.PROMOTION_CODE:
                return search_promotion_codes(self._connection, query=query, archived=past, count=False, use=use)
            case _:
                return _search_meters(self._meters, query)

    def _label(self, value: str) -> str:
        entry = self._entries.get(value)
        if entry is None:
            return f"{value} (is no longer at Stripe)" if self._picker in CATALOGUE else value
        if entry.why_not or not why_not_for(entry, self._use):
            return _label(entry)
        return f"{_label(entry)} (not for this plan)"


def why_not_for(entry: Entry, use: DiscountUse) -> str:
    """Why this coupon or code cannot be used so, in a sentence; empty where it can, and for plans."""
    match entry.row:
        case Coupon() as coupon:
            return why_coupon_does_not_fit(coupon, use)
        case PromotionCode() as code:
            return why_code_does_not_fit(code, entry.parent, use)
        case _:
            return ""


def _label(entry: Entry) -> str:
    note = f", {entry.note}" if entry.note else ""
    return f"{entry.label}{note} ({entry.why_not})" if entry.why_not else f"{entry.label}{note}"


def _search_meters(list_meters: Callable[[], Meters] | None, query: str) -> Found:
    names = list_meters().names if list_meters else {}
    words = query.casefold().split()
    entries = [
        Entry(event_name, name, "", event_name, "", None)
        for event_name, name in sorted(names.items(), key=lambda pair: pair[1].casefold())
        if all(word in f"{name} {event_name}".casefold() for word in words)
    ]
    return Found(entries[:PAGE], None, len(entries) > PAGE)


def names_of(connection: Connection | None, references: Iterable[str]) -> dict[str, str]:
    """Plans, coupons and codes by id in words, archived and used-up ones included. What is gone is left out."""
    if connection is None:
        return {}
    entries = find_entries(connection, list(references)).values()
    return {one.stripe_id: one.row.code if isinstance(one.row, PromotionCode) else one.label for one in entries}


def references_of(parameters: tuple[Parameter, ...], values: Mapping[str, Any]) -> list[str]:
    """The catalogue ids among an action's parameters."""
    return [values[one.name] for one in parameters if one.picker in CATALOGUE and values.get(one.name)]
