"""``GET /api/v1/connection/``: how the caller's App is connected to Stripe."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from connector import selectors
from connector.api_authentication import calling_app
from connector.models import Connection
from connector.permissions import describe_permissions
from connector.status import is_healthy, read_signs


class ConnectionView(APIView):
    """The App's connections and which of them serves its users."""

    class OutputSerializer(serializers.Serializer[dict[str, Any]]):
        class ConnectionSerializer(serializers.Serializer[Connection]):
            connection_id = serializers.UUIDField(source="pk")
            mode = serializers.ChoiceField(choices=["live", "test"])
            method = serializers.ChoiceField(choices=Connection.Method.choices)
            status = serializers.ChoiceField(choices=Connection.Status.choices)
            status_reason = serializers.CharField()
            healthy = serializers.SerializerMethodField(
                help_text="Nothing is wrong and every kind of data is fresh."
            )
            stripe_account_id = serializers.CharField(help_text="Empty where the key may not tell.")
            display_name = serializers.CharField()
            permissions = serializers.SerializerMethodField(
                help_text="Permission name → granted, missing, unknown."
            )
            last_event_at = serializers.DateTimeField(allow_null=True)
            last_catalogue_at = serializers.DateTimeField(allow_null=True)
            last_identities_at = serializers.DateTimeField(allow_null=True)
            last_reconciliation_at = serializers.DateTimeField(allow_null=True)

            def get_healthy(self, connection: Connection) -> bool:
                trouble = selectors.endpoint_trouble(connection)
                return is_healthy(read_signs(connection, now=timezone.now(), endpoint_trouble=trouble))

            def get_permissions(self, connection: Connection) -> dict[str, str]:
                if connection.method == Connection.Method.CONNECT:
                    return {}
                return {row.permission.name: row.state for row in describe_permissions(connection.permissions)}

        serving = serializers.UUIDField(allow_null=True, help_text="The connection that serves live traffic.")
        connections = ConnectionSerializer(many=True)

    @extend_schema(operation_id="connection", responses=OutputSerializer)
    def get(self, request: Request) -> Response:
        app = calling_app(request)
        serving = selectors.serving_connection(app_id=app.id)
        answer = {
            "serving": serving.pk if serving else None,
            "connections": selectors.app_connections(app_id=app.id),
        }
        return Response(self.OutputSerializer(answer).data)
