"""Settings are read from the environment, strictly: what is missing or odd stops the start.

A studio's owner reads the message in a terminal or in a hosting panel's log, so it is one
line that names the setting, what was found and what is expected; never a traceback.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import environ

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})

T = TypeVar("T")


def stop(name: str, problem: str) -> SystemExit:
    """Return the exit that ends a start because of the setting `name`."""
    return SystemExit(f"hafiportrait: setting {name} {problem}")


def load_file(path: Path) -> None:
    """Add the lines of a `.env` file to the environment; what is already set there wins."""
    if path.is_file():
        environ.Env.read_env(str(path))


def _read(name: str, default: T | None, convert: Callable[[str], T], expected: str) -> T:
    value = os.environ.get(name, "").strip()
    if not value:
        if default is None:
            raise stop(name, f"is missing; expected {expected}")
        return default
    try:
        return convert(value)
    except ValueError:
        raise stop(name, f"is odd: {value[:80]!r}; expected {expected}") from None


def text(name: str, default: str | None = None, *, expected: str = "some text") -> str:
    """Return a text setting; without a default it is required."""
    return _read(name, default, str, expected)


def secret(name: str, *, least: int) -> str:
    """Return a required secret of at least `least` characters; its value is never printed."""
    value = text(name, expected=f"a random secret of at least {least} characters")
    if len(value) < least:
        raise stop(name, f"is too short; expected a random secret of at least {least} characters")
    return value


def flag(name: str, *, default: bool = False) -> bool:
    """Return a switch written as 1/0, true/false, yes/no or on/off."""

    def convert(value: str) -> bool:
        word = value.lower()
        if word not in TRUE_WORDS | FALSE_WORDS:
            raise ValueError(value)
        return word in TRUE_WORDS

    return _read(name, default, convert, "1 or 0")


def number(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """Return a whole number between `least` and `most`, both included."""

    def convert(value: str) -> int:
        found = int(value)
        if found < least or (most is not None and found > most):
            raise ValueError(value)
        return found

    limits = f"of at least {least}" if most is None else f"from {least} to {most}"
    return _read(name, default, convert, f"a whole number {limits}")


def choice(name: str, default: str, *, among: Iterable[str]) -> str:
    """Return one word of a closed list."""
    words = tuple(among)

    def convert(value: str) -> str:
        if value not in words:
            raise ValueError(value)
        return value

    return _read(name, default, convert, "one of " + ", ".join(words))


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Return a list written with commas."""
    found = os.environ.get(name, "")
    return [word.strip() for word in found.split(",") if word.strip()] or list(default)


def address(name: str, default: str | None = None, *, schemes: tuple[str, ...]) -> str:
    """Return an address such as `https://photos.example.com`, without a slash at its end."""

    def convert(value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            raise ValueError(value)
        return value.rstrip("/")

    return _read(name, default, convert, " or ".join(f"{scheme}://…" for scheme in schemes))
