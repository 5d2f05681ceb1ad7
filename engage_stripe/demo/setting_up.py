"""Steps 1 to 3: connect the account, fetch the catalogue, import who is who."""

import csv
from pathlib import Path

from connector import permissions, services, webhook_endpoints
from connector.audit import Actor
from connector.keys import parse_api_key
from connector.models import Connection
from engage_stripe import embedded
from engage_stripe.demo.merchant import RESTRICTED_KEY
from engage_stripe.demo.story import Story, check, patiently
from sync import catalogue, identity_import, reconciliation
from sync.models import SyncRun

CSV = embedded.LOCAL / "identities.csv"
BAD_ROWS = (
    ["", "cus_withoutAnyUser", ""],
    ["user-without-anything", "", ""],
    ["user-with-a-typo", "cust_12345", ""],
    ["user-with-half-an-email", "", "half@"],
)


def connect(story: Story) -> None:
    """Paste the merchant's restricted key, as the settings form would, and print what it may do."""
    actor = Actor("make demo", "terminal")
    key = parse_api_key(RESTRICTED_KEY)
    with story.screen.progress("probing permissions", total=1) as bar:
        activation = services.connect_with_api_key(app_id=story.tenant.app.id, api_key=key, actor=actor)
        bar.advance()
    story.connection = connection = activation.connection
    rows = [
        (
            f"{known.resource}: {known.access.lower()}",
            known.name,
            "required" if known.required else "optional",
            activation.permissions[known.name]["state"],
        )
        for known in permissions.PERMISSIONS
    ]
    story.screen.table(["permission", "its name in Stripe's errors", "", "Stripe says"], rows)
    story.screen.found("account", f"{connection.display_name} {connection.stripe_account_id}".strip())
    story.screen.found("key", connection.api_key_hint)
    check(connection.status == Connection.Status.ACTIVE, f"the connection is {connection.status}")
    webhook_endpoints.create_own_endpoint(connection=connection, actor=actor)
    story.screen.found(
        "webhook endpoint", f"{connection.webhook_endpoint_id} → {webhook_endpoints.connection_url(connection)}"
    )


def sync_catalogue(story: Story) -> None:
    """Read the catalogue here, after the worker where activation made it start the same."""
    with story.screen.progress("reading products, prices, coupons, promotion codes") as bar:
        run = patiently(lambda: catalogue.sync_catalogue(connection=story.connection, on_progress=bar.follow))
    story.screen.found("catalogue", run.counts)
    check(run.state == SyncRun.State.DONE, f"the run ended as {run.state}: {run.error}")
    with story.screen.progress("first reading of customers and subscriptions") as bar:
        first = patiently(lambda: reconciliation.reconcile(connection=story.connection, on_progress=bar.follow))
    read = {name: first.counts[name] for name in ("customers", "subscriptions")}
    story.screen.found("first reading", read)
    check(first.state == SyncRun.State.DONE, f"the run ended as {first.state}: {first.error}")


def import_identities(story: Story) -> None:
    """Everybody's row, some by email only, and four rows that cannot be right."""
    _write_csv(CSV, story.identities)
    with story.screen.progress("importing") as bar:
        run = identity_import.import_identities(
            app_id=story.tenant.app.id, source=str(CSV), on_progress=bar.follow
        )
    story.screen.found("file", f"{CSV} ({len(story.identities) + len(BAD_ROWS)} rows)")
    story.screen.found("imported", run.counts)
    errors = [(error.line, error.code, error.message) for error in run.row_errors.order_by("line")]
    story.screen.table(["line", "problem", "what is wrong"], errors, title="Rows that were skipped")
    check(run.state == SyncRun.State.DONE, f"the import ended as {run.state}: {run.error}")
    check(len(errors) == len(BAD_ROWS), f"{len(errors)} bad rows were reported instead of {len(BAD_ROWS)}")


def _write_csv(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["user_id", "stripe_id", "email_address"])
        writer.writerows([*rows[:50], *BAD_ROWS, *rows[50:]])
