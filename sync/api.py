"""The server-to-server API of traits."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from connector.api_authentication import calling_app
from connector.api_input import read_input
from sync.selectors import PAGE, changed_users, describe_user


class _Traits(serializers.Serializer[dict[str, Any]]):
    """The fifteen traits, null where there is none."""

    subscription_status = serializers.CharField()
    delinquent = serializers.BooleanField(allow_null=True)
    current_period_start = serializers.DateTimeField(allow_null=True)
    current_period_end = serializers.DateTimeField(allow_null=True)
    canceled_at = serializers.DateTimeField(allow_null=True)
    cancel_at_period_end = serializers.BooleanField(allow_null=True)
    trial_start = serializers.DateTimeField(allow_null=True)
    trial_end = serializers.DateTimeField(allow_null=True)
    subscription_plan = serializers.CharField(allow_null=True)
    recurring_interval = serializers.CharField(allow_null=True)
    coupon = serializers.CharField(allow_null=True)
    payment_card_brand = serializers.CharField(allow_null=True)
    payment_card_country = serializers.CharField(allow_null=True)
    payment_card_expiration = serializers.DateField(allow_null=True)
    payment_card_wallet_type = serializers.CharField(allow_null=True)


class _User(serializers.Serializer[dict[str, Any]]):
    user_id = serializers.CharField()
    traits = _Traits()
    updated_at = serializers.DateTimeField(allow_null=True)
    stale = serializers.BooleanField(
        help_text="Stripe is about to be asked, was not asked yet, or cannot be asked."
    )


class _Page(serializers.Serializer[dict[str, Any]]):
    results = _User(many=True)
    cursor = serializers.CharField(help_text="Continues here, now or after the next change.")
    has_more = serializers.BooleanField()


class _Query(serializers.Serializer[dict[str, Any]]):
    updated_since = serializers.DateTimeField(required=False, help_text="ISO 8601; ignored with a cursor.")
    cursor = serializers.CharField(required=False)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=PAGE)


class UserTraitsView(APIView):
    """``users/{user_id}/traits/``"""

    @extend_schema(operation_id="read_user_traits", responses=_User)
    def get(self, request: Request, user_id: str) -> Response:
        return Response(describe_user(app_id=calling_app(request).id, user_id=user_id))


class TraitsView(APIView):
    """``traits/``: who changed, oldest change first."""

    @extend_schema(operation_id="list_changed_traits", parameters=[_Query], responses=_Page)
    def get(self, request: Request) -> Response:
        query = read_input(_Query, request.query_params)
        page = changed_users(app_id=calling_app(request).id, **query)
        return Response({"results": page.results, "cursor": page.cursor, "has_more": page.has_more})
