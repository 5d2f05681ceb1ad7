"""``ENGINE`` of the database settings; Django looks for this module's ``DatabaseWrapper``."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Asks the operating system first whether a kept connection is still open, at every request."""

    def is_usable(self) -> bool:
        """A server that has gone has closed the connection, and then there is something to read: only then is the
        server asked. ``SELECT 1`` at every request took longer than reading the row that the request is about.
        """
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.pgconn.socket, select.POLLIN)
        return not poll.poll(0) or super().is_usable()
