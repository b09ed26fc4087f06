from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import F


def date_archived_events(apps: Any, schema_editor: Any) -> None:
    """Say of events that are archived already that they were when they were last changed."""
    archived = apps.get_model("events", "Event").objects.filter(status="ARCHIVED")
    archived.update(archived_at=F("updated_at"))


class Migration(migrations.Migration):
    dependencies = [("events", "0002_archived_at")]

    operations = [migrations.RunPython(date_archived_events, migrations.RunPython.noop)]
