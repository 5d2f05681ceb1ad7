"""The account connection: credentials, permissions, OAuth, and the one gateway to Stripe."""
