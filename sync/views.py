"""Pages of the sync app. Doors only."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from connector.access import ConsoleRequest, require_admin
from connector.selectors import get_app_connection
from sync.templatetags.freshness_display import describe
from sync.user_lookup import look_up


@require_GET
@require_admin
def user_lookup(request: ConsoleRequest) -> HttpResponse:
    """``/settings/users/lookup/?user_id=``: the traits of one user, and why they are what they are."""
    user_id = request.GET.get("user_id", "").strip()
    found = look_up(app_id=request.engage_app.id, user_id=user_id) if user_id else None
    status = 404 if user_id and found is None else 200
    partial = request.headers.get("HX-Target") == "user"
    template = "sync/user_lookup.html#user" if partial else "sync/user_lookup.html"
    return render(request, template, {"user_id": user_id, "found": found}, status=200 if partial else status)


@require_GET
@require_admin
def freshness(request: ConsoleRequest, connection_id: UUID) -> HttpResponse:
    """The card of real-time events alone; the connection page asks for it again."""
    connection = get_app_connection(app_id=request.engage_app.id, connection_id=connection_id)
    return render(request, "sync/freshness.html", describe(connection))
