"""Rows that tests start from. Each call makes its own App and account, so tests never meet."""

import uuid
from typing import Any

from connector.crypto import Secret
from connector.models import Connection


def make_connection(*, app_id: uuid.UUID | None = None, **fields: Any) -> Connection:
    """An active test-mode connection by API key. Pass ``api_key=Secret(...)`` to reach a sandbox account."""
    defaults: dict[str, Any] = {
        "method": Connection.Method.API_KEY,
        "livemode": False,
        "status": Connection.Status.ACTIVE,
        "stripe_account_id": f"acct_{uuid.uuid4().hex[:16]}",
        "api_key": Secret(f"sk_test_{uuid.uuid4().hex}"),
        "webhook_secret": Secret(f"whsec_{uuid.uuid4().hex}"),
    }
    return Connection.objects.create(app_id=app_id or uuid.uuid4(), **{**defaults, **fields})
