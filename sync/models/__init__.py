"""The sync app's tables."""

from sync.models.catalogue import Coupon, Price, Product, PromotionCode
from sync.models.events import StripeEvent
from sync.models.identities import Identity, TraitHistory, UserTraits
from sync.models.mirrors import Customer, Discount, PaymentMethod, RefreshRequest, Subscription
from sync.models.runs import (
    Drift,
    IdentitySource,
    Night,
    PendingProjection,
    RowError,
    RunRange,
    SyncRun,
)

__all__ = [
    "Coupon",
    "Customer",
    "Discount",
    "Drift",
    "Identity",
    "IdentitySource",
    "Night",
    "PaymentMethod",
    "PendingProjection",
    "Price",
    "Product",
    "PromotionCode",
    "RefreshRequest",
    "RowError",
    "RunRange",
    "StripeEvent",
    "Subscription",
    "SyncRun",
    "TraitHistory",
    "UserTraits",
]
