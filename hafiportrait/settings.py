"""Every setting of the product, read from the environment (see `.env.example`)."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _

from hafiportrait import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent
env.load_file(Path(os.environ.get("ENV_FILE", BASE_DIR / ".env")))

# --- the site ----------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG")
DEMO = env.flag("DEMO")
# Collecting static files while an image is built needs no secret of the running site.
BUILDING = sys.argv[1:2] == ["collectstatic"] and "SECRET_KEY" not in os.environ
SECRET_KEY = get_random_secret_key() if BUILDING else env.secret("SECRET_KEY", least=50)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
SITE_URL = env.origin("SITE_URL", "http://127.0.0.1:8000" if DEBUG or BUILDING else None)
SITE_HOST = urlsplit(SITE_URL).hostname or ""
HTTPS = SITE_URL.startswith("https://")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", (SITE_HOST,))
STUDIO_NAME = env.text("STUDIO_NAME", "Hafiportrait")
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0, most=10)
WEB_PROCESSES = env.number("WEB_PROCESSES", 1, least=1, most=64)

INSTALLED_APPS = [
    "hafiportrait.lib",
    "hafiportrait.accounts",
    "events",
    "gallery",
    "engagement",
    "portfolio",
    "analytics",
    "demo",
    "hafiportrait.admin.StudioAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "gallery.middleware.MediaMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "hafiportrait.lib.http.SessionKeyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hafiportrait.accounts.middleware.ClosedByDefaultMiddleware",
    "hafiportrait.accounts.middleware.SecondFactorMiddleware",
    "hafiportrait.lib.http.BodyGateMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "hafiportrait.lib.http.CachePolicyMiddleware",
]

ROOT_URLCONF = "hafiportrait.urls"
WSGI_APPLICATION = "hafiportrait.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hafiportrait.lib.http.site",
            ],
        },
    },
]

# --- database ----------------------------------------------------------------------------------
DATABASE_SCHEMES = ("postgres", "postgresql", "sqlite")
DATABASE_URL = env.address(
    "DATABASE_URL", f"sqlite:///{BASE_DIR / 'var' / 'db.sqlite3'}", schemes=DATABASE_SCHEMES
)
# Migrations need a session of their own, which a transaction pooler (Neon's `-pooler` host) does
# not give: `manage.py migrate --database direct`.
DIRECT_URL = env.address("DIRECT_URL", "", schemes=("postgres", "postgresql"))
DATABASE_POOLED = env.flag("DATABASE_POOLED", default="-pooler." in DATABASE_URL)
DATABASE_POOL_SIZE = env.number("DATABASE_POOL_SIZE", 20, least=2, most=500)


def database(name: str, url: str, *, pooled: bool, pool: bool) -> dict[str, Any]:
    """Return the connection settings for the database address of the setting `name`.

    `pooled` says that a transaction pooler answers there: no start-up options, no server-side
    cursors, no prepared statements. `pool` keeps up to DATABASE_POOL_SIZE connections per process.
    """
    config = env.database_config(name, url)
    if config["ENGINE"].endswith("sqlite3"):
        # IMMEDIATE takes the write lock at BEGIN: with the default mode concurrent writers fail
        # with "database is locked" however long the timeout is.
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            "PRAGMA cache_size=-16000; PRAGMA temp_store=MEMORY;",
        }
        config["CONN_MAX_AGE"] = None
        return config
    config["CONN_HEALTH_CHECKS"] = True
    options: dict[str, Any] = config.setdefault("OPTIONS", {})
    # Together they keep the promise of an answer within 10 s while the database hangs.
    options |= {"connect_timeout": 5, "tcp_user_timeout": 8000, "keepalives_idle": 10}
    if pooled:
        config["DISABLE_SERVER_SIDE_CURSORS"] = True
        options["prepare_threshold"] = None
    else:
        options["options"] = "-c statement_timeout=8000 -c lock_timeout=7000"
    if pool:
        from hafiportrait.lib.database import ImpatientConnection

        options["pool"] = {
            "min_size": 1,
            "max_size": DATABASE_POOL_SIZE,
            "timeout": 5,
            "connection_class": ImpatientConnection,
        }
    else:
        config["CONN_MAX_AGE"] = 60
    return config


# --- engines: cache and jobs -------------------------------------------------------------------
REDIS_URL = env.address("REDIS_URL", "", schemes=("redis", "rediss", "unix"))
CELERY_BROKER_URL = env.address(
    "CELERY_BROKER_URL", "", schemes=("redis", "rediss", "amqp", "amqps")
)

DATABASES = {"default": database("DATABASE_URL", DATABASE_URL, pooled=DATABASE_POOLED, pool=True)}
if DIRECT_URL:
    DATABASES["direct"] = database("DIRECT_URL", DIRECT_URL, pooled=False, pool=False)
    DATABASES["direct"]["OPTIONS"].pop("options")  # a migration may run for longer than a page
    DATABASES["direct"]["TEST"] = {"MIRROR": "default"}

CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "hafiportrait.lib.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5},
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 500},  # pages of some 60 KB
    }
}

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False  # the row's lease is the acknowledgement, not the message
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 1
# A ring at a broker that hangs keeps an upload waiting for this long, once (see jobs.ring).
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 2, "socket_connect_timeout": 2}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_ROUTES = {"jobs.sweep": {"queue": "sweep"}, "jobs.run": {"queue": "jobs"}}
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "jobs.sweep", "schedule": 10.0, "options": {"expires": 10}},
}

# --- photos ------------------------------------------------------------------------------------
MAX_UPLOAD_MB = env.number("MAX_UPLOAD_MB", 100, least=1, most=2000)
MAX_MEGAPIXELS = env.number("MAX_MEGAPIXELS", 120, least=1, most=1000)
PHOTO_SECONDS_LIMIT = env.number("PHOTO_SECONDS_LIMIT", 30, least=1, most=35)
PHOTO_MEMORY_MB = env.number("PHOTO_MEMORY_MB", 1200, least=200)
DOWNLOADS_AT_ONCE = env.number("DOWNLOADS_AT_ONCE", 32, least=1)
PHOTO_STORAGE = env.choice("PHOTO_STORAGE", "disk", among=("disk", "s3"))
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(BASE_DIR / "var" / "media")))
# Set where nginx stands in front: its internal location that shows MEDIA_ROOT, "/protected/".
MEDIA_ACCEL_PREFIX = env.text("MEDIA_ACCEL_PREFIX", "")
# Page views are kept in memory for so long and then written in one transaction (0: at once).
PAGE_VIEW_FLUSH_SECONDS = env.number("PAGE_VIEW_FLUSH_SECONDS", 2, most=60)
IP_RETENTION_DAYS = env.number("IP_RETENTION_DAYS", 90, least=1)

# Whether the bucket lets scripts of this site read it, so that pictures are kept offline.
S3_CORS = PHOTO_STORAGE == "s3" and env.flag("S3_CORS")

if PHOTO_STORAGE == "s3":
    S3_ENDPOINT_URL = env.address("S3_ENDPOINT_URL", schemes=("https", "http"))
    PHOTO_STORAGE_OPTIONS: dict[str, Any] = {
        "bucket_name": env.text("S3_BUCKET", expected="the bucket's name"),
        "access_key": env.text("S3_ACCESS_KEY_ID", expected="the access key's id"),
        "secret_key": env.secret("S3_SECRET_ACCESS_KEY", least=8),
        "endpoint_url": S3_ENDPOINT_URL,
        "region_name": env.text("S3_REGION", "auto"),
    }
    PHOTO_BACKEND = "gallery.storage.BucketPhotoStorage"
else:
    PHOTO_STORAGE_OPTIONS = {"location": str(MEDIA_ROOT)}
    PHOTO_BACKEND = "gallery.storage.DiskPhotoStorage"

STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "photos": {"BACKEND": PHOTO_BACKEND, "OPTIONS": PHOTO_STORAGE_OPTIONS},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "hafiportrait.lib.minified.MinifiedStaticFilesStorage"
    },
}

DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a selection of a whole wedding is one form
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

# --- static files ------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "hafiportrait.lib.packages.PackageFinder",
]
WHITENOISE_KEEP_ONLY_HASHED_FILES = False

# --- people ------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "accounts:after-login"
ACCOUNT_ADAPTER = "hafiportrait.accounts.adapter.ClosedSignupAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"login": None}  # wrong passwords are counted by our adapter
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = STUDIO_NAME
SECOND_FACTOR_REQUIRED = not DEMO
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

EMAIL_CONFIG = env.email_config("EMAIL_URL", "consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", f"{STUDIO_NAME} <studio@{SITE_HOST}>")
EMAIL_TIMEOUT = 10

# --- language and time -------------------------------------------------------------------------
LANGUAGE_CODE = env.choice("LANGUAGE_CODE", "id", among=("id", "en"))
LANGUAGES = [("id", _("Indonesian")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "hafiportrait.formats"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", "Asia/Makassar")
if TIME_ZONE not in available_timezones():
    raise env.stop("TIME_ZONE", f"is odd: {TIME_ZONE!r}; expected a name such as Asia/Jakarta")

# --- security ----------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
CSRF_FAILURE_VIEW = "hafiportrait.lib.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS and not DEBUG
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by the machine itself, without TLS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
MEDIA_HOSTS = [S3_ENDPOINT_URL] if PHOTO_STORAGE == "s3" else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *MEDIA_HOSTS],
        "connect-src": [SELF, *MEDIA_HOSTS],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# --- logs --------------------------------------------------------------------------------------
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"mask_codes": {"()": "hafiportrait.lib.logs.MaskCodes"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["mask_codes"],
        }
    },
    "root": {"handlers": ["console"], "level": env.choice("LOG_LEVEL", "INFO", among=LOG_LEVELS)},
    "loggers": {"django": {"handlers": [], "propagate": True}},
}
