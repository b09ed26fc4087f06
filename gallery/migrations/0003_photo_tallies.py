from __future__ import annotations

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial_tables"), ("gallery", "0002_popular_photos")]

    operations = [
        migrations.AddField(
            model_name="photo",
            name="web_size",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name="PhotoTally",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="events.event",
                    ),
                ),
                (
                    "chapter",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="events.chapter",
                    ),
                ),
                (
                    "visibility",
                    models.CharField(
                        choices=[("EVERYONE", "Guests and client"), ("CLIENT", "Client only")],
                        max_length=10,
                    ),
                ),
                ("photo_count", models.PositiveIntegerField(default=0)),
                ("original_bytes", models.BigIntegerField(default=0)),
                ("web_bytes", models.BigIntegerField(default=0)),
            ],
            options={
                "verbose_name": "number of photos",
                "verbose_name_plural": "numbers of photos",
                "db_table": "photo_tallies",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("event", "chapter", "visibility"),
                        name="photo_tallies_one_per_chapter",
                        violation_error_message="These photos are counted already.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("chapter", None)),
                        fields=("event", "visibility"),
                        name="photo_tallies_one_without_chapter",
                        violation_error_message="These photos are counted already.",
                    ),
                ],
            },
        ),
    ]
