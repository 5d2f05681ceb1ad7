"""What the host can listen to."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.dispatch import Signal

user_traits_changed = Signal()
"""Sent after commit with ``changes``: a list of ``TraitChange``, once for each change that this process made.

A process that dies between the commit and the signal does not send it; ``GET traits/?updated_since=`` misses nothing.
"""


def announce(changes: Sequence[Any]) -> None:
    """Send the changes once the transaction is committed. A listener that fails is logged and harms nobody."""
    transaction.on_commit(lambda: user_traits_changed.send_robust(sender=None, changes=changes))
