"""What people are told: first a row, then a letter by a worker, at most once for each fact.

An app registers the kinds of notification that it sends; their templates stay with it. Whoever
calls `notify` inside a transaction has told nobody when that is rolled back.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMultiAlternatives
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from hafiportrait.accounts.models import MutedKind, Notification, User
from hafiportrait.lib import jobs
from hafiportrait.lib.http import absolute
from hafiportrait.lib.jobs import JobFailed

# A mail server that is down for an hour, or greylists, loses nothing.
RETRY_SECONDS = (60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600)
REFUSED_FOR_GOOD = 500  # the first code of RFC 5321 that asks not to try again
UNSUBSCRIBE_SALT = "accounts.unsubscribe"

Context = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of notification.

    `label` is what people read where they choose what they want; `role` is whose choice it is.
    `template` is the path of its templates without `_subject.txt`, `.txt` and `.html`, `context`
    makes what they show of what `notify` was given, None where that is gone meanwhile. Nobody can
    do without one that is essential.
    """

    name: str
    label: Any
    role: str
    template: str
    context: Callable[[Notification], Context | None]
    channels: tuple[str, ...] = (Notification.Channel.EMAIL,)
    is_essential: bool = False


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known; called once, when its app starts."""
    _kinds[kind.name] = kind


def kinds_for(person: User) -> list[Kind]:
    """Return the kinds that this person may do without."""
    return [k for k in _kinds.values() if k.role == person.role and not k.is_essential]


def label_of(name: str) -> str:
    """Return what people call a kind, or its name where no app sends it any more."""
    return str(_kinds[name].label) if name in _kinds else name


def notify(
    *,
    kind: str,
    to: Iterable[User],
    fact: str,
    context: Context | None = None,
    due_at: datetime | None = None,
) -> None:
    """Have some people told, once, however often it is asked for.

    `fact` names what happened among all facts of the kind ("closes-30:<event>"); `context` is JSON
    and holds ids, no secrets and no words: these are made when it is sent. `due_at` is when, if
    not at once.
    """
    now = timezone.now()
    rows = [
        Notification(
            user=person,
            kind=kind,
            fact=fact,
            channel=channel,
            language=person.language,
            context=context or {},
            **_first_state(channel, due_at or now, now),
        )
        for person in to
        for channel in _kinds[kind].channels
    ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    jobs.ring()


def _first_state(channel: str, due_at: datetime, now: datetime) -> dict[str, Any]:
    if channel == Notification.Channel.EMAIL:
        return {"due_at": due_at}
    # What is read in the admin is there as soon as it is written.
    return {"due_at": None, "status": Notification.Status.SENT, "sent_at": now}


# --- the letter ----------------------------------------------------------------------------------


def deliver(notification: Notification) -> None:
    """Send a claimed notification by e-mail, or note that it is not wanted.

    A worker that dies between the server's yes and ours sends it again, with the same Message-ID,
    by which mail programs know the second one. Raises JobFailed for what the mail server refuses.
    """
    letter = compose(notification) if _is_wanted(notification) else None
    if letter is None:
        skipped = {"status": Notification.Status.SKIPPED, **jobs.FINISHED}
        jobs.held(notification).update(**skipped)
        return
    try:
        letter.send()
    except (smtplib.SMTPException, OSError) as error:
        raise JobFailed(str(error), final=_is_for_good(error)) from error
    sent = {"status": Notification.Status.SENT, "sent_at": timezone.now(), "to": letter.to[0]}
    jobs.held(notification).update(**sent, **jobs.FINISHED)


def try_again(*, rows: QuerySet[Notification]) -> int:
    """Send what was given up, from the first attempt on; returns how many there are."""
    again = {"status": Notification.Status.WAITING, "due_at": timezone.now(), "attempts": 0}
    found = rows.filter(status=Notification.Status.FAILED).update(**again)
    jobs.ring()
    return found


def _is_wanted(notification: Notification) -> bool:
    person = notification.user
    muted = MutedKind.objects.filter(user=person, kind=notification.kind)
    return person.is_active and (_kinds[notification.kind].is_essential or not muted.exists())


def _is_for_good(error: Exception) -> bool:
    """Return whether the mail server will say the same tomorrow."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= REFUSED_FOR_GOOD for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code >= REFUSED_FOR_GOOD
    return False


def compose(notification: Notification) -> EmailMultiAlternatives | None:
    """Return the letter, as text and as a page, in the person's language; None if it is void."""
    kind, person = _kinds[notification.kind], notification.user
    with override(notification.language):
        shown = kind.context(notification)
        if shown is None:
            return None
        leaving = None if kind.is_essential else unsubscribe_url(person, kind.name)
        frame = {"person": person, "unsubscribe_url": leaving}
        frame |= {"studio_name": settings.STUDIO_NAME, "site_url": settings.SITE_URL}
        subject = render_to_string(f"{kind.template}_subject.txt", shown | frame)
        letter = EmailMultiAlternatives(
            " ".join(subject.split()),
            render_to_string(f"{kind.template}.txt", shown | frame),
            to=[person.email],
            headers=_headers(notification, leaving),
        )
        page = render_to_string(f"{kind.template}.html", shown | frame)
        letter.attach_alternative(page, "text/html")
    return letter


def _headers(notification: Notification, leaving: str | None) -> dict[str, str]:
    headers = {
        "Message-ID": f"<{notification.pk}@{settings.SITE_HOST}>",
        "Auto-Submitted": "auto-generated",  # RFC 3834: no answering machine replies
        "Content-Language": notification.language,
    }
    if leaving:  # RFC 8058
        headers["List-Unsubscribe"] = f"<{leaving}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


JOB = jobs.Kind(
    "notification",
    Notification,
    deliver,
    give_up={"status": Notification.Status.FAILED},
    retry_seconds=RETRY_SECONDS,
)

# --- who does not want it ------------------------------------------------------------------------


def unsubscribe_url(person: User, kind: str) -> str:
    """Return the full address that ends one kind of letter for one person, without a log-in."""
    token = signing.dumps([str(person.pk), kind], salt=UNSUBSCRIBE_SALT)
    return absolute(reverse("accounts:unsubscribe", args=[token]))


def read_unsubscribe(token: str) -> tuple[User, Kind] | None:
    """Return whom and what such an address means, None where it is not ours."""
    try:
        pk, name = signing.loads(token, salt=UNSUBSCRIBE_SALT)
    except signing.BadSignature:
        return None
    person, kind = User.objects.filter(pk=pk).first(), _kinds.get(name)
    return (person, kind) if person and kind and not kind.is_essential else None


def choose_kinds(*, person: User, wanted: set[str]) -> None:
    """Keep which of the kinds that a person may do without are wanted."""
    names = {kind.name for kind in kinds_for(person)}
    person.muted_kinds.filter(kind__in=wanted).delete()
    for name in sorted(names - wanted):
        mute(person=person, kind=name)


def choose_language(*, person: User, language: str) -> None:
    """Speak to a person in this language from now on, in letters that wait too."""
    person.language = language
    person.save(update_fields=["language", "updated_at"])
    waiting = person.notifications.filter(status=Notification.Status.WAITING)
    waiting.update(language=language)


def mute(*, person: User, kind: str) -> None:
    """Send a person no more letters of this kind, those that wait included."""
    MutedKind.objects.get_or_create(user=person, kind=kind)
