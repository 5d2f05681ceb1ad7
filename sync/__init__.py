"""Stripe to traits: webhooks, mirrors, projection, identities, catalogue, reconciliation."""
