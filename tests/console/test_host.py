"""The stand-in console as the connector's host."""

import uuid

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from pytest_django import DjangoAssertNumQueries

from connector.host import Role, get_host
from engage_stripe.standalone import services
from engage_stripe.standalone.host import SESSION_KEY, StandaloneHost
from engage_stripe.standalone.models import App, ConsoleUser
from tests.factories import Tenant, make_app, make_end_user, make_prompt

pytestmark = pytest.mark.django_db


def request_of(user: ConsoleUser | AnonymousUser, *, chosen: uuid.UUID | None = None) -> HttpRequest:
    request = HttpRequest()
    request.user = user
    request.session = SessionStore()
    if chosen:
        request.session[SESSION_KEY] = str(chosen)
    return request


def test_it_is_the_configured_host() -> None:
    assert isinstance(get_host(), StandaloneHost)


@pytest.mark.parametrize("role", list(Role))
def test_it_tells_each_role_in_its_own_app_only(role: Role) -> None:
    tenant, other = make_app(), make_app()
    request = request_of(tenant.user(role))

    assert get_host().current_app(request) == tenant.app
    assert get_host().role(request, tenant.id) is role
    assert get_host().role(request, other.id) is None


def test_it_has_no_app_and_no_role_for_a_stranger() -> None:
    tenant = make_app()
    request = request_of(AnonymousUser())

    assert get_host().current_app(request) is None
    assert get_host().role(request, tenant.id) is None


def test_it_lets_a_company_admin_into_every_app_of_the_company_and_no_other() -> None:
    shop = make_app(company="Acme", name="Shop")
    blog = make_app(company="Acme", name="Blog")
    stranger = make_app()
    admin = shop.user(Role.COMPANY_ADMIN)

    assert get_host().role(request_of(admin), blog.id) is Role.COMPANY_ADMIN
    assert get_host().role(request_of(admin), stranger.id) is None
    assert [app.name for app in admin.roles] == ["Blog", "Shop"]


def test_it_takes_the_stronger_of_two_roles() -> None:
    tenant = make_app()
    user = tenant.user(Role.READ_ONLY)
    services.grant_role(user=user, app=App.objects.get(id=tenant.id), role=Role.COMPANY_ADMIN)

    assert get_host().role(request_of(user), tenant.id) is Role.COMPANY_ADMIN


def test_it_works_in_the_chosen_app_while_the_user_still_has_it() -> None:
    blog = make_app(company="Acme", name="Blog")
    shop = make_app(company="Acme", name="Shop")
    admin = shop.user(Role.COMPANY_ADMIN)
    foreign = make_app()

    assert get_host().current_app(request_of(admin, chosen=shop.id)) == shop.app
    assert get_host().current_app(request_of(admin, chosen=foreign.id)) == blog.app


def test_it_finds_all_apps_of_the_company_of_an_app() -> None:
    shop = make_app(company="Acme", name="Shop")
    blog = make_app(company="Acme", name="Blog")
    make_app()

    assert get_host().apps_of_company(shop.id) == [blog.app, shop.app]


def test_it_accepts_only_the_current_api_key_of_the_app() -> None:
    tenant, other = make_app(), make_app()
    host = get_host()
    assert host.authenticate_api(str(tenant.id), tenant.api_key) == tenant.app

    new_key = services.rotate_api_key(app=App.objects.get(id=tenant.id))

    assert host.authenticate_api(str(tenant.id), tenant.api_key) is None
    assert host.authenticate_api(str(tenant.id), new_key) == tenant.app
    assert host.authenticate_api(str(tenant.id), other.api_key) is None
    assert host.authenticate_api(str(uuid.uuid4()), new_key) is None
    assert host.authenticate_api("not-an-id", new_key) is None


def test_it_keeps_no_api_key() -> None:
    tenant = make_app()

    assert tenant.api_key not in str(App.objects.filter(id=tenant.id).values().get())


def test_it_names_the_people_who_may_change_settings() -> None:
    tenant = make_app()
    for role in Role:
        tenant.user(role)
    gone = tenant.user(Role.APP_ADMIN)
    gone.is_active = False
    gone.save()
    make_app().user(Role.COMPANY_ADMIN)

    assert [name for name, _ in get_host().admins(tenant.id)] == ["App admin", "Company admin"]


def test_it_keeps_prompts_and_end_users_apart_by_app() -> None:
    tenant, other = make_app(), make_app()
    make_prompt(tenant, key="win-back", name="Win back", test_user_ids=["u1"])
    make_end_user(tenant, user_id="u1")

    assert [prompt.name for prompt in get_host().prompts(tenant.id)] == ["Win back"]
    assert get_host().prompt(tenant.id, "win-back") == get_host().prompts(tenant.id)[0]
    assert get_host().knows_user(tenant.id, "u1")
    assert get_host().prompts(other.id) == []
    assert get_host().prompt(other.id, "win-back") is None
    assert not get_host().knows_user(other.id, "u1")


def test_it_reads_a_person_s_roles_in_a_constant_number_of_queries(
    tenant: Tenant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        make_app(company=tenant.app.company_name, name=f"App {number}")
    request = request_of(tenant.user(Role.COMPANY_ADMIN))

    with django_assert_num_queries(3):
        get_host().current_app(request)
        get_host().role(request, tenant.id)


@pytest.fixture
def tenant() -> Tenant:
    return make_app()
