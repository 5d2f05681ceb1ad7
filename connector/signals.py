"""What happens to connections, for the apps above this one. Sent after commit with ``connection=``."""

from django.db import transaction
from django.dispatch import Signal

from connector.models import Connection

connection_activated = Signal()
connection_disconnected = Signal()


def announce(signal: Signal, connection: Connection) -> None:
    """Send the signal once the change is committed."""
    transaction.on_commit(lambda: signal.send(sender=Connection, connection=connection))
