"""Where nightly identity files come from: add, test, fetch now, remove. Company and App admins only."""

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from connector import audit
from connector.access import ConsoleRequest, require_admin
from connector.audit import actor_of
from connector.errors import ConnectorError
from sync import nights, runs, tasks
from sync.connections import connection_of
from sync.forms import SourceForm, UploadForm
from sync.models import IdentitySource, SyncRun
from sync.run_views import show
from sync.sources import SourceError, unseen_files


@sensitive_post_parameters("credentials")
@require_POST
@require_admin
def add(request: ConsoleRequest) -> HttpResponse:
    form = SourceForm(request.POST, app_id=request.engage_app.id)
    if not form.is_valid():
        return show(request, UploadForm(), form, status=422)
    source = form.save(commit=False)
    try:
        source.connection = connection_of(request.engage_app.id)
        source.app_id, source.credentials = request.engage_app.id, form.secret()
        with transaction.atomic():
            source.save()
            audit.record(source.connection, actor=actor_of(request), action="source_added",
                         summary=f"Identity files come from {source.url}.")  # fmt: skip
    except ConnectorError as error:
        messages.error(request, error.user_message)
    except IntegrityError:
        messages.error(request, "This folder is a source already. Remove it first to change it.")
    return redirect("stripe_sync:data_sync")


@require_POST
@require_admin
def test(request: ConsoleRequest, source_id: int) -> HttpResponse:
    """Say what the source has, or why it cannot be read."""
    source = _find(request, source_id)
    try:
        files, young = unseen_files(source)
    except SourceError as error:
        messages.error(request, error.user_message)
    else:
        waiting = f"{len(files)} new file{'' if len(files) == 1 else 's'}"
        written = f", {len(young)} that may still be written" if young else ""
        messages.success(request, f"{source.url} can be read: {waiting}{written}.")
    return redirect("stripe_sync:data_sync")


@require_POST
@require_admin
def fetch(request: ConsoleRequest, source_id: int) -> HttpResponse:
    """Queue the source's new files now."""
    source = _find(request, source_id)
    young = nights.queue_new_files(source, started_by=request.user.get_username())
    if source.error:
        messages.error(request, source.error)
    elif young:
        messages.info(request, f"Left alone, as it may still be written: {young} new. Fetch again in a minute.")
    tasks.import_waiting.delay(str(source.app_id))
    return redirect("stripe_sync:data_sync")


@require_POST
@require_admin
def remove(request: ConsoleRequest, source_id: int) -> HttpResponse:
    source = _find(request, source_id)
    for waiting in SyncRun.objects.filter(
        identity_source=source, state__in=[*SyncRun.OPEN, SyncRun.State.STOPPED]
    ):
        runs.cancel(app_id=source.app_id, run_id=waiting.pk)  # without its source nobody may open its file
    with transaction.atomic():
        audit.record(source.connection, actor=actor_of(request), action="source_removed",
                     summary=f"Identity files no longer come from {source.url}.")  # fmt: skip
        source.delete()
    return redirect("stripe_sync:data_sync")


def _find(request: ConsoleRequest, source_id: int) -> IdentitySource:
    source = IdentitySource.objects.filter(app_id=request.engage_app.id, pk=source_id).first()
    if source is None:
        raise Http404("This App has no such source.")
    return source
