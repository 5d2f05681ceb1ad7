"""The commands of the nightly sync, as a script or a person calls them."""

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from connector.models import Connection
from sync.models import Identity, SyncRun, UserTraits
from tests.factories import make_app
from tests.sandbox_process import StripeAccount
from tests.sync.conftest import let_time_pass


def call(name: str, connection: Connection, *arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command(name, "--app", str(connection.app_id), "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


def test_it_syncs_the_catalogue(connection: Connection, stripe_account: StripeAccount) -> None:
    stripe_account.client.v1.coupons.create({"percent_off": 10, "duration": "once"})
    answer = call("sync_catalogue", connection)
    assert (answer["state"], answer["counts"]["coupons"]) == ("done", 1)


def test_it_imports_identities_and_lists_bad_rows_by_line(connection: Connection, tmp_path: Path) -> None:
    rows = "".join(f"u{n},cus_{n}\n" for n in range(9))
    (tmp_path / "users.csv").write_text(f"user_id,stripe_id\n{rows}u9,\n")
    answer = call("import_identities", connection, str(tmp_path / "users.csv"))
    assert answer["counts"]["added"] == 9
    assert answer["row_errors"] == [
        {"line": 11, "code": "no_link", "message": "stripe_id and email_address are both empty; one is needed."}
    ]
    assert Identity.objects.filter(app_id=connection.app_id).count() == 9


def test_it_shows_people_rows_speed_and_time_left(
    connection: Connection, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "users.csv").write_text("user_id,stripe_id\nu1,cus_1\nu2,cus_2\n")
    call_command("import_identities", "--app", str(connection.app_id), str(tmp_path / "users.csv"))
    bar = capfd.readouterr().err
    assert re.search(r"Identities ━+ merging, 2 rows, [\d,]+/s, 0 s left", bar), bar


def test_it_fails_with_a_message_and_an_exit_code_for_a_bad_file(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "users.csv").write_text("name,stripe_id\n")
    with pytest.raises(CommandError, match="first column must be user_id"):
        call_command("import_identities", "--app", str(connection.app_id), str(tmp_path / "users.csv"))


def test_it_reconciles_one_user(connection: Connection, stripe_account: StripeAccount) -> None:
    customer = stripe_account.client.v1.customers.create({"email": "ada@example.com"})
    Identity.objects.create(app_id=connection.app_id, user_id="ada", email_address="ada@example.com")
    let_time_pass(stripe_account.sandbox, 60)
    answer = call("reconcile", connection, "--user", "ada")
    assert answer["user_id"] == "ada"
    assert UserTraits.objects.get(user_id="ada").customer == customer.id


def test_it_says_that_a_user_is_unknown(connection: Connection) -> None:
    with pytest.raises(CommandError, match="nobody has no link"):
        call("reconcile", connection, "--user", "nobody")


def test_it_says_how_to_connect_an_app_that_is_not(connection: Connection) -> None:
    connection.status = Connection.Status.INACTIVE
    connection.save()
    with pytest.raises(CommandError, match="connect_stripe"):
        call("sync_catalogue", connection)


@pytest.mark.django_db(transaction=True)
def test_it_reconciles_everything_and_lists_the_drift(
    connection: Connection, stripe_account: StripeAccount
) -> None:
    customer = stripe_account.client.v1.customers.create({"email": "ada@example.com"})
    call("reconcile", connection)
    let_time_pass(stripe_account.sandbox, 60)
    stripe_account.client.v1.customers.update(customer.id, {"email": "eve@example.com"})
    let_time_pass(stripe_account.sandbox, 60)
    answer = call("reconcile", connection)
    assert answer["state"] == "done"
    (drift,) = answer["drift"]
    assert (drift["stripe_id"], drift["after"]["email"]) == (customer.id, "eve@example.com")


def test_it_watches_and_cancels_runs(connection: Connection) -> None:
    fields = {"app_id": connection.app_id, "connection": connection, "kind": "reconciliation"}
    run = SyncRun.objects.create(
        **fields, state="running", progress={"step": "reading", "counts": {"customers": 7}}
    )
    watched = call("sync_runs", connection)[str(run.pk)]
    assert (watched["state"], watched["progress"]["counts"]) == ("running", {"customers": 7})
    call("sync_runs", connection, "--cancel", str(run.pk))
    assert SyncRun.objects.get(pk=run.pk).cancel_requested


def test_it_cancels_no_run_of_another_app(connection: Connection) -> None:
    theirs = SyncRun.objects.create(app_id=make_app().id, kind="identities")
    with pytest.raises(CommandError, match="no such run"):
        call("sync_runs", connection, "--cancel", str(theirs.pk))
    assert SyncRun.objects.get(pk=theirs.pk).state == "queued"
