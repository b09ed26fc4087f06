"""Indonesian: "Sabtu, 25 Desember 2026", 14.30; what is not here is Django's own."""

from __future__ import annotations

DATE_FORMAT = "l, j F Y"
TIME_FORMAT = "H.i"
DATETIME_FORMAT = "j F Y, H.i"
SHORT_DATETIME_FORMAT = "d-m-Y H.i"
