"""The web application for gunicorn (threads; see `gunicorn.conf.py`)."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hafiportrait.settings")

application = get_wsgi_application()
