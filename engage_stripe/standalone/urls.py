"""Addresses of the stand-in console."""

from django.urls import URLPattern, URLResolver

app_name = "standalone"
urlpatterns: list[URLPattern | URLResolver] = []
