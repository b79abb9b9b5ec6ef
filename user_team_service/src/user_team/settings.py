"""Django settings, all from the environment (names and defaults: `.env.example`).

Secure by default. One exception is derived, never configured: while every allowed host is a loopback name,
the site is spoken to over plain HTTP on this machine, so cookies are not marked `Secure` and HTTP is not
redirected.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from user_team import environment, logs
from user_team.appearance import UNFOLD

__all__ = ["UNFOLD"]  # the look of the admin, a setting like the others here

PACKAGE_DIR = Path(__file__).resolve().parent

# `user_team.wsgi` refuses to start without it; management commands that need none work.
SECRET_KEY = environment.text("USER_TEAM_SECRET_KEY")
DEBUG = environment.flag("USER_TEAM_DEBUG", default=False)
PUBLIC_HOSTS = environment.words("USER_TEAM_ALLOWED_HOSTS", "127.0.0.1,localhost")
# Names that only machines beside this one use, to fetch keys and tokens over plain HTTP.
INTERNAL_HOSTS = environment.words("USER_TEAM_INTERNAL_HOSTS")
ALLOWED_HOSTS = PUBLIC_HOSTS + INTERNAL_HOSTS
CSRF_TRUSTED_ORIGINS = environment.words("USER_TEAM_CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "unfold",  # must precede django.contrib.admin: it overrides its templates
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "pgtrigger",
    "pghistory",
    "import_export",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "oauth2_provider",
    "user_team.users",
    "user_team.teams",
    "user_team.pipeline",
    "user_team.accounts",
    "user_team.identity",
]

MIDDLEWARE = [
    "user_team.observation.observe",  # first: it sees all that the others do
    "django.middleware.security.SecurityMiddleware",
    "user_team.middleware.neighbours_only",
    "user_team.middleware.content_security_policy",
    "user_team.middleware.no_nul",
    "user_team.middleware.utf8_only",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "user_team.middleware.own_time_zone",
    "user_team.middleware.DatabaseConflictMiddleware",
    "user_team.middleware.OddListMiddleware",
    "axes.middleware.AxesMiddleware",  # last: it turns a refused sign-in into the lock-out page
]

ROOT_URLCONF = "user_team.urls"
WSGI_APPLICATION = "user_team.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE_DIR / "templates"],
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

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": environment.text("POSTGRES_HOST", "127.0.0.1"),
        "PORT": environment.number("POSTGRES_PORT", 5432),
        "NAME": environment.text("USER_TEAM_DB_NAME", "django_db"),
        "USER": environment.text("USER_TEAM_DB_USER", "user_team"),
        "PASSWORD": environment.text("USER_TEAM_DB_PASSWORD"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "application_name": "user_team",
            "connect_timeout": 5,
            # A page waits for a lock or a statement only as long as a person would.
            "options": (
                "-c lock_timeout=10s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s"
                # pgtrigger's triggers ask for it. Unset, they catch an error for every row, and each caught
                # error goes through all foreign keys yet to be checked: bulk changes take quadratic time.
                " -c pgtrigger.ignore={}"
            ),
        },
    },
}
# The role that Debezium connects as; `migrate` grants it what it reads and writes.
DEBEZIUM_DB_USER = environment.text("DEBEZIUM_DB_USER", "debezium")
# The role that people look at the database with; `migrate` grants it what holds no secret.
VIEWER_DB_USER = environment.text("VIEWER_DB_USER", "viewer")

# --- Signing in ---------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = reverse_lazy("sign-in")  # of applications; the admin has its own
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# By name and address together: nobody locks a colleague out from elsewhere. The address is the connection's
# own, never a header's: X-Forwarded-For is whatever the client writes.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "user_team.middleware.peer_address"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_LOCKOUT_TEMPLATE = "admin/locked_out.html"

OTP_TOTP_ISSUER = "Team Suite"  # what an authenticator app calls the entry

# --- Transport ----------------------------------------------------------------------------------------------
_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
_TLS = not _LOOPBACK.issuperset(PUBLIC_HOSTS)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _TLS
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = _TLS
# What neighbours fetch by an internal name; `middleware.neighbours_only` redirects everybody else.
PLAIN_PATHS = ("/.well-known/", "/api/token", "/o/token/")
SECURE_REDIRECT_EXEMPT = [r"^health/", *(f"^{path[1:]}" for path in PLAIN_PATHS)]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if _TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _TLS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- OpenID provider ----------------------------------------------------------------------------------------
# In every token, and what verifiers compare it with; a request's Host header never changes it.
AUTH_ISSUER = environment.text("AUTH_ISSUER", "http://127.0.0.1:8000").rstrip("/")
AUTH_AUDIENCE = environment.text("AUTH_AUDIENCE", "team-suite")
OAUTH2_PROVIDER_APPLICATION_MODEL = "identity.Application"
OAUTH2_PROVIDER: dict[str, Any] = {
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": AUTH_ISSUER,
    # The library only asks whether there is one: ours are in the database (`identity.models.SigningKey`).
    "OIDC_RSA_PRIVATE_KEY": "in the database",
    "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
    "OAUTH2_VALIDATOR_CLASS": "user_team.identity.validator.Validator",
    "APPLICATION_ADMIN_CLASS": "user_team.identity.applications.ApplicationAdmin",
    "SCOPES_BACKEND_CLASS": "user_team.identity.scopes.Scopes",
    "SCOPES": {
        "openid": _("Know who you are, and act in the suite with your rights"),
        "profile": _("See your name, language and time zone"),
        "email": _("See your e-mail address"),
    },
    "ACCESS_TOKEN_GENERATOR": "user_team.identity.tokens.for_oauth",
    "REFRESH_TOKEN_GENERATOR": "oauthlib.oauth2.rfc6749.tokens.random_token_generator",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 10 * 60,
    "ID_TOKEN_EXPIRE_SECONDS": 10 * 60,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 14 * 24 * 60 * 60,
    # A refresh token that is used twice was stolen: everything that came of its sign-in is revoked.
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"] if _TLS else ["https", "http"],
    # RFC 9700, all of it; these will be the library's defaults.
    **{
        f"COMPLIANT_BCP_RFC9700_{rule}": True
        for rule in (
            *("IMPLICIT_GRANT", "PASSWORD_GRANT", "PKCE_METHOD", "PKCE_REQUIRED", "REFRESH_TOKEN"),
            *("ACCESS_TOKEN_TRANSPORT", "AUTHZ_RESPONSE_ISS", "TOKEN_STORAGE", "REDIRECT_URI_MATCHING"),
        )
    },
}

# --- Limits on what is sent to us ---------------------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# A confirmed deletion of 10,000 selected rows sends one field for each of them.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000
DATA_UPLOAD_MAX_NUMBER_FILES = 1
IMPORT_MAX_BYTES = 5 * 1024 * 1024
IMPORT_MAX_UNPACKED_BYTES = 50 * 1024 * 1024
IMPORT_MAX_ROWS = 5_000

# --- Languages and time -------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский")]
# Our own texts, and Russian for those of Unfold, which brings none.
LOCALE_PATHS = [PACKAGE_DIR / "locale", PACKAGE_DIR / "locale_of_unfold"]
FORMAT_MODULE_PATH = "user_team.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files: served from the installed packages, no collectstatic step --------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600

# --- Import and export --------------------------------------------------------------------------------------
IMPORT_EXPORT_USE_TRANSACTIONS = True
IMPORT_EXPORT_SKIP_ADMIN_LOG = True  # the history in the database tells more
IMPORT_EXPORT_TMP_STORAGE_CLASS = "user_team.imports.storage.PrivateFolderStorage"

LOGGING = logs.configuration()
