"""Lists at Stripe: https://docs.stripe.com/api/pagination."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypedDict, TypeVar

_Params = TypeVar("_Params", bound=Mapping[str, object])


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. ``rank`` holds for every item of it, see ``sync/models/mirrors.py``."""

    items: list[dict[str, Any]]
    rank: int
    has_more: bool


class CreatedRange(TypedDict, total=False):
    """Epoch seconds."""

    gt: int
    gte: int
    lt: int
    lte: int


class StripeList(Generic[_Params]):
    """One resource's list. ``_Params`` is the SDK's class of its parameters: mypy refuses any other."""

    def __init__(self, read: Callable[[Mapping[str, object]], Page]) -> None:
        self._read = read

    def page(self, params: _Params | None = None, *, after: str = "") -> Page:
        """The newest objects, or those behind the id ``after``; 100 unless ``limit`` says less."""
        return self._read({**(params or {}), **({"starting_after": after} if after else {})})

    def pages(self, params: _Params | None = None) -> Iterator[Page]:
        """All pages, each read when it is asked for."""
        page = self.page(params)
        yield page
        while page.has_more:
            page = self.page(params, after=page.items[-1]["id"])
            yield page


class _Gateway(Protocol):
    def read_page(self, path: str, params: Mapping[str, object]) -> Page: ...


class ListOf(Generic[_Params]):
    """A gateway's list of one resource, made when it is asked for."""

    def __init__(self, resource: str) -> None:
        self._path = f"/v1/{resource}"

    def __get__(self, gateway: _Gateway, owner: type[_Gateway]) -> StripeList[_Params]:
        return StripeList(partial(gateway.read_page, self._path))
