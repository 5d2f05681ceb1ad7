"""A failed request that tells something about the connection itself is acted on at once, whoever made it."""

from connector.errors import StripeError
from connector.models import Connection


def note_failure(connection: Connection, failure: StripeError) -> None:
    """Record what a failure says about the connection's credential."""
