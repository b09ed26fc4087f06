"""Front-end packages from `node_modules`, served as static files by an allow-list.

Whole `dist` folders would publish sources and tests of packages; only what a page names is served.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage, Storage

# Address below STATIC_URL → file below node_modules. A source map is listed with its file:
# the manifest storage refuses a file whose map is missing.
PACKAGE_FILES = {
    "vendor/fonts/cormorant-garamond.woff2": (
        "@fontsource/cormorant-garamond/files/cormorant-garamond-latin-500-normal.woff2"
    ),
    "vendor/fonts/cormorant-garamond-ext.woff2": (
        "@fontsource/cormorant-garamond/files/cormorant-garamond-latin-ext-500-normal.woff2"
    ),
    "vendor/fonts/figtree.woff2": (
        "@fontsource-variable/figtree/files/figtree-latin-wght-normal.woff2"
    ),
    "vendor/fonts/figtree-ext.woff2": (
        "@fontsource-variable/figtree/files/figtree-latin-ext-wght-normal.woff2"
    ),
    "vendor/photoswipe/photoswipe.css": "photoswipe/dist/photoswipe.css",
    "vendor/photoswipe/photoswipe.js": "photoswipe/dist/photoswipe.esm.min.js",
    "vendor/uppy/uppy.css": "uppy/dist/uppy.min.css",
    "vendor/uppy/uppy.js": "uppy/dist/uppy.min.mjs",
    "vendor/uppy/uppy.min.mjs.map": "uppy/dist/uppy.min.mjs.map",
    "vendor/uppy/id_ID.js": "@uppy/locales/lib/id_ID.js",
}


class PackageFinder(BaseFinder):
    """Finds the files of PACKAGE_FILES for `collectstatic` and the development server."""

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:
        self.root = settings.BASE_DIR / "node_modules"
        super().__init__(*args, **kwargs)

    def check(self, **kwargs: Any) -> list[Any]:
        """Return no messages: a missing package stops `collectstatic` by name."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Return the file's full path, or an empty list where the list has no such address."""
        source = PACKAGE_FILES.get(path)
        if source is None or not (self.root / source).is_file():
            return []
        found = str(self.root / source)
        return [found] if find_all else found

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, Storage]]:
        """Yield every listed address with a storage that opens it."""
        storage = PackageStorage(location=self.root)
        for address in PACKAGE_FILES:
            yield address, storage


class PackageStorage(FileSystemStorage):
    """Opens a package's file under the address that PACKAGE_FILES gives it."""

    prefix = None

    def path(self, name: str) -> str:
        return super().path(PACKAGE_FILES.get(name, name))
