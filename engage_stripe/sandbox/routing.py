"""Which handler serves a request, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engage_stripe.sandbox import spec
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import StripeError

if TYPE_CHECKING:
    from engage_stripe.sandbox.keys import Key
    from engage_stripe.sandbox.state import Account, World

Handler = Callable[["Call"], Obj]


@dataclass(frozen=True)
class Route:
    """One endpoint.

    `permission` is what a restricted key needs, without the `rak_` prefix (`customer_write`).
    `accepts` names the parameters the handler imitates, separated by blanks; a parameter that Stripe
    knows and this list does not is refused. `refuses` does the same for parameters inside accepted ones
    (`subscription_data.trial_settings`).
    """

    method: str
    path: str
    handler: Handler
    permission: str | None
    accepts: str = ""
    refuses: str = ""

    @property
    def name(self) -> str:
        """`POST /v1/customers`: also the key in spec/requests.json."""
        return f"{self.method} {self.path}"


@dataclass
class Call:
    """One authenticated, validated request on its way to a handler.

    `params` holds validated values: ints, bools, lists, nested dicts; None means "unset this".
    `path` holds the ids of the URL by the names of the route's placeholders.
    """

    world: World
    account: Account
    route: Route
    key: Key
    request_id: str
    idempotency_key: str | None = None
    path: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def now(self) -> int:
        """The account's time; `account.now(customer_id)` where a customer may have a test clock."""
        return self.account.now()


class Router:
    """Finds routes by method and path; a fixed segment wins over a placeholder."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = tuple(routes)
        self._root: dict[str, Any] = {}
        for route in self._routes:
            node = self._root
            for segment in route.path.strip("/").split("/"):
                node = node.setdefault("{" if segment.startswith("{") else segment, {})
            node[f" {route.method}"] = route

    def readers(self) -> dict[str, str]:
        """The permission that reading one object of each type needs.

        Of several endpoints the last one listed counts: expanding a payment source asks for sources even
        where the description says that the source may be an account.
        """
        return {
            type: route.permission
            for route in self._routes
            if route.method == "GET" and route.permission is not None
            for type in spec.requests()[route.name]["returns"].get("object", ())
        }

    def match(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The route and the ids in the URL; Stripe's 404 for an unknown one."""
        segments = path.strip("/").split("/")
        route = _walk(self._root, segments, f" {method}")
        if route is None:
            raise StripeError(
                404,
                f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we "
                "can help at https://support.stripe.com/.",
            )
        template = route.path.strip("/").split("/")
        ids = {name[1:-1]: value for name, value in zip(template, segments, strict=True) if name.startswith("{")}
        return route, ids


def _walk(node: dict[str, Any], segments: list[str], leaf: str) -> Route | None:
    if not segments:
        found: Route | None = node.get(leaf)
        return found
    for branch in (segments[0], "{"):
        if branch in node and segments[0]:
            found = _walk(node[branch], segments[1:], leaf)
            if found is not None:
                return found
    return None
