"""Who may open a page. Each decorator puts ``engage_app`` and ``engage_role`` on the request.

What a view does not find in its App (``NotFoundError``) is a 404.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from connector.errors import NotFoundError
from connector.host import HostApp, Role, get_host

_P = ParamSpec("_P")
View = Callable[Concatenate["ConsoleRequest", _P], HttpResponseBase]
DjangoView = Callable[Concatenate[HttpRequest, _P], HttpResponseBase]


class ConsoleRequest(HttpRequest):
    """A request of a console user who works in an App."""

    engage_app: HostApp
    engage_role: Role


def require_app(view: View[_P]) -> DjangoView[_P]:
    """Any role may open the page."""
    return _require(view, lambda _: True, "")


def require_admin(view: View[_P]) -> DjangoView[_P]:
    """Company and App admins only: everything under Settings."""
    return _require(view, lambda role: role.may_change_settings, "change this App's settings")


def require_prompt_editor(view: View[_P]) -> DjangoView[_P]:
    """Everyone but Read only: prompts and their actions."""
    return _require(view, lambda role: role.may_edit_prompts, "edit prompts")


def _require(view: View[_P], permits: Callable[[Role], bool], what: str) -> DjangoView[_P]:
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponseBase:
        app = get_host().current_app(request)
        role = get_host().role(request, app.id) if app else None
        if app is None or role is None:
            return redirect_to_login(request.get_full_path())
        if not permits(role):
            return _refuse(request, app, what)
        console_request = cast("ConsoleRequest", request)
        console_request.engage_app = app
        console_request.engage_role = role
        try:
            return view(console_request, *args, **kwargs)
        except NotFoundError as error:
            raise Http404(error.user_message) from error

    return guarded


def _refuse(request: HttpRequest, app: HostApp, what: str) -> HttpResponse:
    context = {"app": app, "what": what, "admins": get_host().admins(app.id)}
    return render(request, "connector/forbidden.html", context, status=403)
