"""Take the photos of a folder or a ZIP into an event, as the upload page does."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import IO, Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils.translation import gettext as _
from tqdm import tqdm

from events.models import Chapter, Event
from gallery.storage import PhotoStorage, photo_storage
from gallery.uploads import (
    CHUNK_BYTES,
    PhotoRefused,
    Received,
    Spool,
    receive_photo,
    too_large,
    upload_limit_bytes,
)
from hafiportrait.accounts.models import User
from hafiportrait.lib.errors import is_no_room, is_outage

SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini"})
ENCRYPTED = 0x1  # general purpose bit 0 (APPNOTE.TXT, 4.4.4)
# What reading a file or a ZIP's member raises where it is damaged or of an unknown make.
UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,  # NotImplementedError as well
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


@dataclass(frozen=True)
class Source:
    """A file that may be a photo: where it stands, and how it is opened."""

    place: PurePath
    open: Callable[[], IO[bytes]]


@dataclass
class Summary:
    """What became of the files."""

    new: int = 0
    known: int = 0
    refused: list[tuple[PurePath, str]] = field(default_factory=list)


class Command(BaseCommand):
    """Imports photos; safe to run twice, what is there already is recognised by its content.

    Exits with 1 if a file was refused, so that a script notices; the others are in all the same.
    """

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("event", help="The event's address (slug) or id.")
        parser.add_argument("source", type=Path, metavar="dir-or-zip")
        parser.add_argument("--chapter", default="", help="Address or title of a chapter.")
        parser.add_argument("--user", default="", help="E-mail address of whoever uploads.")

    def handle(self, *args: Any, **options: Any) -> None:
        event = _find_event(options["event"])
        storage = photo_storage()
        take_in = partial(
            _take_in,
            event=event,
            chapter=_find_chapter(event, options["chapter"]),
            uploaded_by=_find_user(options["user"]),
            storage=storage,
        )
        with ExitStack() as stack:
            sources = list(_sources(options["source"], stack))
            summary = _import(sources, take_in)
        self._report(summary)

    def _report(self, summary: Summary) -> None:
        for place, reason in summary.refused:
            self.stdout.write(f"{place}: {reason}")
        counts = {"new": summary.new, "known": summary.known, "refused": len(summary.refused)}
        text = _("%(new)d new, %(known)d already there, %(refused)d refused.") % counts
        if summary.refused:
            raise CommandError(text)
        self.stdout.write(text)


def _import(sources: list[Source], take_in: Callable[[Source], Received]) -> Summary:
    """Take every file in; an outage stops, since every further file would meet it too."""
    summary = Summary()
    # `disable=None` shows the bar on a terminal only.
    for source in tqdm(sources, unit="file", disable=None):
        try:
            received = take_in(source)
        except PhotoRefused as refused:
            summary.refused.append((source.place, refused.message))
        except Exception as error:
            if not (is_outage(error) or is_no_room(error)):
                raise
            message = _("Stopped at %(place)s: %(error)s. Run the same command again.")
            raise CommandError(message % {"place": source.place, "error": error}) from error
        else:
            summary.new += received.created
            summary.known += not received.created
    return summary


def _take_in(source: Source, *, storage: PhotoStorage, **facts: Any) -> Received:
    with Spool(storage.incoming()) as spool:
        for piece in _pieces(source):
            spool.write(piece)
        spool.finish()
        return receive_photo(
            spooled=spool.path,
            sha256=spool.sha256,
            size=spool.size,
            name=source.place.name,
            storage=storage,
            **facts,
        )


def _pieces(source: Source) -> Iterator[bytes]:
    """Yield the content piece by piece; what cannot be read is this file's fault alone."""
    try:
        with source.open() as file:
            while piece := file.read(CHUNK_BYTES):
                yield piece
    except UNREADABLE as error:
        message = _("The file cannot be read: %(error)s") % {"error": error}
        raise PhotoRefused(message, code="unreadable", status=400) from error


def _sources(path: Path, stack: ExitStack) -> Iterable[Source]:
    """Return the files below a folder or in a ZIP, without what systems put beside them."""
    if path.is_dir():
        return _files_below(path)
    if not path.is_file() or not zipfile.is_zipfile(path):
        raise CommandError(_("%(path)s is neither a folder nor a ZIP.") % {"path": path})
    try:
        archive = stack.enter_context(zipfile.ZipFile(path))
    except zipfile.BadZipFile as error:
        raise CommandError(f"{path}: {error}") from error
    return _members_of(archive)


def _files_below(folder: Path) -> Iterator[Source]:
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.is_file() and not _belongs_to_a_system(place):
            yield Source(place, partial(_open_file, path))


def _open_file(path: Path) -> IO[bytes]:
    return path.open("rb")


def _members_of(archive: zipfile.ZipFile) -> Iterator[Source]:
    """Yield the members; none is unpacked to the path that it names."""
    for member in archive.infolist():
        place = PurePosixPath(member.filename)
        if not member.is_dir() and not _belongs_to_a_system(place):
            yield Source(place, partial(_open_member, archive, member))


def _open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    if member.flag_bits & ENCRYPTED:
        raise PhotoRefused(_("The file is encrypted."), code="encrypted", status=400)
    # What a member claims is only the first check: the spool counts what really comes out.
    if member.file_size > upload_limit_bytes():
        raise too_large()
    return archive.open(member)


def _belongs_to_a_system(place: PurePath) -> bool:
    parts = [part for part in place.parts if part != ".."]
    if any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return True
    return place.name.lower() in SYSTEM_FILES


def _find_event(wanted: str) -> Event:
    event = Event.objects.filter(slug=wanted).first()
    if event is None and _is_id(wanted):
        event = Event.objects.filter(pk=wanted).first()
    if event is None:
        raise CommandError(_("There is no event %(wanted)s.") % {"wanted": wanted})
    return event


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _find_chapter(event: Event, wanted: str) -> Chapter | None:
    if not wanted:
        return None
    chapter = event.chapters.filter(Q(slug=wanted) | Q(title__iexact=wanted)).first()
    if chapter is None:
        there = ", ".join(event.chapters.values_list("slug", flat=True))
        message = _("The event has no chapter %(wanted)s; it has: %(there)s.")
        raise CommandError(message % {"wanted": wanted, "there": there or "–"})
    return chapter


def _find_user(email: str) -> User | None:
    if not email:
        return None
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        raise CommandError(_("There is nobody with the address %(email)s.") % {"email": email})
    return user
