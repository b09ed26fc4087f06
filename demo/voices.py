"""What the demo's guests say: likes, comments under photos, and wishes in the guestbook."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import uuid5

from django.utils import timezone

from engagement.models import Comment
from engagement.services import like_photo, moderate_comments
from events.models import Event, GuestSession
from gallery.models import Photo

LIKES = 120
HOURS_AFTER = 4.0  # the first words come once the day is over


class Guest(NamedTuple):
    """One guest of the demo."""

    name: str
    relation: str


class Wish(NamedTuple):
    """A wish, and whether its guest comes; some still wait for approval."""

    words: str
    attendance: str = ""
    is_waiting: bool = False


GUESTS = (
    Guest("Sari Wulandari", "Teman kuliah Ani"),
    Guest("Om Hendra & Tante Lilis", "Keluarga Budi"),
    Guest("Dewi", "Sepupu"),
    Guest("Rizky Pratama", "Rekan kerja Budi"),
    Guest("Maria Gunawan", "Tetangga"),
    Guest("Agus", "Teman SMA"),
    Guest("Putu Ayu Lestari", "Teman kuliah Ani"),
    Guest("Pakde Slamet", "Keluarga Ani"),
    Guest("Nadia", "Pengiring pengantin"),
    Guest("Kevin Tanuwijaya", "Rekan kerja"),
    Guest("Ibu Ratna", "Guru Ani"),
    Guest("Fajar", "Sahabat Budi"),
    Guest("Emma & Tom", "Friends from Melbourne"),
    Guest("Yusuf", "Teman futsal"),
    Guest("Bude Sri", "Keluarga Budi"),
    Guest("Intan", ""),
    Guest("Bayu", "Teman kos"),
    Guest("Clara", "Teman kantor Ani"),
)
WISHES = (
    Wish("Selamat menempuh hidup baru, Budi & Ani! Semoga jadi keluarga yang samawa. 🤍", "YES"),
    Wish("Semoga rukun sampai kakek-nenek, saling menjaga dalam suka dan duka.", "YES"),
    Wish("Akhirnya! Dulu cuma titip salam, sekarang sepelaminan. Bahagia terus ya!", "YES"),
    Wish("Selamat, Bud. Maaf tidak bisa hadir, doa terbaik dari Surabaya.", "NO"),
    Wish("Tuhan memberkati pernikahan kalian."),
    Wish("Happy wedding! Kado menyusul 😄", "YES"),
    Wish("Om Swastiastu. Rahajeng, Ani dan Budi! Semoga langgeng.", "YES"),
    Wish("Wis, saiki wis dadi siji. Sing rukun, sing sabar, sing akeh rejekine.", "YES"),
    Wish("Dampingi terus sahabatku ini ya, Budi. Dia cengeng, tapi paling setia.", "YES"),
    Wish("Congrats! Sorry we’re on duty that weekend.", "NO"),
    Wish("Ibu bangga melihatmu, Nak. Jadilah istri dan ibu yang lembut hati.", "YES"),
    Wish("Bro, jadwal mancing sekarang harus izin dulu. Selamat!", "YES"),
    Wish("We wish you a lifetime of love and laughter.\nSee you in Bandung!", "YES"),
    Wish("Barakallahu lakuma wa baraka ‘alaikuma.", "YES"),
    Wish("Doa Bude selalu untuk kalian berdua.", "NO"),
    Wish("Cantik sekali pengantinnya!", "", is_waiting=True),
    Wish("Selamat ya! Titip salam untuk keluarga.", "YES", is_waiting=True),
    Wish("Semoga segera diberi momongan.", "", is_waiting=True),
)
COMMENTS = (
    "Cantik sekali!",
    "Ini favoritku ❤️",
    "Cahayanya bagus banget.",
    "Boleh minta yang ini dicetak besar?",
    "Wah, pas banget momennya.",
    "Senyumnya Ani tidak bisa bohong 😊",
    "Aku kelihatan di belakang, hehe.",
    "Merinding lihatnya.",
    "Love this one!",
    "Budi grogi sekali di sini.",
    "Bunganya dari mana ya? Indah.",
    "Yang ini wajib masuk album.",
    "Terima kasih fotonya, Hafi!",
)
COMMENTED_PHOTOS = 12
COMMENTS_TOTAL = 25
COMMENTS_WAITING = 3


def seed_voices(event: Event) -> None:
    """Have the guests like, comment and sign; what was said before is not said again."""
    photos = list(event.photos.filter(deleted_at=None).order_by("original_filename"))
    sessions = [_session(event, number, guest) for number, guest in enumerate(GUESTS)]
    _sign(event, sessions)
    if photos:
        _like(photos, sessions)
        _comment(event, photos, sessions)


def remove_voices(event: Event) -> None:
    """Remove the demo's guests; what they said goes with the event."""
    ids = [_session_id(event, number) for number in range(len(GUESTS))]
    GuestSession.objects.filter(session_id__in=ids).delete()


def _session_id(event: Event, number: int) -> str:
    return sha256(f"demo|{event.pk.hex}|{number}".encode()).hexdigest()


def _session(event: Event, number: int, guest: Guest) -> GuestSession:
    facts = {
        "event": event,
        "display_name": guest.name,
        "entered_by": GuestSession.EnteredBy.QR,
    }
    session, _ = GuestSession.objects.get_or_create(
        session_id=_session_id(event, number), defaults=facts
    )
    return session


def _sign(event: Event, sessions: list[GuestSession]) -> None:
    for number, (guest, wish, session) in enumerate(zip(GUESTS, WISHES, sessions, strict=True)):
        _say(
            event,
            f"wish {number}",
            session,
            number,
            is_waiting=wish.is_waiting,
            relation=guest.relation,
            attendance=wish.attendance,
            content=wish.words,
        )


def _comment(event: Event, photos: list[Photo], sessions: list[GuestSession]) -> None:
    dice = random.Random(2)  # noqa: S311  # the same demo every time
    chosen = dice.sample(photos, min(COMMENTED_PHOTOS, len(photos)))
    for number in range(COMMENTS_TOTAL):
        _say(
            event,
            f"comment {number}",
            dice.choice(sessions),
            number,
            photo=chosen[number * number % len(chosen)],
            is_waiting=number >= COMMENTS_TOTAL - COMMENTS_WAITING,
            content=COMMENTS[number % len(COMMENTS)],
        )


def _say(
    event: Event,
    name: str,
    session: GuestSession,
    number: int,
    *,
    photo: Photo | None = None,
    is_waiting: bool,
    **facts: str,
) -> None:
    who_and_where = {
        "event": event,
        "photo": photo,
        "author_name": session.display_name,
        "session_id": session.session_id,
    }
    comment, is_new = Comment.objects.get_or_create(
        pk=uuid5(event.pk, name), defaults=who_and_where | facts
    )
    if not is_new:
        return
    said = Comment.objects.filter(pk=comment.pk)
    said.update(created_at=_moment(event, number))
    if not is_waiting:
        moderate_comments(comments=said, status=Comment.Status.APPROVED)


def _moment(event: Event, number: int) -> datetime:
    """Return a time between the day and now; the later the number, the later."""
    begun = event.event_date + timedelta(hours=HOURS_AFTER)
    passed = max(timezone.now() - begun, timedelta())
    return begun + passed * (number + 1) / (COMMENTS_TOTAL + 2)


def _like(photos: list[Photo], sessions: list[GuestSession]) -> None:
    """Give some photos many likes and many photos few, as guests do."""
    dice = random.Random(1)  # noqa: S311  # the same demo every time
    ranks = dice.sample(range(len(photos)), len(photos))
    pairs = {
        (ranks[int(len(photos) * dice.random() ** 2)], dice.randrange(len(sessions)))
        for _ in range(LIKES * 3)
    }
    for photo, session in sorted(pairs)[:: max(1, len(pairs) // LIKES)]:
        like_photo(
            photo=photos[photo],
            session_id=sessions[session].session_id,
            ip_address="",
            liked=True,
        )
