from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("engagement", "0003_only_wishes_say_who_comes")]

    operations = [
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                condition=models.Q(("status", "PENDING")),
                fields=["created_at", "id"],
                name="comments_waiting_index",
            ),
        ),
    ]
