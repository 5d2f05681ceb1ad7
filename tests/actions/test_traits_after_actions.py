"""The traits after two actions of one click, all within a second: what Stripe has, before any webhook comes."""

from typing import Any

import pytest

from sync.models import Discount, Subscription, UserTraits
from sync.projection_sql import TRAIT_NAMES
from sync.user_reconciliation import reconcile_user
from tests.actions.shop import Shop

SWITCH = {"action": "update_subscription", "parameters": {"price": "Pro"}}
APPLY = {"action": "apply_discount", "parameters": {"coupon": "Stay"}}
CANCEL = {"action": "cancel_subscription"}
END = {"action": "cancel_subscription", "parameters": {"timing": "now"}}
EXTEND = {"action": "extend_trial", "parameters": {"trial_period_days": 7}}


def traits_of(user_id: str) -> dict[str, Any]:
    traits = UserTraits.objects.get(user_id=user_id)
    return {name: getattr(traits, name) for name in TRAIT_NAMES}


@pytest.mark.parametrize(
    "actions",
    [
        (SWITCH, APPLY),
        (APPLY, SWITCH),
        (APPLY, {"action": "remove_discounts"}),
        (CANCEL, {"action": "keep_subscription"}),
        (END, {"action": "resubscribe"}),
        ({"action": "pause"}, {"action": "resume"}),
        (EXTEND, {"action": "convert_trial"}),
        (EXTEND, CANCEL),
    ],
    ids=lambda actions: " ".join(one["action"] for one in actions),
)
def test_it_leaves_the_traits_as_stripe_has_them(shop: Shop, actions: tuple[dict[str, Any], ...]) -> None:
    made = {"Pro": shop.price("Pro"), "Stay": shop.coupon(name="Stay")}
    shop.configure(
        *[
            one
            | {"parameters": {name: made.get(value, value) for name, value in one.get("parameters", {}).items()}}
            for one in actions
        ]
    )
    user = shop.subscriber(shop.price("Basic"))
    reconcile_user(connection=shop.connection, user_id=user.user_id)  # in this very second

    outcomes = shop.click(user)["outcomes"]

    assert [one["status"] for one in outcomes] == ["succeeded", "succeeded"]
    right_away = traits_of(user.user_id)
    for model in (Subscription, Discount):  # any answer outranks them
        model.objects.filter(connection=shop.connection).update(rank=0)
    reconcile_user(connection=shop.connection, user_id=user.user_id)
    assert right_away == traits_of(user.user_id)
