"""What every page of the console shows: the current App, the role in it and the Apps to switch to."""

from typing import Any

from django.http import HttpRequest

from connector.host import get_host
from engage_stripe.standalone.models import ConsoleUser

SECTIONS = ("/prompts/", "/settings/actions/", "/settings/users/lookup/")


def console(request: HttpRequest) -> dict[str, Any]:
    """``section`` marks the open entry of the side navigation; ``switch_next`` is where a switch of Apps ends."""
    user = getattr(request, "user", None)  # absent where a request failed before it was authenticated
    if not isinstance(user, ConsoleUser):
        return {}
    app = get_host().current_app(request)
    section = next((section for section in SECTIONS if request.path.startswith(section)), "")
    return {
        "current_app": app,
        "current_role": get_host().role(request, app.id) if app else None,
        "console_apps": list(user.roles),
        "section": section,
        "switch_next": section or "/",
    }


def csp_nonce(request: HttpRequest) -> dict[str, Any]:
    """Under the name that django-htmx reads; django-csp's own processor calls it ``CSP_NONCE``."""
    return {"csp_nonce": getattr(request, "csp_nonce", "")}
