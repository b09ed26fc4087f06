"""List photos whose files are missing, cut or changed, and mend what can be made again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from events.models import Event
from gallery.integrity import damaged_files, repair
from gallery.models import Photo


class Command(BaseCommand):
    """Compares every file with its row; exits 1 where it found damage, so that a cron job tells.

    A photo whose original is damaged is flagged: downloads of it answer 503, archives leave it
    out. Lost renditions and delivery copies are made again from the original.
    """

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("event", nargs="?", help="The event's address; all events without it.")
        parser.add_argument(
            "--deep", action="store_true", help="Read every original and compare its SHA-256."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        photos = Photo.objects.all()
        if options["event"]:
            event = Event.objects.filter(slug=options["event"]).first()
            if event is None:
                raise CommandError(f"There is no event {options['event']}.")
            photos = photos.filter(event=event)
        findings = list(damaged_files(photos, deep=options["deep"]))
        for finding in findings:
            self.stdout.write(f"{finding.photo.filename} {finding.damage.value}: {finding.key}")
        made_again = repair(photos, findings)
        if findings:
            raise CommandError(f"{len(findings)} damaged files; {made_again} photos made again.")
        self.stdout.write("Every file is what its row says.")
