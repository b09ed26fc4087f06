"""Facts that an event tells the apps above it."""

from __future__ import annotations

from django.dispatch import Signal

# Sent inside the transaction that saved an event: event, changed (the names of its fields).
event_changed = Signal()
