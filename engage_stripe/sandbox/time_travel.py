"""Moving the clock of the whole sandbox forward, with everything that falls due on the way."""

from engage_stripe.sandbox.billing.timeline import run_until
from engage_stripe.sandbox.state import World


def advance_world(world: World, seconds: int) -> None:
    """Let `seconds` pass for every account: renewals, retries and trial ends happen at their own moments.

    Customers on test clocks keep their own time.
    """
    clock = world.clock
    start = clock.now()
    for account in list(world.accounts.values()):
        clock.set(start)
        run_until(account, None, start + seconds, clock.set)
    clock.set(start + seconds)
