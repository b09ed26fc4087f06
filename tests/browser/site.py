"""The product's settings for the site that a browser opens: its collected files lie beside it."""

from __future__ import annotations

import os
from pathlib import Path

from hafiportrait.settings import *  # noqa: F403

STATIC_ROOT = Path(os.environ["STATIC_ROOT"])
