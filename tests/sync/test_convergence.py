"""The promise: whatever order events arrive in, however often, whichever are lost, the traits end up true."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from itertools import cycle
from typing import Any, NamedTuple

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.models import Connection
from sync import events, inbox
from sync.facts import CustomerFact, DiscountFact, PaymentMethodFact, Reading, SubscriptionFact
from sync.models import Identity, RefreshRequest, StripeEvent, UserTraits
from sync.observations import apply_objects
from sync.projection import TraitChange, project_users
from sync.projection_sql import TRAIT_NAMES
from sync.refresh import project_renamed
from sync.stripe_objects import read_object
from sync.traits import CustomerState, Known, Traits, project
from tests.factories import make_connection
from tests.sync import stripe_shapes as shapes
from tests.sync.model_stripe import PLANS, VERSIONS, ModelStripe
from tests.sync.two_workers import POINTS, TwoWorkers

EXAMPLES = max(1_000, settings.default.max_examples)
ENCOUNTERS = max(150, settings.default.max_examples // 10)
"""Of two workers. Each example is committed, so it costs ten times as much."""

USERS = {"by id": {"stripe_id": "cus_a"}, "by email": {"email_address": "A@example.com"}}
EMAILS = ("a@example.com", "b@example.com")


class Fetch(NamedTuple):
    """An answer of Stripe, and how late a state it is known to hold."""

    objects: list[dict[str, Any]]
    rank: int


class History(NamedTuple):
    """What became of ``stripe``, what we knew at the start, and what we hear of it, in that order."""

    stripe: ModelStripe
    start: Fetch
    arrivals: list[Any]


def one_change(draw: st.DrawFn, stripe: ModelStripe, pauses: Sequence[int]) -> None:
    """One thing that happens at Stripe, of those that can happen now, some seconds after the last."""
    stripe.now += draw(st.sampled_from(pauses))
    customers, live, cards = stripe.live_customers(), stripe.live_subscriptions(), stripe.attached_cards()
    price, quantity = draw(st.sampled_from(list(PLANS))), draw(st.integers(1, 3))
    product = PLANS[price][0]
    possible: list[tuple[Any, ...]] = [(stripe.rename_product, product, draw(st.sampled_from(("Gold", "Silver"))))]
    if customers:
        customer = draw(st.sampled_from(customers))
        possible += [
            (stripe.subscribe, customer, price, draw(st.sampled_from(("active", "trialing", "incomplete")))),
            (stripe.subscribe, customer, price, "active"),
            (stripe.change_email, customer, draw(st.sampled_from(EMAILS))),
            (stripe.attach_card, customer, draw(st.sampled_from(("visa", "amex")))),
            (stripe.write_off, customer),
            (stripe.delete_customer, customer),
        ]
    if cards:
        card = draw(st.sampled_from(cards))
        possible += [(stripe.detach_card, card), (stripe.replace_card, card, draw(st.integers(2030, 2033)))]
    if live:
        subscription = draw(st.sampled_from(live))
        possible += [
            (stripe.switch_plan, subscription, price, quantity),
            (stripe.add_item, subscription, price, quantity),
            (stripe.remove_item, subscription),
            (stripe.renew, subscription),
            (stripe.change_status, subscription, draw(st.sampled_from(("paused", "unpaid", "brand_new_status")))),
            (stripe.keep, subscription),
            (stripe.cancel_now, subscription),
            (stripe.pause_collection, subscription),
            (stripe.discount, subscription, draw(st.sampled_from(("SAVE20", "VIP")))),
            (stripe.remove_discounts, subscription),
            (stripe.fail_payment, subscription),
            (stripe.pay, subscription),
        ]
        possible += [
            (lambda one, dated: stripe.cancel_at_period_end(one, dated=dated), subscription, draw(st.booleans()))
        ]
    do, *arguments = draw(st.sampled_from(possible))
    do(*arguments)


class Turn(NamedTuple):
    """How many arrivals come, how two workers share them, and where the first is when the second comes along."""

    arrivals: int
    first_takes: int
    second_takes: int
    fetches_first: bool
    at: str


turns = st.builds(
    Turn,
    arrivals=st.integers(2, 6),
    first_takes=st.integers(1, 3),
    second_takes=st.integers(1, 3),
    fetches_first=st.booleans(),
    at=st.sampled_from(["ask", "_mark", "ask", *(name for _, name in POINTS)]),  # late ones lose most
)


@st.composite
def histories(draw: st.DrawFn, *, may_drop: bool, eventful: bool = False) -> History:
    """What happened, and in what order we hear of it: events in any version, and fetches made at any time.

    ``eventful``: everybody has everything from the start, and more happens to it.
    """
    stripe = ModelStripe()
    stripe.create_customer("cus_a", EMAILS[0])
    stripe.create_customer("cus_b", EMAILS[0] if eventful else draw(st.sampled_from(EMAILS)))
    if eventful:
        for customer in stripe.customers:
            stripe.subscribe(customer, "price_basic", "active")
            stripe.attach_card(customer, "visa")
        stripe.events.clear()
    start = [one for customer in stripe.customers for one in stripe.truth(customer)]
    pauses = draw(st.sampled_from(((1, 5), (0, 1))))  # without ties most histories need no call
    fetches = []
    for _ in range(draw(st.integers(5, 9) if eventful else st.integers(1, 6))):
        one_change(draw, stripe, pauses)
        if draw(st.integers(0, 5)) == 0:
            customer = draw(st.sampled_from(list(stripe.customers)))
            fetches.append(Fetch(stripe.truth(customer), 2 * (stripe.now - 1) + 1))
    versions = draw(st.lists(st.sampled_from(VERSIONS), min_size=1, max_size=3))
    heard = [
        {**stripe.rendered(event, versions[place % len(versions)]), "drained": place % 3 == 0}
        for place, event in enumerate(stripe.events)
    ]
    if may_drop:
        heard = [event for event in heard if draw(st.integers(0, 2))]
    again = draw(st.lists(st.sampled_from(heard), max_size=2)) if heard else []
    return History(
        stripe, Fetch(start, 2 * (shapes.NOW - 1) + 1), draw(st.permutations([*heard, *again, *fetches]))
    )


def hear(connection: Connection, arrivals: list[Any]) -> None:
    """Events go through the inbox, together with their neighbours; a fetch overtakes those that wait."""
    for arrival in arrivals:
        if isinstance(arrival, Fetch):
            take_in(connection, arrival)
        else:
            events.keep(connection_ids=[connection.id], event=arrival)
            if arrival["drained"]:
                inbox.drain()
    inbox.drain()


def hear_with_two_workers(
    connection: Connection, arrivals: list[Any], plan: Sequence[Turn], workers: TwoWorkers
) -> None:
    """In each turn both drain the inbox, and one of them takes in what was fetched meanwhile."""
    waiting, turns_to_come = list(arrivals), cycle(plan)
    while waiting:
        turn = next(turns_to_come)
        come, waiting = waiting[: turn.arrivals], waiting[turn.arrivals :]
        fetches = [one for one in come if isinstance(one, Fetch)]
        for one in come:
            if not isinstance(one, Fetch):
                events.keep(connection_ids=[connection.id], event=one)

        def fetch_and_drain(limit: int, fetches: Sequence[Fetch]) -> None:
            for fetch in fetches:
                take_in(connection, fetch)
            inbox.drain(batch=limit)

        first, second = (fetches, []) if turn.fetches_first else ([], fetches)
        workers.meet(
            partial(fetch_and_drain, turn.first_takes, first),
            partial(fetch_and_drain, turn.second_takes, second),
            at=turn.at,
        )
        assert unseen_changes(connection) == []


def unseen_changes(connection: Connection) -> list[TraitChange]:
    """Where traits are not what the mirror says: an update of one worker that the other has lost.

    A plan's new name is projected later.
    """
    with transaction.atomic():
        changes = project_users(app_id=connection.app_id, user_ids=list(USERS), source={})
        transaction.set_rollback(True)
    return [change for change in changes if change.trait != "subscription_plan"]


def take_in(connection: Connection, fetch: "Fetch") -> None:
    apply_objects(connection=connection, objects=fetch.objects, rank=fetch.rank, source={})


def settle_doubts(connection: Connection, stripe: ModelStripe) -> None:
    """Read from Stripe what was asked for, some seconds later."""
    asked = RefreshRequest.objects.filter(connection=connection)
    assert not asked.filter(reason__startswith="unreadable").exists()
    customers = {one.stripe_id for one in asked if one.object_type == "customer"}
    objects = [one for customer in customers for one in stripe.truth(customer)]
    if len(asked) > len(customers):
        objects += stripe.catalogue()
    if objects:
        take_in(connection, Fetch(objects, later(stripe)))


def later(stripe: ModelStripe) -> int:
    return 2 * (stripe.now + 5) + 1


def expected(stripe: ModelStripe, user: str) -> Traits:
    """The projection of the truth."""
    reading = Reading()
    for one in [*(one for key in stripe.customers for one in stripe.truth(key)), *stripe.methods.values()]:
        reading.add(read_object(one))
    of = lambda kind: [fact for fact in reading.facts if isinstance(fact, kind)]  # noqa: E731
    known = Known(
        discounts={fact.stripe_id: fact for fact in of(DiscountFact)},
        payment_methods={fact.stripe_id: fact for fact in of(PaymentMethodFact)},
        product_names={key: product["name"] for key, product in stripe.products.items()},
        coupon_names={key: coupon["name"] for key, coupon in stripe.coupons.items() if coupon["name"]},
    )
    link = USERS[user]
    states = [
        CustomerState(fact, [one for one in of(SubscriptionFact) if one.customer == fact.stripe_id])
        for fact in of(CustomerFact)
        if fact.stripe_id == link.get("stripe_id")
        or (stripe.customers[fact.stripe_id]["email"].lower() == link.get("email_address", "").lower())
    ]
    return project(states, known).traits


def actual(connection: Connection, user: str) -> dict[str, Any]:
    row = UserTraits.objects.filter(app_id=connection.app_id, user_id=user).first()
    if row is None:
        return asdict(Traits())
    found = {name: getattr(row, name) for name in TRAIT_NAMES}
    return {
        name: int(value.timestamp())
        if hasattr(value, "timestamp")
        else value.isoformat()
        if hasattr(value, "isoformat")
        else value
        for name, value in found.items()
    }


def check(stripe: ModelStripe, connection: Connection) -> None:
    for user in USERS:
        if user == "by email" and len(stripe.live_customers()) < len(stripe.customers):
            continue  # Stripe no longer tells the email of a deleted customer
        assert actual(connection, user) == asdict(expected(stripe, user)), user


def new_connection() -> Connection:
    connection = make_connection(permissions={"rak_payment_method_read": {"state": "granted"}})
    for user, link in USERS.items():
        Identity.objects.create(app_id=connection.app_id, user_id=user, **link)
    return connection


class _UndoError(Exception):
    """Takes an example's rows back."""


@contextmanager
def undone() -> Iterator[None]:
    with suppress(_UndoError), transaction.atomic():
        yield
        raise _UndoError


@pytest.mark.fuzz
@pytest.mark.timeout(0)
@pytest.mark.django_db
def test_it_needs_no_reconciliation_when_nothing_is_lost() -> None:
    connection = new_connection()
    take_in(connection, Fetch(ModelStripe().catalogue(), 1))

    @settings(max_examples=EXAMPLES)
    @given(history=histories(may_drop=False))
    def converges(history: History) -> None:
        stripe = history.stripe
        with undone():
            take_in(connection, history.start)
            hear(connection, history.arrivals)
            settle_doubts(connection, stripe)
            project_names(connection)
            check(stripe, connection)

    converges()


@pytest.mark.fuzz
@pytest.mark.timeout(0)
@pytest.mark.django_db(transaction=True)
def test_it_needs_no_reconciliation_when_two_workers_run_into_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = TwoWorkers(monkeypatch)

    @settings(max_examples=ENCOUNTERS)
    @given(history=histories(may_drop=False, eventful=True), plan=st.lists(turns, min_size=1, max_size=4))
    def converges(history: History, plan: list[Turn]) -> None:
        stripe, connection = history.stripe, new_connection()
        take_in(connection, Fetch(stripe.catalogue(), 1))
        take_in(connection, history.start)
        hear_with_two_workers(connection, history.arrivals, plan, workers)
        assert not StripeEvent.objects.exclude(state="applied").exists()
        settle_doubts(connection, stripe)
        project_names(connection)
        check(stripe, connection)

    try:
        converges()
    finally:
        workers.close()


@pytest.mark.fuzz
@pytest.mark.timeout(0)
@pytest.mark.django_db
def test_it_converges_after_one_refresh_whatever_was_lost() -> None:
    connection = new_connection()

    @settings(max_examples=EXAMPLES)
    @given(history=histories(may_drop=True))
    def converges(history: History) -> None:
        stripe = history.stripe
        with undone():
            hear(connection, history.arrivals)
            objects = [*stripe.catalogue(), *(one for key in stripe.customers for one in stripe.truth(key))]
            take_in(connection, Fetch(objects, later(stripe)))
            project_names(connection)
            check(stripe, connection)

    converges()


def project_names(connection: Connection) -> None:
    """What the refresh worker does about products and coupons that have a new name."""
    for request in RefreshRequest.objects.filter(connection=connection).exclude(object_type="customer"):
        project_renamed(connection=connection, object_type=request.object_type, stripe_id=request.stripe_id)
