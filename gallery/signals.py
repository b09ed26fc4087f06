"""Facts that the gallery tells whoever counts."""

from __future__ import annotations

from django.dispatch import Signal

# Sent once a download begins: visit (events.admission.Visit), request, photo (None for an
# archive), archive (None for a photo), download_type, size ("ORIGINAL" or "WEB"), bytes.
photo_downloaded = Signal()
