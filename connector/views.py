"""Settings → Actions → Stripe: the connection page. Company and App admins only."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from connector import lifecycle, permissions, platforms, saving, selectors, services, webhook_endpoints
from connector.access import ConsoleRequest, require_admin
from connector.audit import actor_of
from connector.errors import ConnectorError
from connector.forms import ConnectionForm
from connector.models import Connection
from connector.status import is_healthy, read_signs
from connector.stripe_gateway import API_VERSION
from connector.webhook_check import judge_check, start_check
from connector.webhook_events import ACCOUNT_EVENTS


@sensitive_post_parameters("api_key", "signing_secret")
@never_cache
@require_http_methods(["GET", "POST"])
@require_admin
def connection(request: ConsoleRequest) -> HttpResponse:
    """One mode of the App's connection: how it is, and the form that changes it."""
    app = request.engage_app
    connections = {found.mode: found for found in selectors.app_connections(app_id=app.id)}
    mode = _chosen_mode(request, connections)
    current = connections.get(mode)
    form = ConnectionForm(request.POST or None, connection=current, timezone=app.timezone)
    if form.is_valid():
        try:
            saved = _save(request, current, form.cleaned_data)
        except ConnectorError as error:
            form.add_error("api_key", error.user_message)
        else:
            return _back(saved.connection)
    context = {"form": form, "mode": mode, "connections": connections, **_describe(request, current)}
    return render(request, "connector/connection.html", context, status=422 if form.errors else 200)


@require_POST
@require_admin
def check(request: ConsoleRequest, connection_id: UUID) -> HttpResponse:
    """Ask Stripe again what the key may do."""
    current = _current(request, connection_id)
    try:
        checked = services.recheck_connection(connection=current, actor=actor_of(request))
    except ConnectorError as error:
        messages.error(request, error.user_message)
        return _back(current)
    if checked.status_reason:
        messages.warning(request, checked.status_reason)
    else:
        messages.success(request, "Checked: the connection may do everything it needs.")
    return _back(checked)


@require_http_methods(["GET", "POST"])
@require_admin
def disconnect(request: ConsoleRequest, connection_id: UUID) -> HttpResponse:
    """Say what stops, then stop it."""
    current = _current(request, connection_id)
    if request.method == "GET":
        return render(request, "connector/disconnect.html", {"connection": current})
    try:
        leftovers = lifecycle.disconnect(connection=current, actor=actor_of(request))
    except ConnectorError as error:
        messages.error(request, error.user_message)
        return _back(current)
    messages.success(request, "Disconnected. Traits and history are kept, marked stale.")
    for leftover in leftovers:
        messages.warning(request, leftover)
    return _back(current)


@require_POST
@require_admin
def create_endpoint(request: ConsoleRequest, connection_id: UUID) -> HttpResponse:
    """Create the webhook endpoint with the key's own permission."""
    current = _current(request, connection_id)
    try:
        webhook_endpoints.create_own_endpoint(connection=current, actor=actor_of(request))
    except ConnectorError as error:
        messages.error(request, error.user_message)
    else:
        messages.success(request, "Stripe now sends events to Engage.")
    return _back(current)


@require_http_methods(["GET", "POST"])
@require_admin
def test_event(request: ConsoleRequest, connection_id: UUID) -> HttpResponse:
    """POST makes Stripe send an event; GET says whether one came, and is asked again while it waits."""
    current = _current(request, connection_id)
    if request.method == "POST":
        try:
            start_check(connection=current, actor=actor_of(request))
        except ConnectorError as error:
            messages.error(request, error.user_message)
            return _back(current)
    context = {"connection": current, "verdict": judge_check(current, now=timezone.now())}
    return render(request, "connector/test_event.html", context)


def _chosen_mode(request: ConsoleRequest, connections: dict[str, Connection]) -> str:
    """The mode of the address, else one that is connected, else live."""
    asked = request.GET.get("mode")
    return asked if asked in {"live", "test"} else next(iter(connections), "live")


def _current(request: ConsoleRequest, connection_id: UUID) -> Connection:
    return selectors.get_app_connection(app_id=request.engage_app.id, connection_id=connection_id)


def _back(to: Connection) -> HttpResponse:
    return redirect(f"{reverse('stripe_connector:connection')}?mode={to.mode}")


def _save(request: ConsoleRequest, current: Connection | None, data: dict[str, Any]) -> saving.Saved:
    settings = saving.Settings(
        api_key=data["api_key"],
        signing_secret=data["signing_secret"],
        schedule_time=data["schedule_time"],
        email_only_on_trouble=data["email_only_on_trouble"],
        active=data["active"],
    )
    saved = saving.save_settings(
        app_id=request.engage_app.id, connection=current, wanted=settings, actor=actor_of(request)
    )
    if saved.kept_aside:
        messages.warning(
            request, "The new key is saved but lacks permissions. The old key stays in use until then."
        )
    elif saved.connection.status == Connection.Status.PENDING:
        messages.warning(request, f"The key is saved. {saved.connection.status_reason}")
    else:
        messages.success(request, f"Saved for {saved.connection.mode} mode.")
    for notice in saved.notices:
        messages.warning(request, notice)
    return saved


def _describe(request: ConsoleRequest, current: Connection | None) -> dict[str, Any]:
    """What the page shows beside the form."""
    app = request.engage_app
    replacement = selectors.replacement_of(current) if current else None
    found = replacement.permissions if replacement else current.permissions if current else {}
    context: dict[str, Any] = {
        "connection": current,
        "replacement": replacement,
        "findings": permissions.describe_permissions(found),
        "dashboard_link": permissions.dashboard_link(app_name=app.name),
        "platforms": platforms.configured_platforms(),
        "changes": selectors.recent_changes(app_id=app.id),
        "api_version": API_VERSION,
        "event_types": ACCOUNT_EVENTS,
    }
    if current:
        trouble = selectors.endpoint_trouble(current)
        signs = read_signs(current, now=timezone.now(), endpoint_trouble=trouble)
        context |= {
            "signs": signs,
            "healthy": is_healthy(signs),
            "endpoint_url": webhook_endpoints.connection_url(current),
            "may_create_endpoint": permissions.allows(current, "rak_webhook_write"),
            "platform_endpoint": selectors.platform_endpoint(livemode=current.livemode),
            "verdict": judge_check(current, now=timezone.now()),
        }
    return context
