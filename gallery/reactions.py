"""What the app above knows of a reader's likes, as the gallery asks for it.

The gallery must not import the app that stores likes; that app registers itself here when it
starts, as a kind of job does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gallery.models import PhotoQuerySet


class Reactions(Protocol):
    """What is asked of the app that stores likes; one module with these two functions will do."""

    def pairs(self, session_id: str, photos: Sequence[str]) -> dict[str, tuple[bool, int]]:
        """Return for each photo whether this session likes it, and how many do; one query.

        Photos are named by their ids in hexadecimal (`UUID.hex`).
        """
        ...

    def liked_by(self, photos: PhotoQuerySet, session_id: str) -> PhotoQuerySet:
        """Return those of the photos that this session likes."""
        ...


_registered: list[Reactions] = []


def register(reactions: Reactions) -> None:
    """Have the gallery ask this module from now on."""
    _registered[:] = [reactions]


def registered() -> Reactions:
    """Return what was registered; a site without it does not start a gallery."""
    return _registered[0]
