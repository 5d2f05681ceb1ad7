"""Clicks from browsers: a server issues a token, the browser of that user sends it once."""

from uuid import UUID

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from actions import serializers
from actions.answers import check_interaction, describe_execution
from actions.click_tokens import (
    LIFETIME,
    ClickToken,
    is_own_origin,
    issue_token,
    origin_host,
    read_token,
)
from actions.execution import execute
from actions.models import Execution
from connector.api_authentication import calling_app
from connector.api_input import read_input
from connector.errors import ForbiddenError
from connector.host import get_host


class ClickTokensView(APIView):
    """``click-tokens/``: the App's server asks for one while it renders the page."""

    @extend_schema(
        operation_id="issue_click_token",
        request=serializers.ClickTokenRequestSerializer,
        responses={201: serializers.ClickTokenSerializer},
    )
    def post(self, request: Request) -> Response:
        where = read_input(serializers.ClickTokenRequestSerializer, request.data)
        check_interaction(calling_app(request).id, where["prompt_id"], where["interaction"])
        token = issue_token(
            app_id=calling_app(request).id,
            prompt_id=where["prompt_id"],
            interaction=where["interaction"],
            user_id=where["user_id"],
        )
        return Response({"token": token, "expires_in": LIFETIME}, status=201)


class ClickView(APIView):
    """``click/``: the token says all; no other identifier is read. Answers only pages on the App's own
    domains.

    https://developer.mozilla.org/docs/Web/HTTP/CORS
    """

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = (JSONParser, FormParser)

    def options(self, request: HttpRequest, *_: object, **__: object) -> Response:
        """A preflight carries no token, so it is answered for the domains of all Apps; the click itself is
        not.
        """
        host = origin_host(request.headers.get("Origin"))
        if not host or not get_host().has_domain(host):
            raise _foreign_origin()
        headers = {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": "600",
        }
        return Response(status=204, headers=headers | _allow(request))

    @extend_schema(
        operation_id="click",
        auth=[],
        request=serializers.ClickSerializer,
        responses=serializers.ExecutionSerializer,
    )
    def post(self, request: Request) -> Response:
        token = read_token(read_input(serializers.ClickSerializer, request.data)["token"])
        self._check_origin(request, token.app_id)
        self.headers.update(_allow(request))
        return Response(describe_execution(_execute(token)))

    def _check_origin(self, request: Request, app_id: UUID) -> None:
        app = get_host().app(app_id)
        if app is None or not is_own_origin(request.headers.get("Origin"), app):
            raise _foreign_origin()


def _execute(token: ClickToken) -> Execution:
    return execute(
        app_id=token.app_id,
        prompt_id=token.prompt_id,
        interaction=token.interaction,
        user_id=token.user_id,
        idempotency_key=token.idempotency_key,
        source=Execution.Source.BROWSER,
    )


def _foreign_origin() -> ForbiddenError:
    return ForbiddenError("foreign_origin", "This page is not on one of the App's domains.")


def _allow(request: HttpRequest) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": request.headers["Origin"], "Vary": "Origin"}
