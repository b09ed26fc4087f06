from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("engagement", "0002_index_pages_of_comments"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="comment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("photo", None),
                    models.Q(("attendance", ""), ("relation", "")),
                    _connector="OR",
                ),
                name="comments_only_wishes_say_who_comes",
                violation_error_message="Relation and attendance belong to the guestbook.",
            ),
        ),
    ]
