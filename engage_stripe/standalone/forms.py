"""The sign-in form."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate

from engage_stripe.standalone import throttle
from engage_stripe.standalone.models import ConsoleUser


class SignInForm(forms.Form):
    """Email and password; ``user`` is the person after ``is_valid()``. Never says which of the two was wrong."""

    email = forms.EmailField(widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}))
    password = forms.CharField(strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))

    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address
        self.user: ConsoleUser | None = None

    def clean(self) -> dict[str, Any]:
        email, password = self.cleaned_data.get("email"), self.cleaned_data.get("password")
        if not email or not password:
            return self.cleaned_data
        if not throttle.count_attempt(address=self.address, email=email):
            raise forms.ValidationError(
                "Too many failed sign-ins. Wait 15 minutes, then try again.", code="throttled"
            )
        user = authenticate(username=email, password=password)
        if not isinstance(user, ConsoleUser):
            raise forms.ValidationError("This email and password do not match. Check both and try again.")
        throttle.forget_attempts(address=self.address, email=email)
        self.user = user
        return self.cleaned_data
