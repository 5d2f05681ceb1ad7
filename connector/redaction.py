"""The last line of defence: whatever still holds a Stripe key on its way to a log or an error report loses it.

Secrets are masked by type (``crypto.Secret``). This covers what others hold as plain text: the SDK's headers in a
traceback frame, a form's raw data, a message put together carelessly.
"""

from collections.abc import MutableMapping
from typing import Any

from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from connector.stripe_errors import redact


def redact_log_line(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor; put it behind the one that formats exceptions."""
    return {name: redact(value) if isinstance(value, str) else value for name, value in line.items()}


class RedactingReporter(ExceptionReporter):
    """``DEFAULT_EXCEPTION_REPORTER``: error pages and error mails, in development too."""

    def get_traceback_html(self) -> SafeString:
        return SafeString(redact(super().get_traceback_html()))

    def get_traceback_text(self) -> SafeString:
        return SafeString(redact(super().get_traceback_text()))
