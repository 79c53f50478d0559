"""Django's settings, built from `paas.configuration`: change values there or in the environment, shapes here."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy
from kombu.entity import Exchange, Queue
from psycopg.conninfo import conninfo_to_dict

from paas.configuration import load
from paas.logs import configure

django_stubs_ext.monkeypatch()

DOUGONG = load()
BASE_DIR = Path(__file__).resolve().parent.parent

# --- Django ---

SECRET_KEY = DOUGONG.secret_key.get_secret_value()
DEBUG = DOUGONG.debug
ALLOWED_HOSTS = list(DOUGONG.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(DOUGONG.csrf_trusted_origins)

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "guardian",
    "knox",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_structlog",
    "paas.core",
    "paas.identity",
    "clusters",
    "apps",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Below the static files, which need neither a log line nor a policy each.
    "django_structlog.middlewares.RequestMiddleware",
    "paas.core.metrics.RequestMetricsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "paas.core.audit.middleware.AuditMiddleware",
    "paas.core.language.ConsoleLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "paas.identity.second_factor.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "paas.core.addresses.NoNulMiddleware",
]

ROOT_URLCONF = "paas.urls"
CSRF_FAILURE_VIEW = "paas.core.error_pages.csrf_failure"
ASGI_APPLICATION = "paas.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "paas.formats"
TIME_ZONE = "UTC"
USE_TZ = True

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
            ]
        },
    }
]


def _database() -> dict[str, Any]:
    """DATABASE_URL in Django's words; what Django has no word for goes to psycopg as it is."""
    parts: dict[str, Any] = dict(conninfo_to_dict(DOUGONG.database_url))
    database: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", ""),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": parts,
    }
    # Who stops in the middle of a transaction (a frozen worker) is not to hold its locks for longer than a lease.
    parts["options"] = f"{parts.get('options', '')} -c idle_in_transaction_session_timeout=30s".strip()
    if DOUGONG.database_pool:
        # A connection that cannot be made is given up soon, so that whoever asks next tries anew.
        database["OPTIONS"]["pool"] = {
            "min_size": 1, "max_size": DOUGONG.database_pool, "timeout": 10, "reconnect_timeout": 5,
        }  # fmt: skip
    else:
        database["CONN_MAX_AGE"] = None if DOUGONG.database_keep else 0
    # One that was kept may be of a PostgreSQL that has restarted since.
    database["CONN_HEALTH_CHECKS"] = bool(DOUGONG.database_pool) or DOUGONG.database_keep
    return database


DATABASES = {"default": _database()}

# Attempts to sign in, and codes that are used up, are counted by all processes together, and not in Valkey.
CACHES = {"default": {"BACKEND": "paas.core.shared_cache.SharedCache"}}

STATIC_URL = "/static/"
STATICFILES_DIRS = [path for path in (BASE_DIR / "static",) if path.is_dir()]
# Served from the packages themselves: there is no collectstatic step to forget.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# --- Who and what may ---

AUTH_USER_MODEL = "identity.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "guardian.backends.ObjectPermissionBackend"]
if DOUGONG.ldap_uris:
    AUTHENTICATION_BACKENDS.insert(1, "paas.identity.ldap.backend.DirectoryBackend")
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 10}  # type: ignore[assignment]  # Django's own shape
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")

# Who signs in has been given an account: nobody makes one for themselves, and mail plays no part.
ACCOUNT_ADAPTER = "paas.identity.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
# "10/min" is "10/m" there.
_ATTEMPTS = DOUGONG.login_rate[: DOUGONG.login_rate.index("/") + 2]
ACCOUNT_RATE_LIMITS = {
    "login": f"{_ATTEMPTS}/ip",
    "login_failed": f"{_ATTEMPTS}/ip,10/5m/key",
    "reauthenticate": f"{_ATTEMPTS}/user",
}
MFA_ADAPTER = "paas.identity.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Browsers hold passkeys for a secure page alone; a test on this machine is one without TLS.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not DOUGONG.https

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = DOUGONG.https
SESSION_ENGINE = "paas.identity.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SECURE_REDIRECT_EXEMPT = [r"^(livez|readyz|metrics)$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if DOUGONG.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = DOUGONG.https
if DOUGONG.https:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # Alpine, which the console's theme is made with, evaluates its attributes; the theme also has inline styles.
        "script-src": [SELF, UNSAFE_EVAL],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        # Browsers look at where a form leads in the end.
        "form-action": [SELF, *sorted({each.origin for each in DOUGONG.oidc_providers})],
        "frame-ancestors": [NONE],
    }
}

# --- API ---

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "paas.identity.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["paas.core.bodies.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "paas.core.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "paas.core.schema.Schema",
    "DEFAULT_THROTTLE_RATES": {
        "login": DOUGONG.login_rate,
        "device": "30/min",
        "device-token": "300/min",
        "code": DOUGONG.login_rate,
    },
    # An address is the connection's own, as the web server has it: a header that anyone can write counts for nothing.
    "NUM_PROXIES": 0,
    "EXCEPTION_HANDLER": "paas.core.problems.problem_response",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
KNOX_TOKEN_MODEL = "identity.ApiToken"  # noqa: S105 - the name of a model
# Knox's migrations would make the table of its own model, which ours stands in for.
MIGRATION_MODULES = {"knox": None}
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_PREFIX": "dgt_",
    "TOKEN_TTL": timedelta(days=DOUGONG.token_days),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Dougong",
    "DESCRIPTION": "An application platform of building blocks on every registered Kubernetes cluster.",
    "VERSION": "v1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    # Three sets of words are called "scope".
    "ENUM_NAME_OVERRIDES": {
        "TokenScopeEnum": ["read", "deploy", "admin"],
        "ServiceTokenScopeEnum": ["read", "deploy"],
        "TenantExceptionStateEnum": "apps.models.tenant.TenantException.State",
        "TeamRoleEnum": ["owner", "releaser", "developer", "viewer"],
        "PlatformRoleEnum": ["operator", "auditor"],
        "ApprovalStateEnum": ["Pending", "Approved", "Declined", "Superseded", "Expired"],
        "ApplicationStateEnum": ["Active", "Retiring", "Retired"],
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "paas.core.schema.add_problems",
        "apps.api.answers.add_answers",
    ],
}

# --- Console ---

UNFOLD = {
    "SITE_TITLE": "Dougong",
    "SITE_HEADER": "Dougong",
    "SITE_SUBHEADER": gettext_lazy("Applications on every cluster"),
    "SITE_URL": "/console/",
    "SITE_SYMBOL": "foundation",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "paas.core.theme.favicon"}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": "paas.core.theme.language_address"},
    "STYLES": ["paas.core.theme.stylesheet"],
    "SCRIPTS": [f"paas.core.theme.{script}_script" for script in ("density", "live", "palette", "icons")],
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": "paas.core.site.navigation"},
}

# --- Tasks ---

CELERY_BROKER_URL = DOUGONG.redis_url
CELERY_BROKER_TRANSPORT = "paas.broker:Transport"
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
# An exchange and key for each lane: by default all queues would share one, and each would get every message.
CELERY_TASK_QUEUES = [
    Queue(lane, Exchange(lane), routing_key=lane)  # type: ignore[no-untyped-call]  # kombu carries no types
    for lane in ("edit", "drift", "sweep")
]
CELERY_TASK_DEFAULT_QUEUE = "sweep"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_TIME_LIMIT = 25
CELERY_TASK_SOFT_TIME_LIMIT = 22
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SEND_TASK_EVENTS = False
# Nobody who may write to Valkey is to end or retune a worker: they are driven by their supervisor alone.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A message is a hint: one that is not acknowledged soon is worth no more than the sweep's next.
# Publishing happens inside web requests: a dead broker costs them a moment, not six seconds.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60,
    "socket_connect_timeout": 1,
    "socket_timeout": 10,
    "max_retries": 0,
    "interval_start": 0,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.2}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "clusters: probe": {
        "task": "clusters.tasks.probe_clusters",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 15},
    },
    "clusters: sweep": {"task": "clusters.tasks.sweep", "schedule": timedelta(seconds=30), "options": {"expires": 30}},
    "clusters: rotate credentials": {"task": "clusters.tasks.rotate_credentials", "schedule": timedelta(minutes=5)},
    "apps: add up what a crash left": {
        "task": "apps.tasks.roll_up",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 30},
    },
    "apps: turn timetables": {
        "task": "apps.tasks.turn_timetables",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 15},
    },
    "apps: renew grounds": {
        "task": "apps.tasks.renew_grounds",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 15},
    },
    "apps: end lost terminals": {"task": "apps.tasks.end_lost_terminals", "schedule": timedelta(minutes=1)},
    "apps: forget answers": {"task": "apps.tasks.forget_answers", "schedule": timedelta(hours=1)},
    "identity: follow people of providers": {
        "task": "paas.identity.tasks.follow_people",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 30},
    },
    "identity: read the directory": {
        "task": "paas.identity.tasks.read_directory",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 30},
    },
    "identity: remove expired tokens": {
        "task": "paas.identity.tasks.remove_expired_tokens",
        "schedule": timedelta(hours=6),
    },
}

# --- Logs ---

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = configure(style=DOUGONG.log_format, level=DOUGONG.log_level)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_COMMAND_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = 10
