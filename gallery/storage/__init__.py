"""Where the bytes of the photos are kept: one port, two storages, chosen by settings alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.files.storage import storages

from gallery.storage.disk import DiskPhotoStorage
from gallery.storage.port import PhotoStorage, StoredFile

if TYPE_CHECKING:
    from gallery.storage.bucket import BucketPhotoStorage

__all__ = [
    "BucketPhotoStorage",
    "DiskPhotoStorage",
    "PhotoStorage",
    "StoredFile",
    "photo_storage",
]


def photo_storage() -> PhotoStorage:
    """Return the storage that the settings name for photos; one object per process."""
    return cast(PhotoStorage, storages["photos"])


def __getattr__(name: str) -> Any:
    """Import the bucket's storage on first use: boto3 takes a second that a disk never needs."""
    if name != "BucketPhotoStorage":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gallery.storage.bucket import BucketPhotoStorage

    return BucketPhotoStorage
