"""Settings are read from the environment, strictly: what is missing or odd stops the start.

A studio's owner reads the message in a terminal or in a hosting panel's log, so it is one
line that names the setting, what was found and what is expected; never a traceback.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})
SCHEMES_OF_FILES = frozenset({"sqlite", "unix"})

T = TypeVar("T")


def stop(name: str, problem: str) -> SystemExit:
    """Return the exit that ends a start because of the setting `name`."""
    return SystemExit(f"hafiportrait: setting {name} {problem}")


def load_file(path: Path) -> None:
    """Add the lines of a `.env` file to the environment; what is already set there wins."""
    if not path.is_file():
        return
    try:
        path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise stop("ENV_FILE", f"cannot be read: {str(path)!r}; expected lines of text") from None
    environ.Env.read_env(str(path))


def _as_found(value: str) -> str:
    return repr(value[:80])


def _read(
    name: str,
    default: T | None,
    convert: Callable[[str], T],
    expected: str,
    *,
    show: Callable[[str], str] = _as_found,
) -> T:
    value = os.environ.get(name, "").strip()
    if not value:
        if default is None:
            raise stop(name, f"is missing; expected {expected}")
        return default
    try:
        return convert(value)
    except ValueError:
        raise stop(name, f"is odd: {show(value)}; expected {expected}") from None


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
        if parts.scheme not in schemes or "://" not in value:
            raise ValueError(value)
        if parts.scheme in SCHEMES_OF_FILES:
            return value
        if not parts.hostname or parts.port == 0:  # an odd port raises ValueError by itself
            raise ValueError(value)
        return value.rstrip("/")

    expected = " or ".join(f"{scheme}://…" for scheme in schemes)
    return _read(name, default, convert, expected, show=_without_secrets)


def _without_secrets(value: str) -> str:
    """Return an address as far as it may be shown: it may hold a password after its scheme."""
    scheme, mark, _ = value.partition("://")
    return repr(f"{scheme[:20]}://…") if mark else "no address"


def origin(name: str, default: str | None = None) -> str:
    """Return a web address that is a scheme and a host and nothing else."""
    found = address(name, default, schemes=("https", "http"))
    parts = urlsplit(found)
    if parts.path or parts.query or parts.fragment or parts.username or parts.password:
        raise stop(name, "is odd; expected https://host or http://host with nothing behind it")
    return found


def database_config(name: str, url: str) -> dict[str, Any]:
    """Return Django's settings for the database address that the setting `name` holds."""
    try:
        config: dict[str, Any] = environ.Env.db_url_config(url)
    except (ValueError, ImproperlyConfigured):
        raise stop(name, "is odd; expected an address of PostgreSQL or SQLite") from None
    return config


def email_config(name: str, default: str) -> dict[str, Any]:
    """Return Django's settings for sending mail, from an address such as `smtp://…`."""
    try:
        config: dict[str, Any] = environ.Env.email_url_config(text(name, default))
    except (ValueError, ImproperlyConfigured):
        raise stop(
            name, "is odd; expected an address such as smtp+tls://user:password@host:587"
        ) from None
    return config
