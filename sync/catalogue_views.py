"""Settings → Actions → Stripe → Catalogue: what prompts can offer. Company and App admins only."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from connector.access import ConsoleRequest, require_admin
from connector.selectors import serving_connection
from sync.catalogue_selectors import search_coupons, search_plans, search_promotion_codes

_SEARCHES = {"plans": search_plans, "coupons": search_coupons, "codes": search_promotion_codes}
_NAMES = {"plans": "Plans", "coupons": "Coupons", "codes": "Promotion codes"}


@require_GET
@require_admin
def catalogue(request: ConsoleRequest) -> HttpResponse:
    """``?kind=plans|coupons|codes&q=&archived=on&page=``, searched at the server."""
    kind = request.GET.get("kind", "plans")
    search = _SEARCHES.get(kind, search_plans)
    query = request.GET.get("q", "").strip()[:255]
    archived = request.GET.get("archived") == "on"
    page = int(request.GET["page"]) if request.GET.get("page", "").isdecimal() else 1
    connection = serving_connection(app_id=request.engage_app.id)
    context = {
        "connection": connection,
        "kind": kind if kind in _SEARCHES else "plans",
        "kinds": _NAMES.items(),
        "query": query,
        "archived": archived,
        "page": page,
        "next_page": page + 1,
        "found": search(connection, query=query, archived=archived, page=min(page, 10_000))
        if connection
        else None,
    }
    partial = request.headers.get("HX-Target") == "entries"
    return render(request, "sync/catalogue.html#entries" if partial else "sync/catalogue.html", context)
