"""The one API version that requests may use: the one the project's SDK release pins.

https://docs.stripe.com/changelog
"""

API_VERSION = "2026-10-28.endive"
