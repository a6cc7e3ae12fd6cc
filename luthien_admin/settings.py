"""
Settings, all of them.

The environment is read in the first part, into names with defaults that suit a
developer's machine. What must not stay so in production is refused by
`manage.py check --deploy` (instances/checks/). A file named `.env` in the
project's folder, or the one that ENV_FILE names, is read first; the real
environment wins over it.
"""

import shlex
from pathlib import Path
from typing import Any

import environ
from django.templatetags.static import static

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
env_file = Path(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))
if env_file.is_file():
    environ.Env.read_env(env_file)

# --- From the environment -----------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="insecure-only-for-development")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
# Behind a proxy that ends TLS and sets X-Forwarded-Proto; off for a plain local run.
HTTPS_ONLY = env.bool("HTTPS_ONLY", default=False)

DATABASE = env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
QUEUE_WORKERS = env.int("QUEUE_WORKERS", default=2)
# How many operations of those asked for together are under way at once.
BULK_OPERATIONS_AT_ONCE = env.int("BULK_OPERATIONS_AT_ONCE", default=10)
# At INFO the queue writes a line for each time that it is nudged.
QUEUE_LOG_LEVEL = env.str("QUEUE_LOG_LEVEL", default="WARNING")

# Fernet keys, the newest first; the older ones only decrypt.
ENCRYPTION_KEYS = env.list("ENCRYPTION_KEYS", default=[])

# The seed's tool called these RAILWAY_TOKEN and RAILWAY_TEAM_ID.
RAILWAY_API_TOKEN = env.str(
    "RAILWAY_API_TOKEN", default=env.str("RAILWAY_TOKEN", default="")
).strip()
RAILWAY_WORKSPACE_ID = env.str(
    "RAILWAY_WORKSPACE_ID", default=env.str("RAILWAY_TEAM_ID", default="")
)
RAILWAY_API_URL = env.str("RAILWAY_API_URL", default="https://backboard.railway.com/graphql/v2")
RAILWAY_CLI = shlex.split(env.str("RAILWAY_CLI", default="railway"))
RAILWAY_CLI_AUTH = env.str("RAILWAY_CLI_AUTH", default="token")
RAILWAY_CLI_ENV = env.list("RAILWAY_CLI_ENV", default=[])
# Per cent of the token's requests that are kept for what people ask for singly.
RAILWAY_BUDGET_RESERVE = env.float("RAILWAY_BUDGET_RESERVE", default=20.0)
RAILWAY_TIME_SCALE = env.float("RAILWAY_TIME_SCALE", default=1.0)
# Railway sets this inside its own containers: the project this app itself runs in.
RAILWAY_OWN_PROJECT_ID = env.str("RAILWAY_PROJECT_ID", default="")
PROTECTED_PROJECTS = [
    name.strip()
    for name in env.list("PROTECTED_PROJECTS", default=["luthien-admin", "luthien-proxy"])
]

GATEWAY_SCHEME = env.str("GATEWAY_SCHEME", default="https")
GATEWAY_REPO = env.str("GATEWAY_REPO", default="LuthienResearch/luthien-proxy")
GATEWAY_BRANCH = env.str("GATEWAY_BRANCH", default="main")
GATEWAY_TELEMETRY = env.bool("GATEWAY_TELEMETRY", default=False)
KEEP_FAILED_INSTANCES = env.bool("KEEP_FAILED_INSTANCES", default=False)
INSTANCE_NAME_MAX_LENGTH = env.int("INSTANCE_NAME_MAX_LENGTH", default=55)
DELETION_GRACE_DAYS = env.float("DELETION_GRACE_DAYS", default=7.0)
# Delete what is due at once, instead of leaving it to Railway's own 48 hours.
REAP_IMMEDIATELY = env.bool("REAP_IMMEDIATELY", default=False)
# A run that would touch more instances than this is held for a person, and one that follows
# a listing which shrank by more than this.
GUARD_MOST_INSTANCES = env.int("GUARD_MOST_INSTANCES", default=10)
GUARD_MOST_PERCENT = env.float("GUARD_MOST_PERCENT", default=25.0)
GUARD_SHRINK_PERCENT = env.float("GUARD_SHRINK_PERCENT", default=25.0)
# Seconds that a made service may stay invisible before a person is asked.
RAILWAY_PROPAGATION_BUDGET = env.float("RAILWAY_PROPAGATION_BUDGET", default=300.0)

# --- What a gateway runs with (reasons: docs/gateway.md) ----------------------

# May be replaced per instance; the fixed ones are in instances/gateway_variables.py.
GATEWAY_VARIABLES = {
    "POLICY_SOURCE": "db-fallback-file",
    "POLICY_CONFIG": "config/policy_config.yaml",
    "USAGE_TELEMETRY": "true" if GATEWAY_TELEMETRY else "false",
    "PYTHONUNBUFFERED": "1",
    "BUILD_COMMIT": "${{RAILWAY_GIT_COMMIT_SHA}}",
}
GATEWAY_SETTINGS = {
    "dockerfilePath": "docker/Dockerfile.gateway",
    "healthcheckPath": "/health",
    "healthcheckTimeout": 60,
    "restartPolicyType": "ON_FAILURE",
    "restartPolicyMaxRetries": 3,
}

# --- Django -------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_q",
    "instances",
]
MIDDLEWARE = [
    # Outermost, so that what the others refuse carries it too.
    "luthien_admin.content_security.content_security_policy",
    "luthien_admin.unanswerable.RefuseUnanswerable",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "luthien_admin.sign_in.send_whole_page_to_login",
]
ROOT_URLCONF = "luthien_admin.urls"
WSGI_APPLICATION = "luthien_admin.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before those of the apps: a template of Unfold's that is replaced.
        "DIRS": [BASE_DIR / "luthien_admin" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
# A selection in a list is confirmed with a field per row.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = ["luthien_admin.formats"]
STATIC_URL = "static/"
# Served from the packages themselves, so nothing has to be collected.
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_SECURE = HTTPS_ONLY
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS_ONLY
SECURE_HSTS_PRELOAD = HTTPS_ONLY
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS_ONLY else None


# A process that is frozen within a transaction keeps its locks, and nobody could take over.
# No transaction of ours waits for anything, so one that is idle for so long is dead.
FROZEN_HOLDS_NO_LOCK = "-c idle_in_transaction_session_timeout=10s"


def database(config: dict[str, Any]) -> dict[str, Any]:
    """Return Django's entry for `config`, with what several workers at once need."""
    if config["ENGINE"] == "django.db.backends.sqlite3":
        # Without these, writers under load meet "database is locked" (measured).
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    else:
        config |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
        options = config.setdefault("OPTIONS", {})
        options["options"] = f"{FROZEN_HOLDS_NO_LOCK} {options.get('options', '')}".strip()
    return config


DATABASES = {"default": database(DATABASE)}

# Each value has its reason in docs/queue.md; instances/checks/queue.py refuses unsafe ones.
Q_CLUSTER = {
    "name": "luthien_admin",
    "label": "Queue",
    "orm": "default",
    "broker_class": "instances.queue.OldestFirst",
    "workers": QUEUE_WORKERS,
    "queue_limit": 1,
    "bulk": 1,
    "timeout": 3600,
    "retry": 86_400,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 500,
    "poll": 0.2,
    "recycle": 100,
    # None: or else django-q2 fails at once where Q_CLUSTER_NAME is set, before that is refused.
    "ALT_CLUSTERS": {},
    "log_level": QUEUE_LOG_LEVEL,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    # httpx writes a line per request; the operation's own log says what matters.
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "django-q": {"level": QUEUE_LOG_LEVEL},
    },
}

SCRIPTS = ("live", "dialogs", "menus", "lists", "keys", "add_form", "faults", "accounts")
UNFOLD = {
    "SITE_TITLE": "Luthien instances",
    "SITE_HEADER": "Luthien instances",
    "SITE_SYMBOL": "dns",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _: static("instances/icon.svg")}
    ],
    "SITE_URL": None,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"navigation": "instances.admin.navigation.groups"},
    "STYLES": [lambda _: static("instances/admin.css")],
    "SCRIPTS": [lambda _, name=name: static(f"instances/{name}.js") for name in SCRIPTS],
}
