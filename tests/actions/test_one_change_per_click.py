"""Doubles, races and crashes inside our own code: one change at Stripe, and the outcome that is true."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models import F, Model
from django.utils import timezone

from actions import execution as executing
from actions import performing, recording, settling
from actions.click_rows import save_outcome
from actions.models import ActionExecution, Execution, Status
from actions.signals import Result
from connector.errors import ConnectorError
from connector.stripe_gateway import StripeGateway
from sync.locks import hold
from sync.models import RefreshRequest, Subscription, UserTraits
from sync.projection import project_users
from tests.actions.shop import Shop, Subscriber
from tests.actions.test_clicks_in_parallel import in_parallel


def outcome_of(shop: Shop) -> tuple[str, str]:
    """Of the App's only click: how far it is, and what its only action came to."""
    click = Execution.objects.get(app_id=shop.tenant.id)
    return click.state, ActionExecution.objects.get(execution=click).status


def settle(shop: Shop) -> None:
    """What beat does, as if the waiting time were over."""
    open_clicks = Execution.objects.filter(app_id=shop.tenant.id, state="running")
    open_clicks.update(settle_at=timezone.now() - timedelta(seconds=1))
    for execution_id in settling.claim_unsettled():
        settling.settle(execution_id)


def adding_a_seat(shop: Shop) -> Subscriber:
    """Of all actions the one that a second run would not notice."""
    shop.configure({"action": "change_quantity", "parameters": {"mode": "add", "quantity": 1}})
    return shop.subscriber(shop.price("Seats"))


def seats(shop: Shop, user: Subscriber) -> int:
    (item,) = shop.subscription(user)["items"]["data"]
    return int(item["quantity"])


def grow_older(shop: Shop, seconds: int) -> None:
    clicks = Execution.objects.filter(app_id=shop.tenant.id)
    clicks.update(created_at=F("created_at") - timedelta(seconds=seconds))


def test_it_takes_a_click_for_the_double_that_it_waited_for(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """It came within ten seconds; that it had to wait for the lock until these were over does not make it another."""
    user = adding_a_seat(shop)
    first = shop.click(user)
    grow_older(shop, 12)
    waits = _waiting(monkeypatch, seconds=5)

    assert shop.click(user) == first
    assert seats(shop, user) == 2
    monkeypatch.undo()
    assert waits == [5]
    assert shop.click(user) != first


def _waiting(monkeypatch: pytest.MonkeyPatch, *, seconds: int) -> list[int]:
    """The user's lock is free only after that time, by the clock that the click looks at."""
    waited: list[int] = []
    real = executing.hold_within

    @contextmanager
    def hold_within(name: str, milliseconds: int, *, has_it: bool) -> Iterator[bool]:
        with real(name, milliseconds, has_it=has_it) as held:
            waited.append(seconds)
            yield held

    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + sum(waited))
    monkeypatch.setattr(executing, "hold_within", hold_within)
    monkeypatch.setattr(executing, "time", clock)
    return waited


def test_it_knows_a_double_click_by_one_clock_for_all_processes(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = adding_a_seat(shop)
    first = shop.click(user)
    now = timezone.now

    def wrong() -> datetime:
        return now() + timedelta(minutes=5)

    monkeypatch.setattr(timezone, "now", wrong)

    assert shop.click(user) == first
    assert seats(shop, user) == 2


@pytest.mark.parametrize("point", ["prepare", "reserve", "send"])
def test_it_makes_one_change_when_two_processes_run_the_same_click(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """A process whose connection to the database broke has lost the user's lock without knowing."""
    user = adding_a_seat(shop)
    _overtaken(shop, monkeypatch, point)

    (outcome,) = shop.click(user)["outcomes"]

    assert outcome["status"] == "succeeded"
    assert outcome_of(shop) == ("done", "succeeded")
    assert seats(shop, user) == 2


def _overtaken(shop: Shop, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    """Another process runs the whole click just before this one gets to ``point``."""
    real: Callable[..., Any] = getattr(performing, point)

    def overtake(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(performing, point, real)
        executing.run(Execution.objects.get(app_id=shop.tenant.id), deadline=time.monotonic() + 30)
        return real(*arguments, **options)

    monkeypatch.setattr(performing, point, overtake)


@pytest.mark.parametrize("trouble", [RuntimeError("no"), ConnectorError("no", "No.")])
def test_it_keeps_the_outcome_where_traits_cannot_be_written(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    """They share a commit, and the webhook brings the traits as well."""

    def fail(**_: Any) -> None:
        UserTraits.objects.filter(app_id=shop.tenant.id).delete()  # what was begun does not stay
        raise trouble

    user = adding_a_seat(shop)
    project_users(app_id=shop.tenant.id, user_ids=[user.user_id], source={})
    monkeypatch.setattr(recording, "apply_objects", fail)

    (outcome,) = shop.click(user)["outcomes"]

    assert outcome["status"] == "succeeded"
    assert outcome_of(shop) == ("done", "succeeded")
    assert UserTraits.objects.filter(app_id=shop.tenant.id).exists()
    asked = RefreshRequest.objects.filter(connection=shop.connection, stripe_id=user.customer)
    assert asked.exists() is isinstance(trouble, ConnectorError)


def test_it_keeps_a_final_outcome_against_a_later_one(shop: Shop) -> None:
    shop.outcome(shop.subscriber(shop.price("Basic")), "cancel_subscription")
    late = ActionExecution.objects.get(execution__app_id=shop.tenant.id)
    waiting = ActionExecution.objects.create(
        execution=late.execution,
        position=9,
        action="update_subscription",
        idempotency_key="chosen later",
        status=Status.PENDING,
        subscription=late.subscription,
    )
    late.status, late.message = Status.UNKNOWN, "Too late."

    assert not save_outcome(late, replaces="update_subscription")
    late.refresh_from_db()
    waiting.refresh_from_db()
    assert (late.status, waiting.status) == (Status.SUCCEEDED, Status.PENDING)


def test_it_records_an_outcome_with_what_follows_or_not_at_all(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two, a pause would never end."""
    user = shop.subscriber(shop.price("Basic"), billing_mode={"type": "flexible"})
    pause = {"pause": "subscription", "until": "days", "length": 3}
    shop.configure({"action": "pause", "parameters": pause})

    def killed(*_: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(recording, "_plan", killed)
    with pytest.raises(SystemExit):
        shop.click(user)
    monkeypatch.undo()
    assert outcome_of(shop) == ("running", "running")

    settle(shop)

    rows = ActionExecution.objects.filter(execution__app_id=shop.tenant.id).order_by("id")
    assert [(row.action, row.status) for row in rows] == [("pause", "succeeded"), ("resume", "pending")]
    assert len(shop.changes()) == 2  # the same request, once more, under the same key
    assert shop.subscription(user)["status"] == "paused"


def test_it_takes_a_subscription_that_ended_meanwhile_for_canceled(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stripe may still be at an earlier DELETE, which has no idempotency key, when the status is read."""
    user = shop.subscriber(shop.price("Basic"))
    cancel = StripeGateway.cancel_subscription

    def too_late(self: StripeGateway, subscription: str, params: Any) -> Any:
        shop.stripe.subscriptions.cancel(subscription)
        return cancel(self, subscription, params)

    monkeypatch.setattr(StripeGateway, "cancel_subscription", too_late)

    assert shop.outcome(user, "cancel_subscription", timing="now")["status"] == "succeeded"


def test_it_takes_an_unpaid_start_that_ended_for_canceled(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    user = shop.subscriber(shop.price("Basic"), card=None, payment_behavior="default_incomplete")
    monkeypatch.setattr(performing, "send", _ending_first(shop, user, performing.send))

    assert shop.outcome(user, "cancel_subscription", timing="now")["status"] == "succeeded"
    assert shop.subscription(user)["status"] == "incomplete_expired"


def _ending_first(shop: Shop, user: Subscriber, send: Callable[..., Any]) -> Callable[..., Any]:
    def end_and_send(*arguments: Any, **options: Any) -> Any:
        shop.stripe.subscriptions.cancel(user.subscription)
        return send(*arguments, **options)

    return end_and_send


def test_it_brings_traits_up_to_date_when_stripe_only_repeats_an_answer(shop: Shop) -> None:
    user = shop.subscriber(shop.price("Basic"))
    shop.account.sandbox.admin(
        "POST", "faults", kind="drop_after", account=shop.account.id, method="POST", path="/v1/subscriptions/*"
    )

    assert shop.outcome(user, "update_subscription", price=shop.price("Pro"))["status"] == "succeeded"

    traits = UserTraits.objects.get(app_id=shop.tenant.id, user_id=user.user_id)
    assert traits.subscription_plan == "Pro"


def test_it_finds_out_again_what_a_crash_of_the_database_took_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last commit of a click does not wait for the disk."""
    user = adding_a_seat(shop)
    on_disk: dict[type[Model], Any] = {}

    def note_and_record(*arguments: Any) -> None:
        on_disk.update((model, model._default_manager.values().get()) for model in (Execution, ActionExecution))
        recording.record_answer(*arguments)

    monkeypatch.setattr(performing, "record_answer", note_and_record)
    shop.click(user)
    assert outcome_of(shop) == ("done", "succeeded")
    for model, row in on_disk.items():
        model._default_manager.update(**row)
    Subscription.objects.all().delete()
    UserTraits.objects.all().delete()
    assert outcome_of(shop) == ("running", "running")

    settle(shop)

    assert outcome_of(shop) == ("done", "succeeded")
    assert UserTraits.objects.get(app_id=shop.tenant.id, user_id=user.user_id).subscription_status == "active"
    assert seats(shop, user) == 2


@pytest.mark.django_db(transaction=True)
def test_it_looks_again_soon_at_a_click_that_another_one_keeps_waiting(shop: Shop) -> None:
    """Within a minute everything is settled; a claim alone lasts as long."""
    user = adding_a_seat(shop)
    shop.account.sandbox.admin(
        "POST", "faults", kind="drop_after", account=shop.account.id, method="POST", path="/v1/*", count=3
    )
    shop.click(user)
    assert outcome_of(shop) == ("running", "unknown")

    with hold(executing.clicks_lock(shop.tenant.id, user.user_id)):
        in_parallel(1, lambda: settle(shop))

    click = Execution.objects.get(app_id=shop.tenant.id)
    assert click.settle_at is not None
    assert click.settle_at < timezone.now() + timedelta(seconds=15)


def test_it_answers_although_a_listener_of_the_host_fails(shop: Shop) -> None:
    def fail(**_: Any) -> None:
        raise ValueError

    Result.connect(fail)
    try:
        assert shop.outcome(shop.subscriber(shop.price("Basic")), "cancel_subscription")["status"] == "succeeded"
    finally:
        Result.disconnect(fail)
    assert outcome_of(shop) == ("done", "succeeded")
