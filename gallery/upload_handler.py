"""How the body of an upload reaches the disk: as a stream, hashed and counted on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from gallery.storage import PhotoStorage
from gallery.uploads import CHUNK_BYTES, PhotoRefused, Spool
from hafiportrait.lib.errors import StorageDown

FILE_FIELD = "file"
Failure = PhotoRefused | StorageDown | OSError

if TYPE_CHECKING:
    BytesFile = UploadedFile[bytes]
else:
    BytesFile = UploadedFile


class SpooledFile(BytesFile):
    """The file of the form while it lies on the disk; the end of the request removes it."""

    def __init__(self, spool: Spool, name: str) -> None:
        super().__init__(name=name, size=spool.size)
        self.spool = spool

    def close(self) -> None:
        """Remove the file, unless it was taken over."""
        self.spool.discard()


class HashingUploadHandler(FileUploadHandler):
    """Streams the one file of a form to `storage.incoming()`; at most a few 256 KB are in memory.

    Nothing is raised while the form is read, since the token of the form may still follow: what
    goes wrong is kept, the rest of the file is passed over, and `spool()` raises it.
    """

    chunk_size = CHUNK_BYTES

    def __init__(self, request: HttpRequest, *, storage: PhotoStorage) -> None:
        super().__init__(request)
        self.storage = storage
        self.sent_name = ""
        self.failure: Failure | None = None
        self._spool: Spool | None = None
        self._is_complete = False

    def spool(self) -> Spool:
        """Return the file that was received whole.

        Raises PhotoRefused where there was none, more than one or too large a one, and StorageDown
        or the OSError of a disk that did not take it.
        """
        if self.failure is not None:
            raise self.failure
        if self._spool is None:
            raise PhotoRefused(_("Choose a file."), code="no_file", status=400)
        return self._spool

    def discard(self) -> None:
        """Remove what was received."""
        if self._spool is not None:
            self._spool.discard()
            self._spool = None

    def new_file(
        self, field_name: str, file_name: str, content_type: str, *args: Any, **kwargs: Any
    ) -> None:
        """Begin a file; one in another field is passed over, a second one fails the form."""
        super().new_file(field_name, file_name, content_type, *args, **kwargs)
        if field_name != FILE_FIELD or self.failure is not None:
            raise SkipFile
        if self._spool is not None:
            message = _("Send one file at a time.")
            self._fail(PhotoRefused(message, code="several_files", status=400))
        self.sent_name = file_name
        try:
            self._spool = Spool(self.storage.incoming())
        except (StorageDown, OSError) as error:
            self._fail(error)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write the next piece to the disk."""
        if self._spool is None:
            raise SkipFile
        try:
            self._spool.write(raw_data)
        except (PhotoRefused, OSError) as error:
            self._fail(error)

    def file_complete(self, file_size: int) -> SpooledFile | None:
        """Finish the file whose end mark was seen; one that broke off never gets here."""
        if self._spool is None or self.field_name != FILE_FIELD:
            return None
        try:
            self._spool.finish()
        except OSError as error:
            self.discard()
            self.failure = error
            return None
        self._is_complete = True
        return SpooledFile(self._spool, self.sent_name)

    def upload_interrupted(self) -> None:
        """Forget a file whose sender hung up in the middle; called for skipped ones as well."""
        if not self._is_complete:
            self.discard()

    def _fail(self, failure: Failure) -> None:
        self.discard()
        self.failure = failure
        raise SkipFile from failure
