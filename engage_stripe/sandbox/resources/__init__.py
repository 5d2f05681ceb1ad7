"""Every endpoint and every object shape, listed; a new resource adds one line to each."""

from engage_stripe.sandbox.resources import customers, prices, products
from engage_stripe.sandbox.routing import Route
from engage_stripe.sandbox.shapes import Shapes

ROUTES: tuple[Route, ...] = (
    *customers.ROUTES,
    *prices.ROUTES,
    *products.ROUTES,
)

SHAPES: Shapes = {
    **customers.SHAPES,
    **prices.SHAPES,
    **products.SHAPES,
}
