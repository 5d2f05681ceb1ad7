"""The connector running on its own: settings, processes, a stand-in console and a sandbox Stripe."""
