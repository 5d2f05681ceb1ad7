"""Settings → Actions → Stripe → Activity: what clicks came to, and what holds them back."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from actions.limit_forms import LimitForm, OverridablePlansForm, is_narrowing_plans, limit_forms
from actions.picker_fields import answer_with_options
from actions.selectors import clicks_of_user
from connector.access import ConsoleRequest, require_admin, require_app
from connector.models import Connection
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
    forms = limit_forms(connection, request.POST if request.method == "POST" else None)
    if request.method == "POST" and all(form.is_valid() for form in forms):
        for form in forms:
            form.save()
        return _saved(request)
    status = 422 if request.method == "POST" else 200
    return _show_limits(request, forms, OverridablePlansForm(None, connection=connection), status)


@require_POST
@require_admin
def overridable_plans(request: ConsoleRequest) -> HttpResponse:
    """Save the plans whose price may be overridden; without scripts, also search them."""
    connection = _connection_of(request)
    narrows = is_narrowing_plans(request.POST)
    form = OverridablePlansForm(request.POST, connection=connection, narrows=narrows)
    if form.is_valid():
        form.save()
        return _saved(request)
    return _show_limits(request, limit_forms(connection, None), form, 200 if narrows else 422)


@require_GET
@require_admin
def overridable_options(request: ConsoleRequest) -> HttpResponse:
    """The plans that ``?plans_search=`` finds: for HTMX."""
    form = OverridablePlansForm(request.GET, connection=_connection_of(request), narrows=True)
    return answer_with_options(request, form, "plans")


def _connection_of(request: ConsoleRequest) -> Connection:
    connection = serving_connection(app_id=request.engage_app.id)
    if connection is None:
        raise Http404
    return connection


def _saved(request: ConsoleRequest) -> HttpResponse:
    messages.success(request, "The limits are saved. They hold from the next click on.")
    return redirect("stripe_actions:limits")


def _show_limits(
    request: ConsoleRequest, forms: list[LimitForm], plans: OverridablePlansForm, status: int
) -> HttpResponse:
    context = {"forms": forms, "plans": plans, "tab": "activity"}
    return render(request, "actions/limits.html", context, status=status)
