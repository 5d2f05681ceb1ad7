"""Addresses of this app."""

from django.urls import URLPattern, URLResolver

app_name = "stripe_connector"
urlpatterns: list[URLPattern | URLResolver] = []
