"""What creates the stand-in's Companies, Apps, people, prompts and end users."""

from collections.abc import Iterable, Sequence
from functools import cache
from zoneinfo import available_timezones

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from connector.errors import ConflictError, InvalidInputError
from connector.host import Role
from engage_stripe.standalone.api_keys import hash_api_key, new_api_key
from engage_stripe.standalone.models import App, Company, ConsoleUser, EndUser, Membership, Prompt


@transaction.atomic
def create_app(
    *, company_name: str, name: str, timezone: str = "UTC", domains: Sequence[str] = ()
) -> tuple[App, str]:
    """A new App of the Company, which is created too where there is none of that name.

    Returns the App and its API key, which cannot be read again. Raises InvalidInputError for a time zone that is
    not an IANA name.
    """
    if timezone not in _timezones():
        raise InvalidInputError(
            "unknown_timezone", f"“{timezone}” is no time zone. Use an IANA name such as Europe/Vienna."
        )
    company, _ = Company.objects.get_or_create(name=company_name)
    api_key = new_api_key()
    app = App.objects.create(
        company=company,
        name=name,
        timezone=timezone,
        domains=list(domains),
        api_key_hash=hash_api_key(api_key),
    )
    return app, api_key


@cache
def _timezones() -> set[str]:
    """Finding them walks through hundreds of files."""
    return available_timezones()


def rotate_api_key(*, app: App) -> str:
    """A new API key for the App; the old one stops working at once."""
    api_key = new_api_key()
    app.api_key_hash = hash_api_key(api_key)
    app.save(update_fields=["api_key_hash"])
    return api_key


@transaction.atomic
def create_console_user(*, app: App, email: str, name: str, role: Role, password: str) -> ConsoleUser:
    """A person who signs in with ``role`` in the App; a Company admin has every App of its Company.

    Raises InvalidInputError for a weak password and ConflictError for an email that is taken.
    """
    user = ConsoleUser(email=email.strip().lower(), name=name)
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInputError("weak_password", " ".join(error.messages)) from error
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise ConflictError("email_taken", f"{user.email} can sign in already.") from error
    grant_role(user=user, app=app, role=role)
    return user


def grant_role(*, user: ConsoleUser, app: App, role: Role) -> None:
    """Gives the role in the App, instead of the one held there before."""
    Membership.objects.update_or_create(
        user=user,
        company=app.company,
        app=None if role is Role.COMPANY_ADMIN else app,
        defaults={"role": role},
    )


def create_prompt(*, app: App, key: str, name: str, test_user_ids: Sequence[str] = ()) -> Prompt:
    """A prompt, or the one that has this key already."""
    prompt, _ = Prompt.objects.update_or_create(
        app=app, key=key, defaults={"name": name, "test_user_ids": list(test_user_ids)}
    )
    return prompt


def create_end_users(*, app: App, user_ids: Iterable[str]) -> None:
    """End users that the host has seen; those it knows already stay."""
    EndUser.objects.bulk_create(
        [EndUser(app=app, user_id=user_id) for user_id in user_ids], batch_size=5_000, ignore_conflicts=True
    )
