"""The OAuth endpoints of Connect over HTTP (https://docs.stripe.com/connect/oauth-reference)."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from engage_stripe.sandbox.addresses import is_live_address
from engage_stripe.sandbox.connect import SCOPES, Connect, OAuthError, Platform
from engage_stripe.sandbox.control.pages import render_page
from engage_stripe.sandbox.errors import StripeError
from engage_stripe.sandbox.keys import Key, authenticate, create_key

Params = ImmutableMultiDict[str, Any]


class BadApplicationError(Exception):
    """The request cannot be trusted enough to redirect back: shown to the person instead."""


class OAuth:
    """Handlers on one Connect."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._world = connect.world

    def routes(self) -> list[Route]:
        """Return the routes to mount at the root."""
        return [
            Route("/oauth/authorize", self.ask, methods=["GET"]),
            Route("/oauth/authorize", self.decide, methods=["POST"]),
            Route("/oauth/token", _answering(self.token), methods=["POST"]),
            Route("/oauth/deauthorize", _answering(self.deauthorize), methods=["POST"]),
        ]

    async def ask(self, request: Request) -> Response:
        """Show the consent page, or go back with the error that Stripe would name."""
        try:
            platform, redirect_uri = self._application(request.query_params)
            _check_request(request.query_params)
        except BadApplicationError as refusal:
            return _refused_page(refusal)
        except OAuthError as error:
            return _back(redirect_uri, request.query_params, **_as_json(error))
        page = render_page(
            "consent.html",
            platform=platform,
            params=list(request.query_params.multi_items()),
            accounts=self._connect.candidates(platform),
        )
        return HTMLResponse(page)

    async def decide(self, request: Request) -> Response:
        """Take the form of the consent page: `decision` (approve or deny) and `account`."""
        form = await request.form()
        try:
            platform, redirect_uri = self._application(form)
            _check_request(form)
        except BadApplicationError as refusal:
            return _refused_page(refusal)
        except OAuthError as error:
            return _back(redirect_uri, form, **_as_json(error))
        if form.get("decision") != "approve":
            denied = {"error": "access_denied", "error_description": "The user denied your request"}
            return _back(redirect_uri, form, **denied)
        chosen = self._world.accounts.get((str(form.get("account")), platform.livemode))
        code = self._connect.authorize(platform, chosen, str(form.get("scope", SCOPES[0])))
        return _back(redirect_uri, form, scope=code.scope, code=code.value)

    async def token(self, request: Request) -> dict[str, Any]:
        """Exchange an authorization code; `refresh_token` grants are not imitated."""
        form = await request.form()
        key = self._platform_key(request, form)
        grant = form.get("grant_type")
        if not grant:
            raise OAuthError("invalid_request", "No grant type specified")
        if grant != "authorization_code":
            raise OAuthError("unsupported_grant_type", f"This grant type is not supported: {grant}")
        if not form.get("code"):
            raise OAuthError("invalid_request", "No authorization code provided")
        code = self._connect.exchange(str(form["code"]), key)
        return {
            "access_token": code.access_token,
            "livemode": code.account.livemode,
            "refresh_token": f"rt_{self._world.ids.text(32)}",
            "token_type": "bearer",
            "stripe_publishable_key": create_key(self._world, code.account, "publishable").value,
            "stripe_user_id": code.account.id,
            "scope": code.scope,
        }

    async def deauthorize(self, request: Request) -> dict[str, Any]:
        """End the connection of `stripe_user_id` to the application `client_id`."""
        form = await request.form()
        key = self._platform_key(request, form)
        account_id, client_id = str(form.get("stripe_user_id", "")), str(form.get("client_id", ""))
        if not account_id:
            raise OAuthError("invalid_request", "No stripe_user_id provided")
        platform = self._world.platforms.get(client_id)
        if platform is None or (platform.account_id, platform.livemode) != (key.account_id, key.livemode):
            raise OAuthError("invalid_client", f"No such application: '{client_id}'", status=401)
        self._connect.disconnect(platform, account_id)
        return {"stripe_user_id": account_id}

    def _platform_key(self, request: Request, form: Params) -> Key:
        """Return the key of the `Authorization` header, or of the parameter `client_secret`."""
        secret = form.get("client_secret")
        return authenticate(self._world, {"authorization": f"Bearer {secret}"} if secret else request.headers)

    def _application(self, params: Params) -> tuple[Platform, str]:
        """Return the platform that asks and where to go back to; only a registered URI, exactly."""
        platform = self._world.platforms.get(str(params.get("client_id")))
        if platform is None:
            raise BadApplicationError("No application matches the supplied client identifier")
        wanted = str(params.get("redirect_uri") or next(iter(platform.redirect_uris), ""))
        if wanted not in platform.redirect_uris:
            raise BadApplicationError(
                f"Invalid redirect URI '{wanted}'. Ensure this uri exactly matches one of the uris "
                "specified in your application settings"
            )
        if platform.livemode and not is_live_address(wanted):
            raise BadApplicationError("Livemode requests must always be redirected via HTTPS.")
        return platform, wanted


def _check_request(params: Params) -> None:
    response_type = params.get("response_type")
    if not response_type:
        raise OAuthError("invalid_request", "response_type parameter not provided")
    if response_type != "code":
        raise OAuthError("unsupported_response_type", f"Unsupported response type: {response_type}")
    scope = params.get("scope", SCOPES[0])
    if scope not in SCOPES:
        raise OAuthError("invalid_scope", f"Invalid scope provided: {scope}")


def _back(redirect_uri: str, params: Params, **answer: str) -> Response:
    if params.get("state"):
        answer["state"] = str(params["state"])
    separator = "&" if urlsplit(redirect_uri).query else "?"
    return RedirectResponse(f"{redirect_uri}{separator}{urlencode(answer)}", status_code=302)


def _refused_page(refusal: BadApplicationError) -> Response:
    return JSONResponse({"error": {"message": str(refusal)}}, 400)


def _as_json(error: OAuthError) -> dict[str, str]:
    return {"error": error.code, "error_description": error.description}


def _answering(
    handler: Callable[[Request], Awaitable[dict[str, Any]]],
) -> Callable[[Request], Awaitable[Response]]:
    """Turn a handler's answer or refusal into JSON."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return JSONResponse(await handler(request))
        except OAuthError as error:
            return JSONResponse(_as_json(error), error.status)
        except StripeError as error:
            return JSONResponse(error.body(), error.status)

    return answer
