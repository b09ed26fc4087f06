"""Whether the stored files are still what the rows say of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from django.db.models import QuerySet
from django.utils import timezone

from gallery.models import Photo
from gallery.processing import remake
from gallery.storage import PhotoStorage, photo_storage

PHOTOS_AT_ONCE = 200
READ_BYTES = 1 << 20


class Damage(Enum):
    """What is wrong with a file."""

    MISSING = "is missing"
    CUT = "has another size"
    CHANGED = "has other content"


@dataclass(frozen=True)
class Finding:
    """One damaged file of a photo; an original cannot be made again, everything else can."""

    photo: Photo
    key: str
    damage: Damage
    is_original: bool


def damaged_files(photos: QuerySet[Photo], *, deep: bool = False) -> Iterator[Finding]:
    """Yield every file of these living photos that is missing, cut or (with `deep`) changed.

    `deep` reads every original and compares its SHA-256; otherwise sizes are compared. Raises
    StorageDown.
    """
    storage = photo_storage()
    living = photos.filter(deleted_at=None).prefetch_related("renditions").order_by("event", "pk")
    for photo in living.iterator(chunk_size=PHOTOS_AT_ONCE):
        for key, size in _files(photo).items():
            damage = _damage(storage, key, size)
            is_original = key == photo.storage_key
            if damage is None and deep and is_original and not _has_checksum(storage, photo):
                damage = Damage.CHANGED
            if damage is not None:
                yield Finding(photo, key, damage, is_original)


def _files(photo: Photo) -> dict[str, int]:
    """Return the key and size in bytes of every file that the photo should have."""
    files = {row.key: row.bytes for row in photo.renditions.all()}
    if photo.delivery_key:
        files[photo.delivery_key] = photo.delivery_size or 0
    return files | {photo.storage_key: photo.file_size}


def _damage(storage: PhotoStorage, key: str, size: int) -> Damage | None:
    found = storage.size(key)
    if found is None:
        return Damage.MISSING
    return None if found == size else Damage.CUT


def _has_checksum(storage: PhotoStorage, photo: Photo) -> bool:
    digest = hashlib.sha256()
    with storage.open(photo.storage_key) as original:
        while chunk := original.read(READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest() == photo.checksum


def repair(photos: QuerySet[Photo], findings: list[Finding]) -> int:
    """Act on what was found among these photos; returns how many are made again.

    A damaged original is flagged, one that is whole again (from a backup) is not any more; whatever
    else was lost is made again.
    """
    lost = {finding.photo.pk for finding in findings if finding.is_original}
    photos.filter(pk__in=lost, damaged_at=None).update(damaged_at=timezone.now())
    photos.exclude(pk__in=lost).exclude(damaged_at=None).update(damaged_at=None)
    made_again = {finding.photo.pk for finding in findings} - lost
    return remake(photos=photos.filter(pk__in=made_again))
