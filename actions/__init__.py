"""Prompts to Stripe: the registry of billing actions and their execution."""
