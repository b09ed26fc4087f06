from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gallery", "0001_initial_tables")]

    operations = [
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                condition=models.Q(
                    ("deleted_at", None), ("like_count__gt", 0), ("status", "READY")
                ),
                fields=["event", "like_count", "display_order", "sort_at", "id"],
                name="photos_popular_order_index",
            ),
        ),
    ]
