"""Typing a code: which event it opens, and when trying has gone on for too long.

A wedding's guests share one address, so right codes are never counted. From 20 wrong codes a
minute, wrong ones are answered 429; from 200 in ten minutes typing is closed for that address,
right or wrong, while QR codes and guests already inside are untouched.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from django.http import HttpRequest

from events.codes import normalise_code
from events.models import Event
from hafiportrait.lib import ratelimit
from hafiportrait.lib.http import client_address

WRONG_A_MINUTE = ratelimit.Limit("codes-minute", most=20, seconds=60)
WRONG_IN_TEN_MINUTES = ratelimit.Limit("codes-ten-minutes", most=200, seconds=600)
WRONG_SCANS = ratelimit.Limit("scans-minute", most=20, seconds=60)


class WrongCode(Exception):
    """The code opens nothing here."""


@dataclass
class TooManyTries(Exception):
    """The address has tried too often; `seconds` until it may try again."""

    seconds: int


def event_for_typed_code(request: HttpRequest, typed: str, *, event: Event | None = None) -> Event:
    """Return the event that the typed code opens: any (`event` None), or only this one.

    Raises WrongCode or TooManyTries. A draft's code is as wrong as any other, after the same work.
    """
    address = client_address(request)
    closed_for = ratelimit.seconds_left(WRONG_IN_TEN_MINUTES, address)
    if closed_for:
        raise TooManyTries(closed_for)
    found = _find(typed, event)
    if found is not None:
        return found
    who = f"{address}|{event.pk if event else ''}"
    ratelimit.count(WRONG_IN_TEN_MINUTES, address)
    if ratelimit.count(WRONG_A_MINUTE, who) > WRONG_A_MINUTE.most:
        raise TooManyTries(ratelimit.seconds_left(WRONG_A_MINUTE, who))
    raise WrongCode


def event_for_scanned_code(request: HttpRequest, code: str) -> Event:
    """Return the event behind a QR code; a right one is never refused for the wrong ones.

    Raises WrongCode or TooManyTries.
    """
    found = _find(code, None)
    if found is not None:
        return found
    address = client_address(request)
    if ratelimit.count(WRONG_SCANS, address) > WRONG_SCANS.most:
        raise TooManyTries(ratelimit.seconds_left(WRONG_SCANS, address))
    raise WrongCode


def _find(typed: str, event: Event | None) -> Event | None:
    """Return the published event with this code; the same query and comparison in every case."""
    code = "" if "\x00" in typed else normalise_code(typed)  # PostgreSQL takes no NUL
    found = Event.objects.published().filter(access_code=code).first()
    wanted = event if event is not None else found
    expected = wanted.access_code if wanted is not None else ""
    same = hmac.compare_digest(expected.encode(), code.encode())
    return found if found is not None and same and found == wanted else None
