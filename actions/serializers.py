"""The API's bodies, as ``docs/api`` and the OpenAPI schema show them."""

from rest_framework import serializers

from actions.models import Interaction, OnError, Status


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


class ClickTokenRequestSerializer(serializers.Serializer[object]):
    prompt_id = serializers.CharField(max_length=255)
    interaction = serializers.ChoiceField(choices=Interaction.choices)
    user_id = serializers.CharField(max_length=512)


class ClickTokenSerializer(serializers.Serializer[object]):
    token = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")


class ClickSerializer(serializers.Serializer[object]):
    token = serializers.CharField(max_length=4096)


class AvailableActionSerializer(serializers.Serializer[object]):
    action = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a name the stubs use
    description = serializers.CharField()
    parameters = serializers.DictField(help_text="A JSON schema.")
    statuses = serializers.ListField(child=serializers.CharField())
    available = serializers.BooleanField()
    why_not = serializers.CharField(allow_null=True)
    missing_permissions = serializers.ListField(child=serializers.CharField())
    missing_optional_permissions = serializers.DictField(child=serializers.CharField())


class NextInvoiceSerializer(serializers.Serializer[object]):
    """``at`` is epoch seconds; ``instead_of`` is the amount without the change, null where that is not compared."""

    amount = serializers.IntegerField()
    at = serializers.IntegerField()
    instead_of = serializers.IntegerField(allow_null=True)


class AmountsSerializer(serializers.Serializer[object]):
    """Minor units of ``currency``. Not ``exact``: our own estimate, before tax and the customer's balance."""

    currency = serializers.CharField()
    due_now = serializers.IntegerField(help_text="Charged or invoiced at once.")
    proration = serializers.IntegerField(
        help_text="What is added to or taken off the running period, wherever it is billed."
    )
    next_invoice = NextInvoiceSerializer(allow_null=True)
    exact = serializers.BooleanField(help_text="Stripe's own figures.")


class PreviewSerializer(serializers.Serializer[object]):
    action = serializers.CharField()
    summary = serializers.CharField()
    status = serializers.CharField(help_text="ready, or the outcome that comes without a request.")
    message = serializers.CharField()
    effect = serializers.CharField(
        help_text="What it means for the user, in words; empty where amounts say it all."
    )
    amounts = AmountsSerializer(allow_null=True)
