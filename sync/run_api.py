"""The server-to-server API of runs: start, watch, cancel."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from connector.api_authentication import calling_app
from connector.api_input import read_input
from sync import runs
from sync.connections import connection_of
from sync.models import SyncRun
from sync.run_selectors import describe_run, recent_runs
from sync.starting import start_catalogue, start_reconciliation

PAGE = 50
_STARTS = {
    SyncRun.Kind.CATALOGUE.value: start_catalogue,
    SyncRun.Kind.RECONCILIATION.value: start_reconciliation,
}


class RunSerializer(serializers.Serializer[dict[str, Any]]):
    """A background run. ``progress``, ``counts`` and ``report`` depend on its kind."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(SyncRun.Kind.choices)
    state = serializers.ChoiceField(SyncRun.State.choices)
    started_by = serializers.CharField()
    progress = serializers.DictField()
    counts = serializers.DictField()
    report = serializers.DictField()
    error = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class _Start(serializers.Serializer[dict[str, Any]]):
    kind = serializers.ChoiceField(sorted(_STARTS))


class RunsView(APIView):
    """``runs/``"""

    @extend_schema(operation_id="list_runs", responses=RunSerializer(many=True))
    def get(self, request: Request) -> Response:
        found = recent_runs(app_id=calling_app(request).id)[:PAGE]
        return Response([describe_run(run) for run in found])

    @extend_schema(operation_id="start_run", request=_Start, responses={202: RunSerializer})
    def post(self, request: Request) -> Response:
        body = read_input(_Start, request.data)
        connection = connection_of(calling_app(request).id)
        run = _STARTS[body["kind"]](connection=connection, started_by="API")
        return Response(describe_run(run), status=202)


class RunView(APIView):
    """``runs/{id}/``"""

    @extend_schema(operation_id="read_run", responses=RunSerializer)
    def get(self, request: Request, run_id: UUID) -> Response:
        return Response(describe_run(runs.get_run(app_id=calling_app(request).id, run_id=run_id)))


class CancelRunView(APIView):
    """``runs/{id}/cancel/``: a waiting run ends at once, a running one at its next step."""

    @extend_schema(operation_id="cancel_run", request=None, responses=RunSerializer)
    def post(self, request: Request, run_id: UUID) -> Response:
        return Response(describe_run(runs.cancel(app_id=calling_app(request).id, run_id=run_id)))
