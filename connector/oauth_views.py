"""*Connect with Stripe*: to Stripe's consent page and back."""

import logging
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from connector import oauth, selectors, services
from connector.access import ConsoleRequest, require_admin
from connector.audit import actor_of
from connector.errors import ConnectorError
from connector.models import Connection
from connector.platform_endpoint import repair_platform_endpoint

logger = logging.getLogger(__name__)


@require_POST
@require_admin
def start(request: ConsoleRequest) -> HttpResponse:
    """Off to Stripe, for the mode of the form."""
    livemode = request.POST.get("mode") == "live"
    try:
        url = oauth.authorize_url(
            app_id=request.engage_app.id, livemode=livemode, session_key=_session_key(request)
        )
    except ConnectorError as error:
        return _failed(request, error)
    return redirect(url)


@never_cache
@require_GET
@require_admin
def callback(request: ConsoleRequest) -> HttpResponse:
    """Stripe sends the admin back here, with a code or with an error."""
    try:
        authorized = oauth.finish_authorization(
            answer=request.GET.dict(), app_id=request.engage_app.id, session_key=_session_key(request)
        )
        connection = services.connect_with_oauth(
            app_id=request.engage_app.id, authorized=authorized, actor=actor_of(request)
        )
    except ConnectorError as error:
        return _failed(request, error)
    messages.success(request, f"Connected to {connection.display_name or connection.stripe_account_id}.")
    _ensure_endpoint(request, connection)
    return redirect(f"{reverse('stripe_connector:connection')}?mode={connection.mode}")


@require_POST
@require_admin
def repair_endpoint(request: ConsoleRequest, connection_id: UUID) -> HttpResponse:
    """Bring the platform's webhook endpoint in step again."""
    connection = selectors.get_app_connection(app_id=request.engage_app.id, connection_id=connection_id)
    _ensure_endpoint(request, connection)
    return redirect(f"{reverse('stripe_connector:connection')}?mode={connection.mode}")


def _ensure_endpoint(request: ConsoleRequest, connection: Connection) -> None:
    """A connection without events is one too: the page shows what is wrong, the nightly check tries again."""
    try:
        repair_platform_endpoint(connection=connection, actor=actor_of(request))
    except ConnectorError as error:
        logger.warning("The Connect webhook endpoint could not be brought in step: %s", error)
        messages.warning(request, f"Real-time events are not set up yet. {error.user_message}")
    else:
        messages.success(request, "Stripe sends its events to Engage.")


def _session_key(request: ConsoleRequest) -> str:
    return request.session.session_key or ""


def _failed(request: ConsoleRequest, error: ConnectorError) -> HttpResponse:
    context = {"code": error.code, "error": error}
    return render(request, "connector/oauth_failed.html", context, status=400)
