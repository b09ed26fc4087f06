"""The product's own settings with a test's environment; nothing is read from `.env`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

SCRATCH = Path(tempfile.mkdtemp(prefix="hafiportrait-tests-"))

os.environ["ENV_FILE"] = os.devnull
os.environ["SECRET_KEY"] = "only-for-the-suite-" + "x" * 40
os.environ["SITE_URL"] = "http://testserver"
os.environ["ALLOWED_HOSTS"] = "testserver,127.0.0.1,localhost"
os.environ["MEDIA_ROOT"] = str(SCRATCH / "media")
os.environ.setdefault("DATABASE_URL", f"sqlite:///{SCRATCH / 'db.sqlite3'}")
os.environ.setdefault("LOG_LEVEL", "WARNING")

from hafiportrait.settings import *  # noqa: E402, F403
from hafiportrait.settings import DATABASES, STATIC_ROOT, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a missing folder
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as in production: in shared memory several threads meet "table is locked".
    DATABASES["default"]["TEST"] = {"NAME": str(SCRATCH / "test.sqlite3")}
PAGE_VIEW_FLUSH_SECONDS = 0
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
SECOND_FACTOR_REQUIRED = False  # the second factor has tests of its own
