"""The demo's tenant in the stand-in console: a Company, an App, one person per role, a prompt and end users."""

from dataclasses import dataclass

from connector.host import Role
from engage_stripe.standalone import services
from engage_stripe.standalone.models import App, ConsoleUser

COMPANY = "Northwind Video"
APP = "northwind.example"
PROMPT = "go-pro"
PASSWORD = "try-the-demo"  # noqa: S105  printed for whoever runs the demo, on loopback only
PEOPLE = {
    Role.COMPANY_ADMIN: ("Carla Company", "carla@northwind.example"),
    Role.APP_ADMIN: ("Ada App", "ada@northwind.example"),
    Role.APP_MEMBER: ("Max Member", "max@northwind.example"),
    Role.READ_ONLY: ("Rita Reader", "rita@northwind.example"),
}
END_USERS = 200


@dataclass(frozen=True, slots=True)
class Tenant:
    """The demo's App and a fresh API key for it: only a hash of the key is kept, so every run rotates it."""

    app: App
    api_key: str
    is_new: bool


def end_user_ids() -> list[str]:
    return [f"user-{number:03}" for number in range(1, END_USERS + 1)]


def open_tenant() -> Tenant:
    """The demo's Company and App, found again where an earlier run made them."""
    app = App.objects.filter(company__name=COMPANY, name=APP).first()
    if app is not None:
        return Tenant(app, services.rotate_api_key(app=app), is_new=False)
    app, api_key = services.create_app(
        company_name=COMPANY, name=APP, timezone="Europe/Vienna", domains=["northwind.example"]
    )
    for role, (name, email) in PEOPLE.items():
        if not ConsoleUser.objects.filter(email=email).exists():
            services.create_console_user(app=app, email=email, name=name, role=role, password=PASSWORD)
    for key, name in (
        (PROMPT, "Go Pro"),
        ("stay-with-us", "Stay with us"),
        ("card-declined", "Your card was declined"),
    ):
        services.create_prompt(app=app, key=key, name=name)
    services.create_end_users(app=app, user_ids=end_user_ids())
    return Tenant(app, api_key, is_new=True)
