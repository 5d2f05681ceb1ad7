"""Every endpoint and every object shape, listed; a new resource adds one line to each."""

from engage_stripe.sandbox.resources import coupons, customers, prices, products, promotion_codes
from engage_stripe.sandbox.routing import Route
from engage_stripe.sandbox.shapes import Shapes

ROUTES: tuple[Route, ...] = (
    *coupons.ROUTES,
    *customers.ROUTES,
    *prices.ROUTES,
    *products.ROUTES,
    *promotion_codes.ROUTES,
)

SHAPES: Shapes = {
    **coupons.SHAPES,
    **customers.SHAPES,
    **prices.SHAPES,
    **products.SHAPES,
    **promotion_codes.SHAPES,
}
