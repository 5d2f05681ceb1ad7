"""Step 6: a webhook that never comes, and the nightly run that notices."""

from engage_stripe.demo.story import Story, check
from sync import reconciliation


def reconcile(story: Story) -> None:
    """The user undoes the cancellation; Stripe's webhook is withheld; reconciliation finds and heals it."""
    screen, merchant = story.screen, story.merchant
    merchant.admin("webhooks", kind="withhold", type="customer.subscription.updated", count=1)
    merchant.post(f"subscriptions/{story.subscription}", cancel_at_period_end=False)
    merchant.admin("webhooks/drain")
    screen.found("withheld", "one customer.subscription.updated: cancel_at_period_end is now false at Stripe")
    stale = story.traits()["cancel_at_period_end"]
    screen.found("the trait still says", stale)
    check(stale is True, "the withheld change is known already: nothing was withheld")

    with screen.progress("comparing every customer and subscription") as bar:
        run = reconciliation.reconcile(connection=story.connection, on_progress=bar.follow)
    screen.found("compared", run.counts)
    drifts = list(run.drifts.filter(user_id=story.user_id))
    screen.table(
        ["user", "trait", "was", "is", "why", "healed"],
        [(d.user_id, d.trait, d.before, d.after, d.reason, d.healed) for d in drifts],
        title="Drift report",
    )
    check(run.state == run.State.DONE, f"the run ended as {run.state}: {run.error}")
    check(any(drift.trait == "cancel_at_period_end" for drift in drifts), "the drift was not reported")
    check(story.traits()["cancel_at_period_end"] is False, "the trait was not healed")
    screen.found("the trait says now", False)
