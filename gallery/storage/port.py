"""What every storage of photos can do, and the rules that hold for each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

# Large enough that the loop costs nothing beside the copy, small enough for 60 downloads at once.
CHUNK_BYTES = 512 * 1024
INCOMING = ".incoming"
FOLDER_MODE = 0o750
# Keys are made of ids by us. A closed alphabet rules out "..", absolute and hidden paths, NUL and
# all that would have to be escaped in an address.
KEY_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
KEY = re.compile(rf"{KEY_PART.pattern}(?:/{KEY_PART.pattern})*")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that a storage holds: its key, its size in bytes, and when it was stored (UTC)."""

    key: str
    size: int
    modified_at: datetime


class PhotoStorage(Protocol):
    """Keeps files under keys such as `e/<event>/<photo>/original.jpg`.

    A key holds letters, digits, `.`, `_`, `-` between single slashes, and no part of it begins
    with a dot; anything else raises ValueError. Every method raises
    `hafiportrait.lib.errors.StorageDown` where the storage does not answer, answers nonsense or
    takes too long, and OSError with ENOSPC or EDQUOT where a disk is full.
    """

    def incoming(self) -> Path:
        """Return the folder, made where missing, in which uploads are spooled.

        Nobody is shown what lies there. On disk it shares a file system with the final places.
        """

    def store_file(self, key: str, path: Path, *, content_type: str) -> None:
        """Take over a file spooled in `incoming()`; it is durable on return and gone from `path`.

        A file already under this key is replaced at once and as a whole. When this raises, the
        file at `path` is still there and the caller's to remove.
        """

    def store_bytes(self, key: str, data: bytes, *, content_type: str) -> None:
        """Keep `data` under `key`: durable on return, all or nothing, replacing what was there."""

    def open(self, key: str) -> BinaryIO:
        """Return the whole file, seekable. Raises FileNotFoundError."""

    def read(self, key: str, offset: int, length: int) -> Iterator[bytes]:
        """Return the bytes [offset, offset + length) in pieces, fewer where the file ends before.

        What can go wrong at the start goes wrong here and not at the first piece, so that a view
        can still answer with a status. Raises FileNotFoundError, ValueError for a negative
        number, and StorageDown from a later piece where a body breaks off.
        """

    def size(self, key: str) -> int | None:
        """Return the length of the file in bytes, None where there is none."""

    def remove(self, keys: Iterable[str]) -> None:
        """Remove files; those already gone are fine."""

    def walk(self) -> Iterator[StoredFile]:
        """Yield every file whose name is a key, in no promised order, but not what is incoming."""

    def sweep_incoming(self, older_than: datetime) -> int:
        """Remove what uploads left behind and nobody wrote to since then; return how much."""

    def local_path(self, key: str) -> Path | None:
        """Return where the file stands or would stand on this machine's disk, None elsewhere."""

    def presigned_url(
        self,
        key: str,
        *,
        starts_at: datetime,
        seconds: int,
        filename: str = "",
        content_type: str = "",
    ) -> str | None:
        """Return an address that opens the file by itself, None where there is no such thing.

        It holds for `seconds` (at most a week) from `starts_at` on and is the same for the same
        arguments, so browsers can cache what it gives. With `filename` the file is offered for
        saving under that name; `content_type` overrides the stored one.
        """


def check_key(key: str) -> str:
    """Return the key, or raise ValueError where it could lead out of the storage."""
    if not KEY.fullmatch(key):
        raise ValueError(f"not a storage key: {key!r}")
    return key


def check_stretch(offset: int, length: int) -> None:
    """Raise ValueError unless both numbers of a stretch are at least 0."""
    if offset < 0 or length < 0:
        raise ValueError(f"not a stretch of a file: {length} bytes from {offset} on")


def primed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Run a generator up to its first (empty) piece, so that it opens its source here and now.

    Once it has begun, its `finally` also runs when nobody asks for a single piece.
    """
    next(pieces)
    return pieces


def make_incoming(root: Path) -> Path:
    """Return the folder for uploads below `root`; nobody but us may look into it."""
    folder = root / INCOMING
    root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def sweep_folder(folder: Path, older_than: datetime) -> int:
    """Remove the files of a folder that nobody wrote to since `older_than`; return their number."""
    removed = 0
    for path in folder.iterdir():
        # Its upload may end while we look at it.
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < older_than.timestamp():
                path.unlink()
                removed += 1
    return removed
