"""What a host may listen to."""

from django.dispatch import Signal

# Sent once per click, when the last of its outcomes is final. Argument: ``execution`` (actions.models.Execution).
Result = Signal()
