"""Sign-in, sign-out and the switch between Apps."""

import uuid

import pytest
from django.test import Client

from connector.host import Role
from engage_stripe.standalone import services, throttle
from engage_stripe.standalone.models import App, ConsoleUser
from tests.factories import make_app

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def user() -> ConsoleUser:
    app = App.objects.get(id=make_app().id)
    email = f"{uuid.uuid4().hex}@example.com"
    return services.create_console_user(app=app, email=email, name="Ada", role=Role.APP_ADMIN, password=PASSWORD)


def attempt(client: Client, user: ConsoleUser, password: str = PASSWORD, **fields: str) -> int:
    response = client.post("/sign-in/", {"email": user.email, "password": password, **fields})
    return response.status_code


def is_signed_in(client: Client) -> bool:
    return client.get("/prompts/").status_code == 200


def test_it_signs_in_by_email_whatever_its_capitals(user: ConsoleUser) -> None:
    client = Client()
    response = client.post("/sign-in/", {"email": user.email.upper(), "password": PASSWORD})

    assert response.headers["Location"] == "/"
    assert is_signed_in(client)


def test_it_changes_the_session_id_at_sign_in(user: ConsoleUser) -> None:
    client = Client()
    client.session.save()
    client.cookies["sessionid"] = "chosen-by-someone-else"
    attempt(client, user)

    assert client.cookies["sessionid"].value != "chosen-by-someone-else"


def test_it_says_the_same_for_a_wrong_password_and_an_unknown_email(user: ConsoleUser) -> None:
    wrong = Client().post("/sign-in/", {"email": user.email, "password": "wrong password"})
    email = f"{uuid.uuid4().hex}@example.com"  # attempts are counted across runs of the tests
    unknown = Client().post("/sign-in/", {"email": email, "password": "wrong password"})

    for response in (wrong, unknown):
        assert response.status_code == 400
        assert "This email and password do not match." in response.content.decode()


def test_it_refuses_a_person_who_was_deactivated(user: ConsoleUser) -> None:
    ConsoleUser.objects.filter(id=user.id).update(is_active=False)

    assert attempt(Client(), user) == 400


def test_it_pauses_after_too_many_wrong_passwords_even_for_the_right_one(user: ConsoleUser) -> None:
    client = Client()
    for _ in range(throttle.ATTEMPTS):
        assert attempt(client, user, "wrong password") == 400

    assert attempt(client, user) == 429
    assert not is_signed_in(client)
    other_address = client.post("/sign-in/", {"email": user.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    assert other_address.status_code == 302


def test_it_forgets_wrong_passwords_after_a_right_one(user: ConsoleUser) -> None:
    for _ in range(2):
        for _ in range(throttle.ATTEMPTS - 1):
            attempt(Client(), user, "wrong password")
        assert attempt(Client(), user) == 302


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:///evil.example"],
)
def test_it_never_redirects_to_another_site(user: ConsoleUser, address: str) -> None:
    client = Client()
    response = client.post("/sign-in/", {"email": user.email, "password": PASSWORD, "next": address})
    assert response.headers["Location"] == "/"

    assert client.get("/sign-in/", {"next": address}).headers["Location"] == "/"
    switched = client.post("/switch-app/", {"next": address})
    assert switched.headers["Location"] == "/"


def test_it_returns_to_the_page_that_asked_for_the_sign_in(user: ConsoleUser) -> None:
    client = Client()
    asked = client.get("/prompts/?page=2")
    assert asked.headers["Location"] == "/sign-in/?next=/prompts/%3Fpage%3D2"

    response = client.post(asked.headers["Location"], {"email": user.email, "password": PASSWORD})

    assert response.headers["Location"] == "/prompts/?page=2"


def test_it_reloads_a_page_whose_session_ended_under_it() -> None:
    response = Client().get("/sign-in/", headers={"HX-Request": "true"})

    assert response.headers["HX-Refresh"] == "true"


def test_it_signs_out_by_post_only(user: ConsoleUser) -> None:
    client = Client()
    attempt(client, user)
    assert client.get("/sign-out/").status_code == 405
    assert is_signed_in(client)

    assert client.post("/sign-out/").headers["Location"] == "/sign-in/"
    assert not is_signed_in(client)


def test_it_tells_a_person_without_an_app_whom_to_ask() -> None:
    client = Client()
    client.force_login(ConsoleUser.objects.create(email="alone@example.com", name="Alone"))

    page = client.get("/prompts/", follow=True)

    assert "You have no App yet" in page.content.decode()


def test_it_switches_between_the_user_s_apps() -> None:
    make_app(company="Acme", name="Blog")
    shop = make_app(company="Acme", name="Shop")
    client = shop.client(Role.COMPANY_ADMIN)
    assert client.get("/prompts/").context["current_app"].name == "Blog"

    client.post("/switch-app/", {"app_id": str(shop.id), "next": "/prompts/"})

    assert client.get("/prompts/").context["current_app"] == shop.app


@pytest.mark.parametrize("role", list(Role))
def test_it_does_not_switch_to_an_app_of_another_company(role: Role) -> None:
    tenant, other = make_app(), make_app()
    client = tenant.client(role)

    client.post("/switch-app/", {"app_id": str(other.id)})

    assert client.get("/prompts/").context["current_app"] == tenant.app


def test_it_asks_a_stranger_to_sign_in_before_a_switch() -> None:
    response = Client().post("/switch-app/", {"app_id": str(make_app().id)})

    assert response.headers["Location"].startswith("/sign-in/")
