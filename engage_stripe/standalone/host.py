"""The host seam as the stand-in console fills it."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import F, Q
from django.http import HttpRequest

from connector.host import HostApp, HostPrompt, Role
from connector.prepared import Prepared, given
from engage_stripe.standalone import api_keys
from engage_stripe.standalone.models import App, ConsoleUser, EndUser, Prompt

SESSION_KEY = "app_id"

# Every API request asks for these.
_APP = Prepared(
    lambda: App.objects.annotate(company_name=F("company__name")).filter(id=given("id"))  # type: ignore[no-redef]  # fills the property
)
_PROMPT = Prepared(lambda: Prompt.objects.filter(app=given("app"), key=given("key")))


class StandaloneHost:
    """Answers the connector's questions from the stand-in's own tables (``connector.host.EngageHost``)."""

    def current_app(self, request: HttpRequest) -> HostApp | None:
        """The App chosen in the switcher while the user still has it, else the first of the user's Apps."""
        apps = list(_roles(request))
        chosen = request.session.get(SESSION_KEY)
        app = next((app for app in apps if str(app.id) == chosen), apps[0] if apps else None)
        return _host_app(app) if app else None

    def role(self, request: HttpRequest, app_id: UUID) -> Role | None:
        return next((role for app, role in _roles(request).items() if app.id == app_id), None)

    def app(self, app_id: UUID) -> HostApp | None:
        app = _APP.first(id=app_id)
        return _host_app(app) if app else None

    def apps_of_company(self, app_id: UUID) -> Sequence[HostApp]:
        apps = App.objects.select_related("company").filter(company__apps__id=app_id).order_by("name")
        return [_host_app(app) for app in apps]

    def has_domain(self, domain: str) -> bool:
        return App.objects.filter(domains__contains=[domain]).exists()

    def authenticate_api(self, app_id: str, api_key: str) -> HostApp | None:
        try:
            app = _APP.first(id=UUID(app_id))
        except ValueError:
            return None
        return _host_app(app) if app and api_keys.matches(api_key, app.api_key_hash) else None

    def admins(self, app_id: UUID) -> Sequence[tuple[str, str]]:
        admins = ConsoleUser.objects.filter(
            Q(memberships__app=app_id, memberships__role=Role.APP_ADMIN)
            | Q(memberships__company__apps=app_id, memberships__role=Role.COMPANY_ADMIN),
            is_active=True,
        )
        return list(admins.order_by("name").distinct().values_list("name", "email"))

    def prompts(self, app_id: UUID) -> Sequence[HostPrompt]:
        return [_host_prompt(prompt) for prompt in Prompt.objects.filter(app=app_id)]

    def prompt(self, app_id: UUID, prompt_id: str) -> HostPrompt | None:
        prompt = _PROMPT.first(app=app_id, key=prompt_id)
        return _host_prompt(prompt) if prompt else None

    def adopt_prompt(self, app_id: UUID, prompt_id: str) -> HostPrompt | None:
        prompt, _ = Prompt.objects.get_or_create(app_id=app_id, key=prompt_id, defaults={"name": prompt_id})
        return _host_prompt(prompt)

    def knows_user(self, app_id: UUID, user_id: str) -> bool:
        return EndUser.objects.filter(app=app_id, user_id=user_id).exists()


def _roles(request: HttpRequest) -> dict[App, Role]:
    return request.user.roles if isinstance(request.user, ConsoleUser) else {}


def _host_app(app: App) -> HostApp:
    return HostApp(
        id=app.id,
        name=app.name,
        company_name=app.company_name,
        timezone=app.timezone,
        domains=tuple(app.domains),
    )


def _host_prompt(prompt: Prompt) -> HostPrompt:
    return HostPrompt(id=prompt.key, name=prompt.name, test_user_ids=tuple(prompt.test_user_ids))
