"""Pages of the sync app. Doors only."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from connector.access import ConsoleRequest, require_admin
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
