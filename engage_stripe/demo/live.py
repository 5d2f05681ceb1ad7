"""Steps 4 and 5: events that become traits, and a click that becomes one change at Stripe."""

import threading
import uuid

from django.db.models import QuerySet

from connector.host import get_host
from engage_stripe.demo import company
from engage_stripe.demo.story import Story, check
from engage_stripe.demo.truth import traits_at_stripe
from sync.models import RefreshRequest, StripeEvent

ALL_APPLIED_WITHIN = 60
"""Seconds that the worker gets for the step's events."""

DISTURBANCES = (
    {"kind": "duplicate", "count": 6},
    {"kind": "delay", "count": 4, "seconds": 2},
    {"kind": "reorder", "count": 8},
)


def follow_events(story: Story) -> None:
    """A trial, a failed payment, an upgrade, a coupon and a booked cancellation, told by disturbed webhooks."""
    screen, merchant = story.screen, story.merchant
    before = story.traits()
    stored = _events(story).count()
    for disturbance in DISTURBANCES:
        merchant.admin("webhooks", **disturbance)
    _live_through_a_few_minutes(story)
    deliveries = merchant.admin("webhooks/flush")
    screen.found("webhook deliveries, by state", deliveries)
    _wait_until_applied(story)
    screen.found("events stored, each once", _events(story).count() - stored)
    screen.compare(before, story.traits(), title=f"The fifteen traits of {story.user_id}")
    _check_against_stripe(story)


def _live_through_a_few_minutes(story: Story) -> None:
    merchant, prices, customer = story.merchant, story.shop.prices, story.customer
    happenings = (
        "trial started",
        "payment failed",
        "invoice paid",
        "upgraded",
        "coupon added",
        "cancellation booked",
    )
    with story.screen.progress("things happen at Stripe", total=len(happenings)) as bar:
        subscription = merchant.post(
            "subscriptions", customer=customer, items=[{"price": prices["Starter", "month"]}], trial_period_days=14
        )
        story.subscription = subscription["id"]
        path = f"subscriptions/{story.subscription}"
        bar.advance()
        merchant.replace_card(customer, "pm_card_chargeCustomerFail")
        failed = merchant.post(path, trial_end="now")
        bar.advance()
        merchant.replace_card(customer, "pm_card_visa")
        merchant.post(f"invoices/{failed['latest_invoice']}/pay")
        bar.advance()
        item = failed["items"]["data"][0]["id"]
        merchant.post(path, items=[{"id": item, "price": prices["Team", "month"]}])
        bar.advance()
        merchant.post(path, discounts=[{"coupon": "STAY20"}])
        bar.advance()
        merchant.post(path, cancel_at_period_end=True)
        bar.advance()
    story.screen.found("happened to", f"{story.user_id} ({customer}): {', '.join(happenings)}")


def _wait_until_applied(story: Story) -> None:
    """Until the worker has applied every stored event and read what only Stripe could say."""
    pause = threading.Event()
    waiting = _events(story).filter(state=StripeEvent.State.RECEIVED)
    refreshes = RefreshRequest.objects.filter(connection=story.connection)
    with story.screen.progress("the worker applies them") as bar:
        for _ in range(ALL_APPLIED_WITHIN * 10):
            total, left = _events(story).count(), waiting.count()
            bar.reach(total - left, total=total)
            if not left and not refreshes.exists():
                break
            pause.wait(0.1)
    check(not waiting.exists(), f"{waiting.count()} events were not applied within {ALL_APPLIED_WITHIN} s")
    check(not refreshes.exists(), f"{refreshes.count()} customers still wait to be read from Stripe")
    failed = _events(story).filter(state=StripeEvent.State.FAILED)
    check(not failed.exists(), f"{failed.count()} events failed: {failed.first()}")


def _check_against_stripe(story: Story) -> None:
    """All fifteen traits, held against what Stripe itself says now. No reconciliation has run since the events."""
    traits, truth = story.traits(), traits_at_stripe(story.merchant, story.subscription)
    wrong = {name: (traits.get(name), value) for name, value in truth.items() if traits.get(name) != value}
    check(not wrong, f"traits differ from Stripe (trait, Stripe): {wrong}")
    check(traits.keys() == truth.keys(), f"not compared: {traits.keys() ^ truth.keys()}")
    story.screen.found("held against Stripe", f"{len(truth)} traits compared, no difference, no reconciliation")


def _events(story: Story) -> QuerySet[StripeEvent]:
    return StripeEvent.objects.filter(connection=story.connection)


def click(story: Story) -> None:
    """Attach the action to the prompt, execute it for the user, and once more with the same idempotency key."""
    screen, merchant = story.screen, story.merchant
    pro = story.shop.prices["Pro", "month"]
    prompt = get_host().prompt(story.tenant.app.id, company.PROMPT)
    path = f"/prompts/{company.PROMPT}/interactions/accept"
    action = {
        "action": "update_subscription",
        "parameters": {"price": pro, "timing": "now", "proration_behavior": "always_invoice"},
        "target": None,
        "on_error": "stop",
        "enabled": True,
    }
    request = {"user_id": story.user_id, "idempotency_key": f"demo-{uuid.uuid4()}"}
    before, changes = story.traits(), len(merchant.changes_of(story.subscription))
    with story.api() as api:
        api.put(f"{path}/actions/", json=[action]).raise_for_status()
        screen.found("attached", f"update_subscription to Accept of “{prompt.name if prompt else company.PROMPT}”")
        first = api.post(f"{path}/execute/", json=request).raise_for_status().json()
        again = api.post(f"{path}/execute/", json=request).raise_for_status().json()
    outcome = first["outcomes"][0]
    screen.found("outcome", f"{outcome['status']}: {outcome['message']}")
    made = len(merchant.changes_of(story.subscription)) - changes
    screen.found("same key again", f"same answer: {again == first}; changes at Stripe: {made}")
    screen.compare(before, story.traits(), title="Traits right after the click, before any webhook counts")
    check(outcome["status"] == "succeeded", f"the click ended as {outcome['status']}: {outcome['message']}")
    check(again == first, "the second answer differs from the first")
    check(made == 1, f"Stripe saw {made} changes instead of one")
    check(story.traits()["subscription_plan"] == "Pro", "the plan trait is not Pro")
