"""What a connection's credential may do at Stripe."""

from connector.models import Connection


def allows(connection: Connection, permission: str) -> bool:
    """Whether the credential is known to have the permission (``rak_…``). A Connect platform may do everything."""
    if connection.method == Connection.Method.CONNECT:
        return True
    return bool(connection.permissions.get(permission, {}).get("state") == "granted")
