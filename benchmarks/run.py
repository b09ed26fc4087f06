"""`python -m benchmarks.run [gallery ingest zip upload media scrolling]`: measure and write.

A run of everything writes its part of `RESULTS.md`; a run of some prints only.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import archives, gallery, ingest, media, scrolling, uploads
from benchmarks.report import RESULTS, Section, load, summary, write

BENCHMARKS: dict[str, Callable[[Path], list[Section]]] = {
    "gallery": gallery.measure,
    "ingest": ingest.measure,
    "zip": archives.measure,
    "upload": uploads.measure,
    "media": media.measure,
    "scrolling": scrolling.measure,
}


def main(words: list[str]) -> int:
    """Run the named benchmarks, or all; returns 1 where something could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args(words).names or list(BENCHMARKS)
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    load_before = load()
    sections = [section for name in names for section in _measure(name)]
    if set(names) == set(BENCHMARKS):
        write(sections, load_before=load_before)
        print(f"\nwritten to {RESULTS}")
    print(summary(sections))
    return 1 if any(section.missing for section in sections) else 0


def _measure(name: str) -> list[Section]:
    """Run one benchmark in a scratch folder, which is removed at the end."""
    print(f"{name} … (load {load()})", flush=True)
    folder = Path(tempfile.mkdtemp(prefix=f"hafiportrait-bench-{name}-"))
    try:
        sections = BENCHMARKS[name](folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for section in sections:
        print("\n".join(["", *section.lines()]), flush=True)
    return sections


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
