"""Activation by API key, over HTTP against the sandbox."""

import pytest

from connector import services
from connector.crypto import Secret
from connector.errors import ConflictError, StripeError
from connector.keys import parse_api_key
from connector.models import AuditEntry, Connection, ReplacementKey
from connector.permissions import PERMISSIONS, allows
from connector.services import Activation
from tests.connector.conftest import ALICE, REQUIRED
from tests.factories import Tenant, make_app
from tests.sandbox_process import Sandbox, StripeAccount


def connect(tenant: Tenant, key: str) -> Activation:
    return services.connect_with_api_key(app_id=tenant.app.id, api_key=parse_api_key(key), actor=ALICE)


def test_it_activates_with_the_required_permissions(tenant: Tenant, stripe_account: StripeAccount) -> None:
    activation = connect(tenant, stripe_account.restricted_key(REQUIRED))
    connection = Connection.objects.get()
    assert connection.status == Connection.Status.ACTIVE
    assert not connection.livemode
    assert connection.stripe_account_id == stripe_account.id
    assert activation.notices == ()
    assert allows(connection, "rak_customer_read")
    assert not allows(connection, "rak_invoice_read")


def test_it_works_without_knowing_the_account(
    tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount
) -> None:
    key = stripe_account.restricted_key([permission.name for permission in PERMISSIONS])
    fault = {"path": "/v1/account", "account": stripe_account.id, "count": 3, "status": 503}
    sandbox.admin("POST", "faults", kind="server_error", **fault)
    connection = connect(tenant, key).connection
    assert (connection.status, connection.stripe_account_id) == (Connection.Status.ACTIVE, "")
    page = tenant.client().get("/settings/actions/stripe/?mode=test").content.decode()
    assert "the key may not tell which account" in page


def test_it_tells_granted_from_missing_with_stripe_s_words(tenant: Tenant, stripe_account: StripeAccount) -> None:
    activation = connect(tenant, stripe_account.restricted_key([*REQUIRED, "invoice_read"]))
    states = {name: found["state"] for name, found in activation.permissions.items()}
    granted = {f"rak_{name}" for name in [*REQUIRED, "invoice_read"]}
    assert states == {p.name: "granted" if p.name in granted else "missing" for p in PERMISSIONS}
    assert "rak_webhook_write" in activation.permissions["rak_webhook_write"]["message"]


def test_it_probes_without_changing_anything(tenant: Tenant, stripe_account: StripeAccount) -> None:
    connect(tenant, stripe_account.secret_key)
    writes = [request for request in stripe_account.requests() if request["method"] != "GET"]
    assert writes
    assert all(request["status"] in {400, 404} for request in writes)


def test_it_keeps_a_key_pending_until_the_required_permissions_are_there(
    tenant: Tenant, stripe_account: StripeAccount
) -> None:
    connect(tenant, stripe_account.restricted_key(REQUIRED[:-1]))
    connection = Connection.objects.get()
    assert connection.status == Connection.Status.PENDING
    assert "Promotion Codes → Read" in connection.status_reason
    assert connection.api_key


def test_it_warns_of_a_secret_key(tenant: Tenant, stripe_account: StripeAccount) -> None:
    activation = connect(tenant, stripe_account.secret_key)
    assert activation.connection.status == Connection.Status.ACTIVE
    assert "restricted key is safer" in activation.notices[0]


@pytest.mark.parametrize(("state", "code"), [("revoke", "key_rejected"), ("expire", "key_expired")])
def test_it_refuses_a_dead_key_and_changes_nothing(
    tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount, state: str, code: str
) -> None:
    key = stripe_account.restricted_key(REQUIRED)
    sandbox.admin("POST", f"keys/{key}/{state}")
    with pytest.raises(StripeError) as caught:
        connect(tenant, key)
    assert caught.value.code == code
    assert not Connection.objects.exists()
    assert not AuditEntry.objects.exists()


def test_it_keeps_the_working_key_until_the_new_one_has_passed(
    tenant: Tenant, stripe_account: StripeAccount
) -> None:
    old = stripe_account.restricted_key(REQUIRED)
    connect(tenant, old)
    activation = connect(tenant, stripe_account.restricted_key(REQUIRED[1:]))
    connection = Connection.objects.get()
    assert activation.kept_aside
    assert connection.status == Connection.Status.ACTIVE
    assert connection.api_key == Secret(old)
    assert ReplacementKey.objects.get().connection == connection


def test_it_does_not_keep_the_same_key_aside(
    tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount
) -> None:
    key = stripe_account.restricted_key(REQUIRED)
    connect(tenant, key)
    sandbox.admin("POST", f"keys/{key}", permissions=REQUIRED[1:])
    assert connect(tenant, key).connection.status == Connection.Status.ERROR
    assert not ReplacementKey.objects.exists()


def test_it_replaces_the_key_with_one_that_passes(tenant: Tenant, stripe_account: StripeAccount) -> None:
    connect(tenant, stripe_account.restricted_key(REQUIRED))
    connect(tenant, stripe_account.restricted_key(REQUIRED[1:]))
    new = stripe_account.restricted_key(REQUIRED)
    connect(tenant, new)
    assert Connection.objects.get().api_key == Secret(new)
    assert not ReplacementKey.objects.exists()


def test_it_refuses_another_account_while_connected(
    tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount
) -> None:
    connect(tenant, stripe_account.restricted_key(REQUIRED))
    with pytest.raises(ConflictError) as caught:
        connect(tenant, sandbox.open_account().restricted_key(REQUIRED))
    assert caught.value.code == "another_account"


def test_it_has_live_and_test_side_by_side(
    tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount
) -> None:
    connect(tenant, stripe_account.restricted_key(REQUIRED))
    connect(tenant, sandbox.open_account(livemode=True).restricted_key(REQUIRED))
    assert set(Connection.objects.values_list("livemode", "status")) == {(True, "active"), (False, "active")}


def test_it_says_that_another_app_of_the_company_has_the_account(db: None, stripe_account: StripeAccount) -> None:
    first, second, stranger = (
        make_app(company="Acme", name="Shop"),
        make_app(company="Acme", name="Blog"),
        make_app(),
    )
    connect(first, stripe_account.restricted_key(REQUIRED))
    assert "connected to Shop" in connect(second, stripe_account.restricted_key(REQUIRED)).notices[0]
    assert connect(stranger, stripe_account.restricted_key(REQUIRED)).notices == ()


def test_it_repairs_a_pending_connection_when_checked_again(
    tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount
) -> None:
    key = stripe_account.restricted_key(REQUIRED[:-1])
    connection = connect(tenant, key).connection
    sandbox.admin("POST", f"keys/{key}", permissions=REQUIRED)
    checked = services.recheck_connection(connection=connection, actor=ALICE)
    assert checked.status == Connection.Status.ACTIVE
    assert checked.status_reason == ""


def test_it_stops_a_connection_whose_required_permission_is_gone(
    tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount
) -> None:
    key = stripe_account.restricted_key(REQUIRED)
    connection = connect(tenant, key).connection
    sandbox.admin("POST", f"keys/{key}", permissions=REQUIRED[:-1])
    checked = services.recheck_connection(connection=connection, actor=ALICE)
    assert checked.status == Connection.Status.ERROR
    assert "Promotion Codes → Read" in checked.status_reason


def test_it_adopts_a_replacement_that_passes_when_checked_again(
    tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount
) -> None:
    connection = connect(tenant, stripe_account.restricted_key(REQUIRED)).connection
    new = stripe_account.restricted_key(REQUIRED[1:])
    connect(tenant, new)
    sandbox.admin("POST", f"keys/{new}", permissions=REQUIRED)
    services.recheck_connection(connection=connection, actor=ALICE)
    assert Connection.objects.get().api_key == Secret(new)
    assert not ReplacementKey.objects.exists()


def test_it_leaves_an_audit_entry_without_the_key(tenant: Tenant, stripe_account: StripeAccount) -> None:
    key = stripe_account.restricted_key(REQUIRED)
    connect(tenant, key)
    entry = AuditEntry.objects.filter(action="key_saved").get()
    assert (entry.actor, entry.origin, entry.app_id) == (ALICE.name, ALICE.origin, tenant.app.id)
    assert key not in entry.summary
    assert key[-4:] in entry.summary


def test_it_does_not_wait_for_a_probe_that_stripe_does_not_answer(
    tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount
) -> None:
    key = stripe_account.restricted_key([*REQUIRED, "invoice_read"])
    fault = {"path": "/v1/invoices", "account": stripe_account.id, "count": 1, "seconds": 7}
    sandbox.admin("POST", "faults", kind="latency", **fault)
    activation = connect(tenant, key)
    assert activation.permissions["rak_invoice_read"]["state"] == "unknown"
    assert activation.permissions["rak_invoice_read"]["message"]
    assert activation.connection.status == Connection.Status.ACTIVE


def test_it_keeps_a_key_pending_that_stripe_gave_no_answer_on(
    tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount
) -> None:
    key = stripe_account.restricted_key(REQUIRED)
    fault = {"path": "/v1/products", "account": stripe_account.id, "count": 3, "status": 503}
    sandbox.admin("POST", "faults", kind="server_error", **fault)
    connection = connect(tenant, key).connection
    assert connection.status == Connection.Status.PENDING
    assert "did not answer" in connection.status_reason
    checked = services.recheck_connection(connection=connection, actor=ALICE)
    assert checked.status == Connection.Status.ACTIVE


def test_it_stops_nothing_during_an_outage(
    tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount
) -> None:
    connection = connect(tenant, stripe_account.restricted_key(REQUIRED)).connection
    outage = {"kind": "server_error", "account": stripe_account.id, "count": None, "status": 503}
    sandbox.admin("POST", "faults", **outage)
    with pytest.raises(StripeError):
        services.recheck_connection(connection=connection, actor=ALICE)
    sandbox.admin("DELETE", "faults")
    connection.refresh_from_db()
    assert connection.status == Connection.Status.ACTIVE
    assert allows(connection, "rak_customer_read")


def test_it_does_not_revive_a_dead_key_during_an_outage(
    tenant: Tenant, sandbox: Sandbox, stripe_account: StripeAccount
) -> None:
    key = stripe_account.restricted_key(REQUIRED)
    connection = connect(tenant, key).connection
    sandbox.admin("POST", f"keys/{key}/revoke")
    services.recheck_connection(connection=connection, actor=ALICE)
    sandbox.admin("POST", "faults", kind="server_error", account=None, count=None, status=503)
    with pytest.raises(StripeError):
        services.recheck_connection(connection=connection, actor=ALICE)
    sandbox.admin("DELETE", "faults")
    connection.refresh_from_db()
    assert connection.status == Connection.Status.ERROR
