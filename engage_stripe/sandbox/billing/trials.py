"""The warning before a trial ends."""

from __future__ import annotations

from engage_stripe.sandbox.billing.periods import DAY
from engage_stripe.sandbox.collection import Obj
from engage_stripe.sandbox.state import Account

WARNING_SECONDS = 3 * DAY


def warn_if_near(account: Account, sub: Obj) -> None:
    """Announce once that the trial ends within three days.

    https://docs.stripe.com/api/events/types#event_types-customer.subscription.trial_will_end: at once for a
    shorter trial.
    """
    if sub["status"] != "trialing" or sub["_warned"]:
        return
    if sub["trial_end"] - account.now(sub["customer"]) <= WARNING_SECONDS:
        sub["_warned"] = True
        account.emit("customer.subscription.trial_will_end", sub)
