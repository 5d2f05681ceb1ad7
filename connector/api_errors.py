"""The API's one error shape."""

from typing import Any

from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from connector.errors import ConflictError, ConnectorError, ForbiddenError, NotFoundError, StripeError


def handle_api_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error as ``{"error": {"code", "message", "retryable", "details"}}``."""
    if isinstance(error, ConnectorError):
        return Response(error.as_dict(), status=_http_status(error))
    response = exception_handler(error, context)
    if response is None:
        return None
    response.data = _describe(error, response).as_dict()
    return response


def _http_status(error: ConnectorError) -> int:
    match error:
        case ForbiddenError():
            return 403
        case NotFoundError():
            return 404
        case ConflictError():
            return 409
        case StripeError():
            return 503 if error.retryable else 502
        case _:
            return 503 if error.retryable else 400


def _describe(error: Exception, response: Response) -> ConnectorError:
    if isinstance(error, exceptions.ValidationError):
        return ConnectorError(
            "invalid_request", "Some fields are not right; see details.", details={"fields": response.data}
        )
    if isinstance(error, exceptions.APIException):
        codes = error.get_codes()
        code = codes if isinstance(codes, str) else "invalid_request"
        return ConnectorError(code, str(error.detail), retryable=response.status_code in {429, 503})
    return ConnectorError(
        "not_found" if response.status_code == 404 else "forbidden", "Nothing is here for this App."
    )
