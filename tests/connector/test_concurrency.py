"""Two processes at once: double clicks on Save, several workers that look after the platform's endpoint."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection as database

from connector.keys import parse_api_key
from connector.models import Connection, PlatformEndpoint
from connector.oauth import AuthorizationError, authorize_url, finish_authorization
from connector.platform_endpoint import ensure_platform_endpoint
from connector.services import connect_with_api_key
from tests.connector.conftest import ALICE, REQUIRED
from tests.factories import make_app
from tests.sandbox_process import Sandbox, StripeAccount

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Each call in a thread with a database session of its own; an exception counts as its answer."""

    def answer(call: Callable[[], Any]) -> Any:
        try:
            return call()
        except AuthorizationError as error:
            return error.code
        finally:
            database.close()

    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        return list(pool.map(answer, calls))


@pytest.fixture
def platform_key(settings: Any, sandbox: Sandbox) -> str:
    made = sandbox.admin("POST", "platforms", redirect_uris=["http://127.0.0.1:8000/callback"])
    settings.ENGAGE_STRIPE["STRIPE_CONNECT_CLIENT_ID"] = made["client_id"]
    settings.ENGAGE_STRIPE["STRIPE_PLATFORM_KEY"] = made["secret_key"]
    return str(made["secret_key"])


def test_it_makes_one_connection_of_a_double_click(stripe_account: StripeAccount) -> None:
    app = make_app().app
    key = parse_api_key(stripe_account.restricted_key(REQUIRED))

    def save() -> str:
        return str(connect_with_api_key(app_id=app.id, api_key=key, actor=ALICE).connection.pk)

    assert len(set(at_once(save, save, save))) == 1
    assert Connection.objects.count() == 1


def test_it_makes_one_platform_endpoint_of_many_workers(sandbox: Sandbox, platform_key: str) -> None:
    ensured = at_once(*[lambda: ensure_platform_endpoint(livemode=False).webhook_endpoint_id] * 4)
    at_stripe = [endpoint.id for endpoint in sandbox.client(platform_key).v1.webhook_endpoints.list().data]
    assert set(ensured) == set(at_stripe) == {PlatformEndpoint.objects.get().webhook_endpoint_id}


def test_it_takes_an_answer_from_stripe_once_even_at_the_same_moment(platform_key: str) -> None:
    app = make_app().app
    url = authorize_url(app_id=app.id, livemode=False, session_key="s")
    state = parse_qs(urlsplit(url).query)["state"][0]

    def finish() -> Any:
        return finish_authorization(answer={"state": state, "code": "ac_x"}, app_id=app.id, session_key="s")

    assert sorted(at_once(finish, finish, finish)) == ["code_refused", "state_replayed", "state_replayed"]
