"""The server-to-server API of the catalogue: plans, coupons and promotion codes as the pickers show them."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from connector.api_authentication import calling_app
from connector.api_input import read_input
from sync.catalogue_selectors import Found, search_coupons, search_plans, search_promotion_codes
from sync.connections import connection_of


class _Query(serializers.Serializer[dict[str, Any]]):
    q = serializers.CharField(default="", allow_blank=True, max_length=255, help_text="Part of a name or an id.")
    archived = serializers.BooleanField(default=False, help_text="Also what can no longer be used.")
    page = serializers.IntegerField(default=1, min_value=1, max_value=10_000)


class _Words(serializers.Serializer[Any]):
    """What every entry has beside Stripe's own fields."""

    words = serializers.CharField(source="label", help_text="As designers see it.")
    unusable_because = serializers.CharField(source="why_not", help_text="Empty while it can be used.")


class _Plan(_Words):
    """``unit_amount`` is in minor units, null for tiered prices."""

    price = serializers.CharField(source="stripe_id")
    product = serializers.CharField(source="row.product")
    product_name = serializers.CharField(source="group")
    currency = serializers.CharField(source="row.currency")
    unit_amount = serializers.DecimalField(
        24, 12, source="row.unit_amount", normalize_output=True, allow_null=True
    )
    interval = serializers.CharField(source="row.interval")
    interval_count = serializers.IntegerField(source="row.interval_count")
    usage_type = serializers.CharField(source="row.usage_type", allow_null=True)


class _Coupon(_Words):
    coupon = serializers.CharField(source="stripe_id")
    name = serializers.CharField(source="row.name", allow_null=True)
    percent_off = serializers.DecimalField(9, 6, source="row.percent_off", normalize_output=True, allow_null=True)
    amount_off = serializers.IntegerField(source="row.amount_off", allow_null=True)
    currency = serializers.CharField(source="row.currency", allow_null=True)
    duration = serializers.CharField(source="row.duration")
    duration_in_months = serializers.IntegerField(source="row.duration_in_months", allow_null=True)


class _Code(_Words):
    promotion_code = serializers.CharField(source="stripe_id")
    code = serializers.CharField(source="row.code")
    coupon = serializers.CharField(source="row.coupon", allow_null=True)


class _Plans(serializers.Serializer[Found]):
    results = _Plan(many=True, source="entries")
    total = serializers.IntegerField()
    has_more = serializers.BooleanField()


class _Coupons(serializers.Serializer[Found]):
    results = _Coupon(many=True, source="entries")
    total = serializers.IntegerField()
    has_more = serializers.BooleanField()


class _Codes(serializers.Serializer[Found]):
    results = _Code(many=True, source="entries")
    total = serializers.IntegerField()
    has_more = serializers.BooleanField()


class PlansView(APIView):
    """``catalogue/plans/``: recurring prices, grouped by product."""

    @extend_schema(operation_id="list_plans", parameters=[_Query], responses=_Plans)
    def get(self, request: Request) -> Response:
        return Response(_Plans(_search(request, search_plans)).data)


class CouponsView(APIView):
    """``catalogue/coupons/``"""

    @extend_schema(operation_id="list_coupons", parameters=[_Query], responses=_Coupons)
    def get(self, request: Request) -> Response:
        return Response(_Coupons(_search(request, search_coupons)).data)


class PromotionCodesView(APIView):
    """``catalogue/promotion-codes/``"""

    @extend_schema(operation_id="list_promotion_codes", parameters=[_Query], responses=_Codes)
    def get(self, request: Request) -> Response:
        return Response(_Codes(_search(request, search_promotion_codes)).data)


def _search(request: Request, search: Callable[..., Found]) -> Found:
    wanted = read_input(_Query, request.query_params)
    connection = connection_of(calling_app(request).id)
    return search(connection, query=wanted["q"], archived=wanted["archived"], page=wanted["page"])
