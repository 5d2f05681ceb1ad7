"""One file per Stripe resource: its handlers, routes and shapes; registry.py lists them."""
