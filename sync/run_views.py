"""Settings → Actions → Stripe → Data sync: uploads, runs and their reports. Company and App admins only."""

from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from connector.access import ConsoleRequest, require_admin
from connector.errors import ConnectorError
from connector.selectors import serving_connection
from sync import runs
from sync.connections import connection_of
from sync.forms import SourceForm, UploadForm
from sync.identity_csv import write_problems
from sync.models import IdentitySource, SyncRun
from sync.run_selectors import drift_trend, open_runs, problems_of, recent_runs
from sync.schedule import next_start
from sync.starting import confirm, start_catalogue, start_import, start_reconciliation

SHOWN_RUNS = 12
SHOWN_LINES = 100
_STARTS = {"catalogue": start_catalogue, "reconciliation": start_reconciliation}


@require_GET
@require_admin
def data_sync(request: ConsoleRequest) -> HttpResponse:
    """The page; its list of open runs is asked for again while there are any."""
    if request.headers.get("HX-Target") == "open-runs":
        context = {"open_runs": open_runs(app_id=request.engage_app.id)}
        return render(request, "sync/data_sync.html#open-runs", context)
    return show(request, UploadForm(), SourceForm(app_id=request.engage_app.id))


def show(
    request: ConsoleRequest, upload_form: UploadForm, source_form: SourceForm, status: int = 200
) -> HttpResponse:
    app_id = request.engage_app.id
    connection = serving_connection(app_id=app_id)
    zone = ZoneInfo(request.engage_app.timezone)
    trend = drift_trend(connection, timezone=zone) if connection else []
    counted = [night.objects for night in trend if night.objects is not None]
    context = {
        "connection": connection,
        "next_start": connection and next_start(connection, timezone.now()),
        "zone": zone,
        "trend": trend,
        "nights_counted": len(counted),
        "worst": max(counted, default=0),
        "open_runs": open_runs(app_id=app_id),
        "runs": recent_runs(app_id=app_id)[:SHOWN_RUNS],
        "sources": IdentitySource.objects.filter(app_id=app_id).order_by("id"),
        "upload_form": upload_form,
        "source_form": source_form,
    }
    return render(request, "sync/data_sync.html", context, status=status)


@require_POST
@require_admin
def upload(request: ConsoleRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return show(request, form, SourceForm(app_id=request.engage_app.id), status=422)
    run = start_import(
        app_id=request.engage_app.id,
        content=form.cleaned_data["file"],
        mode=form.cleaned_data["mode"],
        dry_run=form.cleaned_data["dry_run"],
        started_by=request.user.get_username(),
    )
    return redirect("stripe_sync:run", run.pk)


@require_POST
@require_admin
def start(request: ConsoleRequest, kind: str) -> HttpResponse:
    """Start a catalogue sync or a reconciliation now."""
    try:
        connection = connection_of(request.engage_app.id)
        run = _STARTS[kind](connection=connection, started_by=request.user.get_username())
    except ConnectorError as error:
        messages.error(request, error.user_message)
        return redirect("stripe_sync:data_sync")
    return redirect("stripe_sync:run", run.pk)


@require_GET
@require_admin
def run(request: ConsoleRequest, run_id: UUID) -> HttpResponse:
    """One run: its progress while it is open, its report afterwards."""
    found = _find(request, run_id)
    context = {
        "run": found,
        "problems": found.row_errors.order_by("line", "id")[:SHOWN_LINES],
        "problem_count": found.row_errors.count(),
        "drifts": found.drifts.order_by("resource", "stripe_id")[:SHOWN_LINES],
        "page": "Data sync",
    }
    template = "sync/run.html#run" if request.headers.get("HX-Target") == "run" else "sync/run.html"
    return render(request, template, context)


@require_POST
@require_admin
def cancel(request: ConsoleRequest, run_id: UUID) -> HttpResponse:
    stopped = runs.cancel(app_id=request.engage_app.id, run_id=run_id)
    if stopped.is_open:
        messages.info(request, "The run stops at its next step.")
    return redirect("stripe_sync:run", run_id)


@require_POST
@require_admin
def confirm_run(request: ConsoleRequest, run_id: UUID) -> HttpResponse:
    """Import a stopped file although it is unusual."""
    confirm(app_id=request.engage_app.id, run_id=run_id, confirmed_by=request.user.get_username())
    return redirect("stripe_sync:run", run_id)


@require_GET
@require_admin
def download_problems(request: ConsoleRequest, run_id: UUID) -> HttpResponseBase:
    """The reported lines as CSV, safe to open in a spreadsheet."""
    found = _find(request, run_id)
    response = StreamingHttpResponse(write_problems(problems_of(found)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="lines-{found.pk}.csv"'
    return response


def _find(request: ConsoleRequest, run_id: UUID) -> SyncRun:
    return runs.get_run(app_id=request.engage_app.id, run_id=run_id)
