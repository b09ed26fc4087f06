from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0001_initial_tables"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                condition=models.Q(("photo__isnull", False)),
                fields=["photo", "created_at", "id"],
                name="comments_under_photo_index",
            ),
        ),
        migrations.AddIndex(
            model_name="comment",
            index=models.Index(
                condition=models.Q(("photo__isnull", True)),
                fields=["event", "created_at", "id"],
                name="comments_guestbook_index",
            ),
        ),
    ]
