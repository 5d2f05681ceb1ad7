"""The API's bodies, as ``docs/api`` and the OpenAPI schema show them."""

from rest_framework import serializers

from actions.models import OnError, Status


class ActionSerializer(serializers.Serializer[object]):
    """One configured action."""

    action = serializers.CharField(max_length=64)
    parameters = serializers.DictField(default=dict)
    target = serializers.ListField(
        child=serializers.CharField(max_length=255), allow_null=True, default=None, max_length=50
    )
    on_error = serializers.ChoiceField(choices=OnError.choices, default=OnError.STOP)
    enabled = serializers.BooleanField(default=True)


class ExecuteSerializer(serializers.Serializer[object]):
    user_id = serializers.CharField(max_length=512)
    idempotency_key = serializers.CharField(max_length=255, required=False, allow_null=True)


class UserSerializer(serializers.Serializer[object]):
    user_id = serializers.CharField(max_length=512)


class OutcomeSerializer(serializers.Serializer[object]):
    action = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    message = serializers.CharField()
    retryable = serializers.BooleanField()
    code = serializers.CharField(required=False)
    url = serializers.URLField(required=False)
    apply_at = serializers.DateTimeField(required=False)


class ExecutionSerializer(serializers.Serializer[object]):
    execution_id = serializers.UUIDField()
    outcomes = OutcomeSerializer(many=True)
