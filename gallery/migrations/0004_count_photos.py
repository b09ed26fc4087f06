from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import Count, OuterRef, Subquery, Sum


def count_photos(apps: Any, schema_editor: Any) -> None:
    """Write the sizes and numbers of the photos that are there already."""
    Photo = apps.get_model("gallery", "Photo")
    PhotoTally = apps.get_model("gallery", "PhotoTally")
    web = apps.get_model("gallery", "Rendition").objects.filter(photo=OuterRef("pk"), kind="web")
    Photo.objects.filter(generation__gt=0).update(web_size=Subquery(web.values("bytes")[:1]))
    ready = Photo.objects.filter(status="READY", deleted_at=None).order_by()
    groups = ready.values("event_id", "chapter_id", "visibility").annotate(
        photo_count=Count("pk"),
        original_bytes=Sum("delivery_size", default=0),
        web_bytes=Sum("web_size", default=0),
    )
    PhotoTally.objects.bulk_create(PhotoTally(**group) for group in groups)


def forget(apps: Any, schema_editor: Any) -> None:
    """Delete the numbers, which the forward step counts again."""
    apps.get_model("gallery", "PhotoTally").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("gallery", "0003_photo_tallies")]

    operations = [migrations.RunPython(count_photos, forget)]
