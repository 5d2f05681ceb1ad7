"""Webhook endpoints: https://docs.stripe.com/api/webhook_endpoints.

Besides what the API shows, a stored endpoint has `secret`, `previous_secret` while one rolls, and
`connect`; webhooks/delivery.py reads them.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from engage_stripe.sandbox.addresses import is_live_address
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.errors import invalid
from engage_stripe.sandbox.listing import PAGING, list_of
from engage_stripe.sandbox.resources.fields import assign, merge_metadata
from engage_stripe.sandbox.routing import Call, Route
from engage_stripe.sandbox.shapes import Shape
from engage_stripe.sandbox.state import Account

MAX_ENDPOINTS = 16
_HIDDEN = {"secret", "previous_secret", "connect"}


def create(call: Call) -> Obj:
    """`POST /v1/webhook_endpoints`: the only answer that shows the secret."""
    account, params = call.account, call.params
    if len(account.collection("webhook_endpoint")) >= MAX_ENDPOINTS:
        raise invalid(f"You have reached the maximum of {MAX_ENDPOINTS} webhook endpoints.")
    _check_url(account, params["url"])
    connect = params.get("connect", False)
    endpoint: Obj = {
        "id": account.ids.new("we"),
        "object": "webhook_endpoint",
        "api_version": params.get("api_version"),
        "application": _application(account) if connect else None,
        "connect": connect,
        "created": call.now,
        "description": params.get("description"),
        "enabled_events": params["enabled_events"],
        "livemode": account.livemode,
        "metadata": {},
        "secret": f"whsec_{account.ids.text(32)}",
        "status": "enabled",
        "url": params["url"],
    }
    merge_metadata(endpoint, params)
    account.add(endpoint)
    return {**shown(account, endpoint), "secret": endpoint["secret"]}


def retrieve(call: Call) -> Obj:
    """`GET /v1/webhook_endpoints/{webhook_endpoint}`."""
    return call.account.find("webhook_endpoint", call.path["webhook_endpoint"])


def update(call: Call) -> Obj:
    """`POST /v1/webhook_endpoints/{webhook_endpoint}`: the API version stays what it was."""
    endpoint = call.account.find("webhook_endpoint", call.path["webhook_endpoint"])
    if "url" in call.params:
        _check_url(call.account, call.params["url"])
    assign(endpoint, call.params, "description enabled_events url")
    merge_metadata(endpoint, call.params)
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    return endpoint


def delete(call: Call) -> Obj:
    """`DELETE /v1/webhook_endpoints/{webhook_endpoint}`."""
    found = call.account.find("webhook_endpoint", call.path["webhook_endpoint"])
    return call.account.remove(found)


def index(call: Call) -> Obj:
    """`GET /v1/webhook_endpoints`."""
    return list_of(call, "webhook_endpoint")


def shown(_account: Account, endpoint: Obj) -> Obj:
    """An endpoint without what only the sandbox may know; the answer to `create` keeps its secret."""
    if "connect" not in endpoint:
        return endpoint
    return {name: value for name, value in endpoint.items() if name not in _HIDDEN}


def _check_url(account: Account, url: str) -> None:
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", param="url")
    if account.livemode and not is_live_address(url):
        raise invalid("Invalid URL: In live mode, webhook endpoints must use HTTPS.", param="url")


def _application(account: Account) -> str:
    for platform in account.world.platforms.values():
        if (platform.account_id, platform.livemode) == (account.id, account.livemode):
            return platform.client_id
    raise invalid(
        "Only Stripe Connect platforms can work with other accounts. If you need to setup a Stripe Connect "
        "platform, you can do so at https://dashboard.stripe.com/account/applications/settings.",
        param="connect",
    )


_PATH = "/v1/webhook_endpoints/{webhook_endpoint}"
ROUTES = (
    Route(
        "POST",
        "/v1/webhook_endpoints",
        create,
        "webhook_write",
        accepts="api_version connect description enabled_events metadata url",
    ),
    Route("GET", "/v1/webhook_endpoints", index, "webhook_read", accepts=PAGING),
    Route("GET", _PATH, retrieve, "webhook_read"),
    Route("POST", _PATH, update, "webhook_write", accepts="description disabled enabled_events metadata url"),
    Route("DELETE", _PATH, delete, "webhook_write"),
)

SHAPES = {"webhook_endpoint": Shape(render=shown)}
