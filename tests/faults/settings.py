"""The product's settings for sites that are broken on purpose: no static files are collected."""

from __future__ import annotations

from hafiportrait.settings import *  # noqa: F403
from hafiportrait.settings import STORAGES

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
