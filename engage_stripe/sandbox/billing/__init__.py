"""Stripe's billing rules: pure arithmetic first, then the transitions that write to an account."""
