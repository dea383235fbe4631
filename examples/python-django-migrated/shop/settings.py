"""Settings of a Django project that reports, as they are written for sentry-sdk: only the imports name another package."""

import os
from pathlib import Path

import watchpost as sentry_sdk
from watchpost.integrations.django import DjangoIntegration

sentry_sdk.init(
    dsn=os.environ.get("SENTRY_DSN"),
    integrations=[DjangoIntegration()],
    traces_sample_rate=1.0,
    # The user who is logged in is on the events.
    send_default_pii=True,
)

BASE_DIR = Path(os.environ.get("SHOP_DATA", Path(__file__).resolve().parent.parent))
SECRET_KEY = os.environ.get("SHOP_SECRET", "only-for-this-example")
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
