"""The server-to-server API of identities: one user now, or a file in the background."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import FileUploadParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from connector.api_authentication import calling_app
from connector.api_input import read_input
from sync.identity import set_identity
from sync.models import Identity
from sync.run_api import RunSerializer
from sync.run_selectors import describe_run
from sync.starting import start_import


class _Identity(serializers.Serializer[Identity]):
    """A user's link. One of the two is needed; ``stripe_id`` wins over ``email_address``."""

    user_id = serializers.CharField(read_only=True)
    stripe_id = serializers.CharField(required=False, allow_null=True, allow_blank=True)
    email_address = serializers.CharField(required=False, allow_null=True, allow_blank=True)
    updated_at = serializers.DateTimeField(read_only=True)


class _FileQuery(serializers.Serializer[dict[str, Any]]):
    mode = serializers.ChoiceField(["incremental", "full"], default="incremental")
    dry_run = serializers.BooleanField(default=False)


class UserIdentityView(APIView):
    """``users/{user_id}/identity/``"""

    @extend_schema(operation_id="set_user_identity", request=_Identity, responses=_Identity)
    def put(self, request: Request, user_id: str) -> Response:
        body = read_input(_Identity, request.data)
        identity = set_identity(
            app_id=calling_app(request).id,
            user_id=user_id,
            stripe_id=body.get("stripe_id") or "",
            email_address=body.get("email_address") or "",
        )
        return Response(_Identity(identity).data)


class IdentityFileView(APIView):
    """``identity-files/{name}/``: the body is the file, plain or compressed."""

    parser_classes = [FileUploadParser]

    @extend_schema(
        operation_id="import_identity_file",
        parameters=[_FileQuery],
        request={"text/csv": OpenApiTypes.BINARY},
        responses={202: RunSerializer},
    )
    def put(self, request: Request, filename: str) -> Response:  # noqa: ARG002  read by the parser
        query = read_input(_FileQuery, request.query_params)
        run = start_import(
            app_id=calling_app(request).id, content=request.FILES["file"], started_by="API", **query
        )
        return Response(describe_run(run), status=202)
