"""The server-to-server endpoints."""

import json
from typing import Any

import pytest
from django.test import Client

from actions import answers
from actions.models import ActionConfig, ConfigChange, Execution
from connector.host import get_host
from engage_stripe.standalone.models import Prompt
from tests.actions.shop import Shop, Subscriber
from tests.factories import Tenant, make_app, make_prompt


def call(tenant: Tenant, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    answer = Client().generic(
        method,
        f"/api/v1/{path}",
        json.dumps(body) if body is not None else "",
        content_type="application/json",
        headers=tenant.api_headers,
    )
    return answer.status_code, answer.json()


def test_it_lists_actions_with_schema_and_availability(shop: Shop) -> None:
    status, actions = call(shop.tenant, "GET", "actions/")

    assert status == 200
    by_key = {action["action"]: action for action in actions}
    assert len(by_key) == 17
    update = by_key["update_subscription"]
    assert update["available"] is True
    assert update["parameters"]["properties"]["proration_behavior"]["enum"] == [
        "create_prorations",
        "always_invoice",
        "none",
    ]
    assert by_key["collect_invoice"]["missing_permissions"] == ["rak_invoice_read", "rak_invoice_write"]


def test_it_says_that_nothing_is_available_without_a_connection(db: None) -> None:
    _, actions = call(make_app(), "GET", "actions/")

    assert {action["why_not"] for action in actions} == {"This App is not connected to Stripe."}


def test_it_reads_back_what_was_put(shop: Shop) -> None:
    price = shop.price("Pro")
    put = shop.configure({"action": "update_subscription", "parameters": {"price": price}, "target": [price]})

    status, got = call(shop.tenant, "GET", f"prompts/{shop.prompt}/interactions/accept/actions/")

    assert (status, got) == (200, put)
    assert got == [
        {
            "action": "update_subscription",
            "parameters": {
                "price": price,
                "timing": "now",
                "proration_behavior": "create_prorations",
                "billing_cycle_anchor": "unchanged",
                "payment_behavior": "error_if_incomplete",
                "trial": "keep",
                "quantity": None,
                "coupon": None,
            },
            "target": [price],
            "on_error": "stop",
            "enabled": True,
        }
    ]


def test_it_leaves_no_trace_of_a_put_that_changes_nothing(shop: Shop) -> None:
    action = {"action": "keep_subscription"}
    shop.configure(action)
    shop.configure(action)

    assert ConfigChange.objects.filter(app_id=shop.tenant.id).count() == 1


@pytest.mark.parametrize(
    ("action", "code", "field"),
    [
        ({"action": "no_such"}, "unknown_action", None),
        ({"action": "update_subscription"}, "invalid_parameters", "price"),
        ({"action": "keep_subscription", "parameters": {"price": "x"}}, "invalid_parameters", "price"),
        ({"action": "extend_trial", "parameters": {"trial_period_days": "7"}}, "invalid_parameters", None),
        ({"action": "extend_trial", "parameters": {"trial_period_days": 0}}, "invalid_parameters", None),
        ({"action": "update_subscription", "parameters": {"price": "price_no"}}, "not_in_catalogue", "price"),
        ({"action": "cancel_subscription", "parameters": {"prorate": True}}, "invalid_parameters", "prorate"),
        ({"action": "apply_discount"}, "invalid_parameters", None),
    ],
)
def test_it_refuses_what_cannot_be_configured(
    shop: Shop, action: dict[str, Any], code: str, field: str | None
) -> None:
    error = shop.configure({"action": "keep_subscription"}, action, status=400)["error"]

    assert (error["code"], error["retryable"], error["details"]["index"]) == (code, False, 1)
    assert field is None or field in error["details"]["fields"]
    assert not ActionConfig.objects.filter(app_id=shop.tenant.id).exists()


def test_it_makes_a_prompt_known_by_configuring_it(shop: Shop) -> None:
    path = "prompts/new-one/interactions/accept/actions/"
    assert call(shop.tenant, "PUT", path, [{"action": "nonsense"}])[0] == 400
    assert get_host().prompt(shop.tenant.id, "new-one") is None
    assert call(shop.tenant, "PUT", path, [{"action": "keep_subscription"}])[0] == 200
    assert get_host().prompt(shop.tenant.id, "new-one") is not None
    assert get_host().prompt(make_app().id, "new-one") is None


def test_it_says_so_for_an_unknown_prompt_interaction_or_user(shop: Shop) -> None:
    known = f"prompts/{shop.prompt}/interactions"
    for path, code in [
        ("prompts/nope/interactions/accept/execute/", "prompt_not_found"),
        (f"{known}/maybe/execute/", "interaction_not_found"),
        (f"{known}/accept/execute/", "user_not_found"),
    ]:
        status, answer = call(shop.tenant, "POST", path, {"user_id": "nobody"})
        assert (status, answer["error"]["code"]) == (404, code)
    assert not Execution.objects.filter(app_id=shop.tenant.id).exists()


def test_it_asks_the_host_about_a_prompt_every_ten_seconds(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000_000.0]
    monkeypatch.setattr(answers.time, "monotonic", lambda: now[0])
    path = "prompts/new/interactions/accept/actions/"

    def status_after(seconds: float) -> int:
        now[0] += seconds
        return call(shop.tenant, "GET", path)[0]

    assert status_after(0) == 404
    make_prompt(shop.tenant, key="new")
    assert status_after(0) == 200
    assert call(make_app(), "GET", path)[0] == 404
    Prompt.objects.filter(app=shop.tenant.id, key="new").delete()
    assert status_after(9) == 200
    assert status_after(1) == 404


def test_it_names_what_a_body_lacks(shop: Shop) -> None:
    path = f"prompts/{shop.prompt}/interactions/accept/execute/"
    for body, details in [
        ({}, {"user_id": ["This field is required."]}),
        ({"user_id": None}, {"user_id": ["This field may not be null."]}),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
    ]:
        status, answer = call(shop.tenant, "POST", path, body)
        assert (status, answer["error"]["details"]["fields"]) == (400, details)
    answer = Client().generic(
        "POST", f"/api/v1/{path}", "null", content_type="application/json", headers=shop.tenant.api_headers
    )
    assert answer.json()["error"]["details"]["fields"] == {"user_id": ["This field is required."]}


def test_it_refuses_a_click_without_a_connection(shop: Shop) -> None:
    user = shop.customer()
    shop.connection.status = "inactive"
    shop.connection.save()

    assert shop.click(user, status=409)["error"]["code"] == "not_connected"


def test_it_refuses_a_key_that_was_used_for_another_user(shop: Shop) -> None:
    shop.configure({"action": "keep_subscription"})
    basic = shop.price("Basic")
    shop.click(shop.subscriber(basic), key="click-1")

    error = shop.click(shop.subscriber(basic), key="click-1", status=409)["error"]

    assert error["code"] == "idempotency_key_reused"


def test_it_answers_an_interaction_without_actions(shop: Shop) -> None:
    assert shop.click(shop.customer())["outcomes"] == []


def test_it_shows_an_execution_again(shop: Shop) -> None:
    shop.configure({"action": "keep_subscription"})
    answer = shop.click(shop.subscriber(shop.price("Basic")))

    assert call(shop.tenant, "GET", f"executions/{answer['execution_id']}/") == (200, answer)


def test_it_previews_an_estimate_under_the_guides_key(shop: Shop) -> None:
    user = configured(shop)

    status, (preview,) = call(
        shop.tenant, "POST", f"prompts/{shop.prompt}/interactions/accept/preview/", {"user_id": user.user_id}
    )

    assert (status, preview["status"]) == (200, "ready")
    renewal = shop.subscription(user)["items"]["data"][0]["current_period_end"]
    assert preview["amounts"] == {
        "currency": "usd",
        "due_now": 1000,
        "proration": 1000,
        "next_invoice": {"amount": 2000, "at": renewal, "instead_of": None},
        "exact": False,
    }
    assert shop.changes() == []


def test_it_previews_stripes_own_figures_where_it_may(full_shop: Shop) -> None:
    user = configured(full_shop)

    _, (preview,) = call(
        full_shop.tenant,
        "POST",
        f"prompts/{full_shop.prompt}/interactions/accept/preview/",
        {"user_id": user.user_id},
    )

    assert preview["amounts"] == {
        "currency": "usd",
        "due_now": 1000,
        "proration": 1000,
        "next_invoice": None,
        "exact": True,
    }


def configured(shop: Shop) -> Subscriber:
    user = shop.subscriber(shop.price("Basic", 1000))
    shop.configure(
        {
            "action": "update_subscription",
            "parameters": {"price": shop.price("Pro", 2000), "proration_behavior": "always_invoice"},
        }
    )
    return user


def test_it_keeps_apps_apart(shop: Shop) -> None:
    user = configured(shop)
    execution = shop.click(user)["execution_id"]
    stranger = make_app()
    here = f"prompts/{shop.prompt}/interactions/accept"

    for method, path, body in [
        ("GET", f"{here}/actions/", None),
        ("POST", f"{here}/execute/", {"user_id": user.user_id}),
        ("POST", f"{here}/preview/", {"user_id": user.user_id}),
        ("GET", f"executions/{execution}/", None),
        ("POST", "click-tokens/", {"prompt_id": shop.prompt, "interaction": "accept", "user_id": user.user_id}),
    ]:
        assert call(stranger, method, path, body)[0] == 404, path
    assert call(stranger, "PUT", f"{here}/actions/", [])[0] == 200  # a prompt of its own by the same name
    assert call(stranger, "POST", f"{here}/execute/", {"user_id": user.user_id})[0] in {404, 409}
    assert ActionConfig.objects.filter(app_id=shop.tenant.id).count() == 1


def test_it_asks_for_the_api_key(shop: Shop) -> None:
    for path in ("actions/", f"prompts/{shop.prompt}/interactions/accept/actions/"):
        assert Client().get(f"/api/v1/{path}").status_code == 401
