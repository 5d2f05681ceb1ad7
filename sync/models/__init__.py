"""The sync app's tables."""

from sync.models.catalogue import Coupon, Price, Product, PromotionCode
from sync.models.events import StripeEvent
from sync.models.identities import Identity, UserTraits
from sync.models.mirrors import Customer, Discount, PaymentMethod, RefreshRequest, Subscription
from sync.models.runs import RowError, SyncRun

__all__ = [
    "Coupon",
    "Customer",
    "Discount",
    "Identity",
    "PaymentMethod",
    "Price",
    "Product",
    "PromotionCode",
    "RefreshRequest",
    "RowError",
    "StripeEvent",
    "Subscription",
    "SyncRun",
    "UserTraits",
]
