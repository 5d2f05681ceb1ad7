"""Pages of the stand-in console: sign-in, App switcher, prompts, connectors."""

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from actions.prompt_overview import overview_of_prompts
from connector.access import ConsoleRequest, require_admin, require_app
from connector.host import get_host
from connector.models import Connection
from connector.selectors import app_connections, endpoint_trouble, serving_connection
from connector.status import is_healthy, read_signs
from engage_stripe.standalone.forms import SignInForm
from engage_stripe.standalone.host import SESSION_KEY
from engage_stripe.standalone.models import ConsoleUser


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponseClientRefresh()  # the session ended under a page: let that page ask for the sign-in
    if isinstance(request.user, ConsoleUser):
        if get_host().current_app(request) is None:
            return render(request, "standalone/no_app.html")
        return redirect(_safe_next(request))
    form = SignInForm(request.POST or None, address=request.META["REMOTE_ADDR"])
    if form.is_valid() and form.user:
        login(request, form.user)
        return redirect(_safe_next(request))
    context = {"form": form, "next": _safe_next(request)}
    return render(request, "standalone/sign_in.html", context, status=_status(form))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("standalone:sign_in")


@require_POST
@require_app
def switch_app(request: ConsoleRequest) -> HttpResponse:
    """Works in another of the user's Apps from now on; an App that the user has no role in changes nothing."""
    assert isinstance(request.user, ConsoleUser)  # noqa: S101  require_app let nobody else in
    if any(str(app.id) == request.POST.get("app_id") for app in request.user.roles):
        request.session[SESSION_KEY] = request.POST["app_id"]
    return redirect(_safe_next(request))


@require_GET
@require_app
def home(request: ConsoleRequest) -> HttpResponse:  # noqa: ARG001  the decorator needs it
    return redirect("standalone:prompts")


@require_GET
@require_app
def prompts(request: ConsoleRequest) -> HttpResponse:
    app_id = request.engage_app.id
    overview = overview_of_prompts(app_id=app_id, connection=serving_connection(app_id=app_id))
    rows = [(prompt, overview.get(prompt.id)) for prompt in get_host().prompts(app_id)]
    return render(request, "standalone/prompts.html", {"prompts": rows})


@require_GET
@require_admin
def connectors(request: ConsoleRequest) -> HttpResponse:
    connections = [
        (connection, _is_healthy(connection)) for connection in app_connections(app_id=request.engage_app.id)
    ]
    return render(request, "standalone/connectors.html", {"connections": connections})


def _is_healthy(connection: Connection) -> bool:
    """Whether every kind of data arrives, not only whether somebody switched the connection on."""
    signs = read_signs(connection, now=timezone.now(), endpoint_trouble=endpoint_trouble(connection))
    return is_healthy(signs)


def _safe_next(request: HttpRequest) -> str:
    """Where ``next`` leads if that is on this site, else home."""
    address = request.POST.get("next") or request.GET.get("next") or "/"
    allowed = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if allowed else "/"


def _status(form: SignInForm) -> int:
    if form.has_error("__all__", code="throttled"):
        return 429
    return 400 if form.is_bound else 200
