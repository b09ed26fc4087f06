"""Refuse a translation that misses a sentence of the product (part of `make check`).

The sentences are gathered in a copy of the sources, so that a check changes no file.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ("id",)  # the sources are English
# What is no source of ours; translations of packages are the packages' own.
NO_SOURCES = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", "node_modules", "var", "tests", "__pycache__"
)


def gathered(locale: str, folder: Path) -> polib.POFile:
    """Return the catalogue with every sentence of the present sources merged in."""
    copy = folder / "sources"
    shutil.copytree(ROOT, copy, ignore=NO_SOURCES)
    words = ["makemessages", "--locale", locale, "--no-location", "--verbosity", "0"]
    subprocess.run([sys.executable, "-m", "django", *words], cwd=copy, check=True)  # noqa: S603
    return polib.pofile(str(copy / "locale" / locale / "LC_MESSAGES" / "django.po"))


def problems(catalogue: polib.POFile) -> Iterator[str]:
    """Yield a line for every sentence that is not, or not surely, translated."""
    for entry in catalogue:
        if entry.obsolete:
            yield f"no longer used: {entry.msgid!r}"
        elif entry.fuzzy:
            yield f"uncertain: {entry.msgid!r}"
        elif not entry.translated():
            yield f"missing: {entry.msgid!r}"


def main() -> int:
    """Check every language beside the sources' own; returns 1 if one is not complete."""
    if shutil.which("xgettext") is None:
        sys.exit("hafiportrait: xgettext is missing; on Debian: apt-get install gettext")
    found = 0
    for locale in LOCALES:
        with tempfile.TemporaryDirectory() as folder:
            for line in problems(gathered(locale, Path(folder))):
                sys.stderr.write(f"locale/{locale}: {line}\n")
                found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
