"""The server-to-server API: what can be done, what a prompt does, and doing it."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from actions import serializers
from actions.answers import check_interaction, describe_execution
from actions.availability import describe_availability, list_availability
from actions.configuration import describe_action, replace_actions
from actions.execution import execute
from actions.previewing import preview_interaction
from actions.selectors import configured_actions, get_execution
from connector.api_authentication import calling_app
from connector.api_input import read_input
from connector.selectors import serving_connection


class ActionsView(APIView):
    """``actions/``: every action, its parameters, and whether the present Stripe key can do it."""

    @extend_schema(operation_id="list_actions", responses=serializers.AvailableActionSerializer(many=True))
    def get(self, request: Request) -> Response:
        connection = serving_connection(app_id=calling_app(request).id)
        return Response([describe_availability(entry) for entry in list_availability(connection)])


class InteractionActionsView(APIView):
    """``prompts/{prompt_id}/interactions/{interaction}/actions/``: the whole list is read and written at
    once.
    """

    @extend_schema(operation_id="read_prompt_actions", responses=serializers.ActionSerializer(many=True))
    def get(self, request: Request, prompt_id: str, interaction: str) -> Response:
        check_interaction(calling_app(request).id, prompt_id, interaction)
        configs = configured_actions(app_id=calling_app(request).id, prompt_id=prompt_id, interaction=interaction)
        return Response([describe_action(config) for config in configs])

    @extend_schema(
        operation_id="replace_prompt_actions",
        request=serializers.ActionSerializer(many=True),
        responses=serializers.ActionSerializer(many=True),
    )
    def put(self, request: Request, prompt_id: str, interaction: str) -> Response:
        app_id = calling_app(request).id
        body = serializers.ActionSerializer(data=request.data, many=True)
        body.is_valid(raise_exception=True)
        configs = replace_actions(
            app_id=app_id,
            prompt_id=prompt_id,
            interaction=interaction,
            actions=body.validated_data,
            changed_by="API",
            # with the writing: a refused list leaves no prompt behind
            before_writing=lambda: check_interaction(app_id, prompt_id, interaction, adopt=True),
        )
        return Response([describe_action(config) for config in configs])


class ExecuteView(APIView):
    """``prompts/{prompt_id}/interactions/{interaction}/execute/``: one click of one user."""

    @extend_schema(
        operation_id="execute_prompt_actions",
        request=serializers.ExecuteSerializer,
        responses=serializers.ExecutionSerializer,
    )
    def post(self, request: Request, prompt_id: str, interaction: str) -> Response:
        check_interaction(calling_app(request).id, prompt_id, interaction)
        body = read_input(serializers.ExecuteSerializer, request.data)
        execution = execute(
            app_id=calling_app(request).id,
            prompt_id=prompt_id,
            interaction=interaction,
            user_id=body["user_id"],
            idempotency_key=body.get("idempotency_key"),
        )
        return Response(describe_execution(execution))


class PreviewView(APIView):
    """``prompts/{prompt_id}/interactions/{interaction}/preview/``: what a click would come to."""

    @extend_schema(
        operation_id="preview_prompt_actions",
        request=serializers.UserSerializer,
        responses=serializers.PreviewSerializer(many=True),
    )
    def post(self, request: Request, prompt_id: str, interaction: str) -> Response:
        check_interaction(calling_app(request).id, prompt_id, interaction)
        body = read_input(serializers.UserSerializer, request.data)
        previews = preview_interaction(
            app_id=calling_app(request).id,
            prompt_id=prompt_id,
            interaction=interaction,
            user_id=body["user_id"],
        )
        return Response(serializers.PreviewSerializer(previews, many=True).data)


class ExecutionView(APIView):
    """``executions/{id}/``: where an outcome that was ``unknown`` becomes known."""

    @extend_schema(operation_id="read_execution", responses=serializers.ExecutionSerializer)
    def get(self, request: Request, execution_id: UUID) -> Response:
        return Response(
            describe_execution(get_execution(app_id=calling_app(request).id, execution_id=execution_id))
        )
