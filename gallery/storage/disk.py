"""Photos in folders of a local disk."""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from gallery.storage.port import (
    CHUNK_BYTES,
    FOLDER_MODE,
    KEY_PART,
    PhotoStorage,
    StoredFile,
    check_key,
    check_stretch,
    make_incoming,
    primed,
    sweep_folder,
)
from hafiportrait.lib.errors import NO_ROOM, StorageDown

# The group is the web server's, where one sends the files itself.
FILE_MODE = 0o640
# How often a folder may be pruned between its making and the move into it.
MOVE_TRIES = 20


class DiskPhotoStorage(PhotoStorage):
    """Keeps each photo as a file below `location`; the path is the key."""

    def __init__(self, location: str | Path) -> None:
        self.root = Path(location).absolute()

    def incoming(self) -> Path:
        with _outages_named():
            return make_incoming(self.root)

    def store_file(self, key: str, path: Path, *, content_type: str) -> None:
        target = self.local_path(key)
        with _outages_named():
            with path.open("rb") as file:
                _make_durable(file.fileno())
            self._move(path, target)

    def store_bytes(self, key: str, data: bytes, *, content_type: str) -> None:
        target = self.local_path(key)
        spooled = self.incoming() / uuid.uuid4().hex
        with _outages_named():
            try:
                with spooled.open("xb") as file:
                    file.write(data)
                    file.flush()
                    _make_durable(file.fileno())
                self._move(spooled, target)
            except BaseException:
                spooled.unlink(missing_ok=True)
                raise

    def open(self, key: str) -> BinaryIO:
        with _outages_named():
            return self.local_path(key).open("rb")

    def read(self, key: str, offset: int, length: int) -> Iterator[bytes]:
        check_stretch(offset, length)
        return primed(_pieces(self.local_path(key), offset, length))

    def size(self, key: str) -> int | None:
        try:
            with _outages_named():
                found = self.local_path(key).stat()
        except FileNotFoundError:
            return None
        return found.st_size if stat.S_ISREG(found.st_mode) else None

    def remove(self, keys: Iterable[str]) -> None:
        for key in keys:
            path = self.local_path(key)
            with _outages_named(), suppress(FileNotFoundError, NotADirectoryError):
                path.unlink()
            self._prune(path.parent)

    def walk(self) -> Iterator[StoredFile]:
        for folder, folders, names in os.walk(self.root, onerror=_refuse_gaps):
            # What is incoming, and what a file system or a desktop keeps beside our files.
            folders[:] = [name for name in folders if KEY_PART.fullmatch(name)]
            for name in filter(KEY_PART.fullmatch, names):
                yield from self._stored_file(Path(folder) / name)

    def sweep_incoming(self, older_than: datetime) -> int:
        with _outages_named():
            return sweep_folder(self.incoming(), older_than)

    def local_path(self, key: str) -> Path:
        return self.root / check_key(key)

    def presigned_url(
        self,
        key: str,
        *,
        starts_at: datetime,
        seconds: int,
        filename: str = "",
        content_type: str = "",
    ) -> str | None:
        check_key(key)
        return None

    def _move(self, path: Path, target: Path) -> None:
        """Give a durable file its final name, and make the name durable too."""
        for tries_left in reversed(range(MOVE_TRIES)):
            try:
                target.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
                path.replace(target)
                break
            except (FileNotFoundError, FileExistsError):
                # A removal may prune a folder that we have just made or found and not filled yet.
                if not tries_left or not path.exists():
                    raise
        folder = target.parent
        while folder != self.root.parent:
            _sync_folder(folder)
            folder = folder.parent

    def _prune(self, folder: Path) -> None:
        """Remove the folder and those above it as far as they are empty."""
        while folder != self.root:
            try:
                folder.rmdir()
            except OSError:
                # Not empty, or already gone: either way nothing is left for us to do.
                return
            folder = folder.parent

    def _stored_file(self, path: Path) -> Iterator[StoredFile]:
        # It may be removed while we walk.
        with _outages_named(), suppress(FileNotFoundError):
            found = path.stat()
            key = path.relative_to(self.root).as_posix()
            yield StoredFile(key, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


@contextmanager
def _outages_named() -> Iterator[None]:
    """Turn the errors of a broken disk into StorageDown; a full disk and a missing file stay."""
    try:
        yield
    except (IsADirectoryError, NotADirectoryError) as error:
        raise FileNotFoundError(*error.args) from error
    except OSError as error:
        if isinstance(error, FileNotFoundError) or error.errno in NO_ROOM:
            raise
        raise StorageDown(str(error)) from error


def _pieces(path: Path, offset: int, length: int) -> Iterator[bytes]:
    """Yield an empty piece when the file is open, then the stretch."""
    with _outages_named(), path.open("rb", buffering=0) as file:
        yield b""
        stop = offset + length
        while chunk := os.pread(file.fileno(), min(CHUNK_BYTES, stop - offset), offset):
            offset += len(chunk)
            yield chunk


def _make_durable(descriptor: int) -> None:
    os.fchmod(descriptor, FILE_MODE)
    os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        # The file was removed again in the meantime, and its folder pruned.
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_gaps(error: OSError) -> None:
    """Stop a walk that cannot look into a folder: its files would count as lost."""
    if not isinstance(error, FileNotFoundError):
        raise StorageDown(str(error)) from error
