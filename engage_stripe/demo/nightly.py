"""Step 6: a webhook that never comes, and the nightly run that notices."""

from collections.abc import Iterator

from django.utils import timezone

from engage_stripe.demo.story import Story, check, patiently
from sync import reconciliation
from sync.models import Drift
from sync.templatetags.sync_display import former_value


def reconcile(story: Story) -> None:
    """The user undoes the cancellation; Stripe's webhook is withheld; reconciliation finds and heals it."""
    screen, merchant, since = story.screen, story.merchant, timezone.now()
    merchant.admin("webhooks", kind="withhold", type="customer.subscription.updated", count=1)
    merchant.post(f"subscriptions/{story.subscription}", cancel_at_period_end=False)
    merchant.admin("webhooks/drain")
    screen.found("withheld", "one customer.subscription.updated: cancel_at_period_end is now false at Stripe")
    stale = story.traits()["cancel_at_period_end"]
    screen.found("the trait still says", stale)
    check(stale is True, "the withheld change is known already: nothing was withheld")

    with screen.progress("comparing every customer and subscription") as bar:
        run = patiently(lambda: reconciliation.reconcile(connection=story.connection, on_progress=bar.follow))
    screen.found("compared", run.counts)
    # A nightly run that was due just now may have found it first; its report counts as well.
    drifts = Drift.objects.filter(run__connection=story.connection, run__finished_at__gte=since)
    report = [row for drift in drifts for row in _rows(drift)]
    screen.table(["user", "trait", "was", "is", "why", "healed"], report, title="Drift report")
    check(run.state == run.State.DONE, f"the run ended as {run.state}: {run.error}")
    mine = [row for row in report if row[:2] == (story.user_id, "cancel_at_period_end")]
    check(bool(mine), "the drift was not reported")
    check(story.traits()["cancel_at_period_end"] is False, "the trait was not healed")
    screen.found("the trait says now", story.traits()["cancel_at_period_end"])


def _rows(drift: Drift) -> Iterator[tuple[str, str, str, str, str, str]]:
    """One line per trait that the drift meant: user, trait, was, is, why, healed."""
    for change in drift.traits:
        before, after = (former_value(change[side], change["trait"]) for side in ("before", "after"))
        healed = "yes" if drift.healed else "no"
        yield change["user_id"], change["trait"], before, after, drift.get_cause_display(), healed
