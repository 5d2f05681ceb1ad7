"""What happens to connections, for the apps above this one. Sent after commit with ``connection=``."""

from django.dispatch import Signal

connection_activated = Signal()
connection_disconnected = Signal()
