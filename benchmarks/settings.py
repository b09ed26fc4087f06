"""The product's own settings, with a place of their own for the collected static files."""

from __future__ import annotations

import os
from pathlib import Path

from hafiportrait.settings import *  # noqa: F403  # all of them

STATIC_ROOT = Path(os.environ["BENCH_FOLDER"]) / "static"
