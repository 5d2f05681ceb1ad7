"""Addresses of the stand-in console."""

from django.urls import path

from engage_stripe.standalone import views

app_name = "standalone"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("switch-app/", views.switch_app, name="switch_app"),
    path("prompts/", views.prompts, name="prompts"),
    path("settings/actions/", views.connectors, name="connectors"),
]
