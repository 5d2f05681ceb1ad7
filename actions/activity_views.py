"""Settings → Actions → Stripe → Activity: what clicks came to, and what holds them back."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from actions.limit_forms import limit_forms
from actions.selectors import clicks_of_user
from connector.access import ConsoleRequest, require_admin, require_app
from connector.selectors import serving_connection

_PAGE = 50


@require_GET
@require_app
def activity(request: ConsoleRequest) -> HttpResponse:
    """The App's executions, newest first; ``?user_id=`` narrows them to one user."""
    user_id = request.GET.get("user_id", "").strip()
    executions = clicks_of_user(app_id=request.engage_app.id, user_id=user_id)
    page = Paginator(executions, _PAGE).get_page(request.GET.get("page"))
    return render(request, "actions/activity.html", {"page": page, "user_id": user_id, "tab": "activity"})


@require_http_methods(["GET", "POST"])
@require_admin
def limits(request: ConsoleRequest) -> HttpResponse:
    """The kill switch, caps and cooldowns of the App's connection."""
    connection = serving_connection(app_id=request.engage_app.id)
    if connection is None:
        messages.error(request, "Connect Stripe first: limits belong to a connection.")
        return redirect("stripe_connector:connection")
    forms = limit_forms(connection, request.POST or None)
    if request.method == "POST" and all(form.is_valid() for form in forms):
        for form in forms:
            form.save()
        messages.success(request, "The limits are saved. They hold from the next click on.")
        return redirect("stripe_actions:limits")
    status = 422 if request.method == "POST" else 200
    return render(request, "actions/limits.html", {"forms": forms, "tab": "activity"}, status=status)
