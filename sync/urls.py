"""Addresses of this app."""

from django.urls import URLPattern, URLResolver

app_name = "stripe_sync"
urlpatterns: list[URLPattern | URLResolver] = []
