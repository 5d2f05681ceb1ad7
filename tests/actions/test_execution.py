"""An interaction with several actions, and what is kept of them."""

import time
from typing import Any

import pytest
from django.db import connection as database
from django.dispatch import receiver
from django.test.utils import CaptureQueriesContext

from actions import performing
from actions.models import ActionExecution, Execution
from actions.signals import Result
from sync.models import Identity, RefreshRequest, Subscription, UserTraits
from sync.observed import event_rank
from sync.user_reconciliation import reconcile_user
from tests.actions.shop import Shop


def statuses(answer: Any) -> list[str]:
    return [outcome["status"] for outcome in answer["outcomes"]]


def test_it_runs_actions_in_order(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    shop.configure(
        {"action": "apply_discount", "parameters": {"coupon": shop.coupon()}},
        {"action": "update_subscription", "parameters": {"price": shop.price("Pro")}},
        {"action": "cancel_subscription"},
    )

    assert statuses(shop.click(user)) == ["succeeded"] * 3
    after = shop.subscription(user)
    assert (len(after["discounts"]), after["cancel_at_period_end"]) == (1, True)


def test_it_stops_or_continues_after_an_error_as_configured(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    resubscribe = {"action": "resubscribe"}
    cancel = {"action": "cancel_subscription"}

    shop.configure({**resubscribe, "on_error": "stop"}, cancel)
    assert statuses(shop.click(user)) == ["not_allowed", "skipped"]
    shop.configure({**resubscribe, "on_error": "continue"}, cancel)
    assert statuses(shop.click(user)) == ["not_allowed", "succeeded"]


def test_it_leaves_disabled_actions_out(shop: Shop) -> None:
    shop.configure({"action": "cancel_subscription", "enabled": False})

    assert shop.click(shop.subscriber(shop.price("Basic")))["outcomes"] == []


def test_it_runs_a_changed_configuration_as_another_click(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    shop.configure({"action": "cancel_subscription"})
    first = shop.click(user)
    shop.configure({"action": "keep_subscription"})

    assert shop.click(user)["execution_id"] != first["execution_id"]


def test_it_makes_the_traits_right_at_once(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    shop.configure({"action": "update_subscription", "parameters": {"price": shop.price("Pro")}})

    shop.click(user)

    traits = UserTraits.objects.get(app_id=shop.tenant.id, user_id=user.user_id)
    assert (traits.subscription_plan, traits.subscription_status) == ("Pro", "active")


def test_it_makes_the_traits_right_after_each_action_of_one_second(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    switch = {"action": "update_subscription", "parameters": {"price": shop.price("Pro")}}
    discount = {"action": "apply_discount", "parameters": {"coupon": shop.coupon(name="Stay")}}
    shop.configure(switch, discount, {"action": "cancel_subscription"})

    assert statuses(shop.click(user)) == ["succeeded"] * 3

    traits = UserTraits.objects.get(app_id=shop.tenant.id, user_id=user.user_id)
    assert (traits.subscription_plan, traits.coupon, traits.cancel_at_period_end) == ("Pro", "Stay", True)
    doubt = RefreshRequest.objects.get(connection=shop.connection, stripe_id=user.customer)
    mirrored = Subscription.objects.get(connection=shop.connection, stripe_id=user.subscription)
    assert doubt.min_rank > mirrored.rank  # an event of that second may have come with the answers


def test_it_knows_that_an_answer_is_later_than_what_was_known_before_the_request(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    shop.configure({"action": "cancel_subscription"})
    shop.click(user)
    of_user = Subscription.objects.filter(connection=shop.connection, stripe_id=user.subscription)
    of_user.update(rank=event_rank(int(time.time()) + 1))
    shop.configure({"action": "keep_subscription"})

    shop.click(user)

    assert UserTraits.objects.get(user_id=user.user_id).cancel_at_period_end is False


def test_it_does_not_take_an_answer_for_later_than_what_came_meanwhile(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = shop.subscriber(shop.price("Basic"))
    shop.configure({"action": "cancel_subscription"})
    shop.click(user)
    of_user = Subscription.objects.filter(connection=shop.connection, stripe_id=user.subscription)
    send, rank = performing.send, event_rank(int(time.time()) + 60)

    def send_while_an_event_comes(*args: Any, **options: Any) -> Any:
        answer = send(*args, **options)
        of_user.update(rank=rank)
        return answer

    monkeypatch.setattr(performing, "send", send_while_an_event_comes)
    shop.configure({"action": "keep_subscription"})

    assert statuses(shop.click(user)) == ["succeeded"]

    assert of_user.get().rank == rank
    assert UserTraits.objects.get(user_id=user.user_id).cancel_at_period_end is True
    assert RefreshRequest.objects.filter(connection=shop.connection, stripe_id=user.customer).exists()


def test_it_keeps_the_request_and_both_states(shop: Shop) -> None:
    basic, pro = shop.price("Basic"), shop.price("Pro")
    user = shop.subscriber(basic)
    shop.configure({"action": "update_subscription", "parameters": {"price": pro}})

    shop.click(user)

    kept = ActionExecution.objects.get(execution__app_id=shop.tenant.id)
    assert kept.before["items"][0]["price"] == basic
    assert kept.after["items"][0]["price"] == pro
    assert kept.request is not None
    assert kept.request["params"]["proration_behavior"] == "create_prorations"
    assert kept.stripe_request_id.startswith("req_")
    assert kept.subscription == user.subscription
    assert kept.started_at is not None
    assert kept.finished_at is not None


def test_it_keeps_how_long_it_took_and_how_much_of_it_at_stripe(shop: Shop) -> None:
    shop.outcome(shop.subscriber(shop.price("Basic")), "cancel_subscription")

    kept = Execution.objects.get(app_id=shop.tenant.id)
    assert kept.duration is not None
    assert 0 < kept.actions.get().seconds_at_stripe < kept.duration.total_seconds()


def test_it_keeps_stripes_request_id_of_a_refusal(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic", 1000))
    shop.use_card(user, "pm_card_chargeCustomerFail")

    outcome = shop.outcome(
        user, "update_subscription", price=shop.price("Pro"), proration_behavior="always_invoice"
    )

    assert outcome["status"] == "failed"
    kept = ActionExecution.objects.get(execution__app_id=shop.tenant.id)
    assert kept.stripe_request_id.startswith("req_")


def test_it_tells_the_host(shop: Shop) -> None:
    told: list[Execution] = []

    @receiver(Result)
    def listen(execution: Execution, **_: Any) -> None:
        told.append(execution)

    shop.configure({"action": "keep_subscription"})
    answer = shop.click(shop.subscriber(shop.price("Basic")))

    assert [str(execution.id) for execution in told] == [answer["execution_id"]]


def test_it_acts_on_the_targeted_subscription(shop: Shop) -> None:
    basic, extra = shop.price("Basic"), shop.price("Extra", 500)
    user = shop.subscriber(basic)
    second = shop.stripe.subscriptions.create({"customer": user.customer, "items": [{"price": extra}]})

    outcome = shop.outcome(user, "cancel_subscription", target=[basic])

    assert outcome["status"] == "succeeded"
    assert shop.subscription(user)["cancel_at_period_end"] is True
    assert shop.stripe.subscriptions.retrieve(second.id).cancel_at_period_end is False


def test_it_is_not_allowed_for_a_user_without_the_targeted_plan(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))

    outcome = shop.outcome(user, "cancel_subscription", target=[shop.price("Other")])

    assert (outcome["status"], outcome["code"]) == ("not_allowed", "not_on_target")


def test_it_finds_a_user_by_email(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    shop.stripe.customers.update(user.customer, {"email": "ada@example.com"})
    Identity.objects.filter(user_id=user.user_id).update(stripe_id=None, email_address="ada@example.com")

    assert shop.outcome(user, "cancel_subscription")["status"] == "succeeded"


def test_it_finds_a_user_by_email_however_it_is_written_and_by_index(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    shop.stripe.customers.update(user.customer, {"email": "Ada@Example.com"})
    reconcile_user(connection=shop.connection, user_id=user.user_id)
    Identity.objects.filter(user_id=user.user_id).update(stripe_id=None, email_address="aDA@example.COM")

    with CaptureQueriesContext(database) as captured:
        outcome = shop.outcome(user, "cancel_subscription")

    assert outcome["status"] == "succeeded"
    assert not shop.account.requests(method="GET", path="/v1/customers")
    (by_email,) = [
        one["sql"] for one in captured if "LOWER(" in one["sql"] and "stripe_sync_customer" in one["sql"]
    ]
    assert "customer_by_email" in plan_of(by_email)


def plan_of(sql: str) -> str:
    """How PostgreSQL would look for it in a large table."""
    with database.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


def test_it_is_not_allowed_for_a_user_without_a_customer(shop: Shop) -> None:
    user = shop.customer()
    Identity.objects.filter(user_id=user.user_id).update(stripe_id=None, email_address="nobody@example.com")

    outcome = shop.outcome(user, "subscribe", price=shop.price("Basic"))

    assert (outcome["status"], outcome["code"]) == ("not_allowed", "no_customer")
