"""Whose conventions amounts are written in: the reader's.

A language that the host has activated comes first, then what the reader's browser or server asks for in
``Accept-Language``. The words around the amounts stay English.
"""

from collections.abc import Callable
from contextvars import ContextVar
from functools import lru_cache

from babel import Locale
from babel.localedata import locale_identifiers
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.utils.translation.trans_real import parse_accept_lang_header

_accepted: ContextVar[str] = ContextVar("accepted_languages", default="")


def note_accepted_languages(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Middleware; without it only the activated language counts."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = _accepted.set(request.headers.get("Accept-Language", ""))
        try:
            response = get_response(request)
        finally:
            _accepted.reset(token)
        patch_vary_headers(response, ["Accept-Language"])
        return response

    return middleware


def current_locale() -> Locale:
    """The locale of whoever reads what is being written now."""
    return _negotiate(get_language() or settings.LANGUAGE_CODE, _accepted.get())


@lru_cache(maxsize=256)
def _negotiate(active: str, accepted: str) -> Locale:
    chosen = [active] if active != settings.LANGUAGE_CODE else []
    asked = [language for language, _ in parse_accept_lang_header(accepted)]
    wanted = [language.replace("-", "_") for language in [*chosen, *asked, settings.LANGUAGE_CODE]]
    return Locale.negotiate(wanted, locale_identifiers()) or Locale("en")
