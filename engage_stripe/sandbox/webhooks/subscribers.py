"""Which webhook endpoints an event goes to: https://docs.stripe.com/webhooks, https://docs.stripe.com/connect/webhooks."""

from collections.abc import Iterator

from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.state import Account
from engage_stripe.sandbox.version import API_VERSION
from engage_stripe.sandbox.webhooks.versions import event_type_in


def subscribed_endpoints(account: Account, event: Obj) -> Iterator[tuple[Account, Obj]]:
    """Yield every endpoint that wants the event, with the account it belongs to.

    `account.application.…` is for the application only
    (https://docs.stripe.com/api/events/types#event_types-account.application.authorized).
    """
    if not event["type"].startswith("account.application."):
        for endpoint in account.collection("webhook_endpoint"):
            if not endpoint["connect"] and _wants(endpoint, event):
                yield account, endpoint
    for platform in _listening_platforms(account):
        for endpoint in platform.collection("webhook_endpoint"):
            if endpoint["connect"] and _wants(endpoint, event):
                yield platform, endpoint


def _listening_platforms(account: Account) -> Iterator[Account]:
    """Yield the platforms' accounts, in the mode whose Connect endpoints hear of `account`.

    Test events of an account that is connected in live mode only go to the live endpoints
    (https://docs.stripe.com/connect/webhooks).
    """
    world = account.world
    modes: dict[str, set[bool]] = {}
    for platform_id, connected_id, livemode in world.connections:
        if connected_id == account.id:
            modes.setdefault(platform_id, set()).add(livemode)
    for platform_id in sorted(modes):
        if account.livemode in modes[platform_id]:
            yield world.account(platform_id, livemode=account.livemode)
        elif not account.livemode:
            yield world.account(platform_id, livemode=True)


def _wants(endpoint: Obj, event: Obj) -> bool:
    wanted = endpoint["enabled_events"]
    if endpoint["status"] != "enabled":
        return False
    return "*" in wanted or event_type_in(version_of(endpoint), event["type"]) in wanted


def version_of(endpoint: Obj) -> str:
    """Return the API version that the endpoint's events have: its own, else the account's."""
    version: str = endpoint["api_version"] or API_VERSION
    return version
