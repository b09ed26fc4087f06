"""A guest's evening on a phone, told once and lived twice: without scripts, and with them."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import Browser, Download, Locator, Page, expect

from tests.browser.conftest import Site
from tests.browser.pages import named, scroll_through, shown_names, tile, tiles, wait_until_open
from tests.browser.party import Party
from tests.browser.seed import AKAD_PHOTOS, PHOTOS, WEDDING_CODE, photo_name

pytestmark = pytest.mark.browser

PAGE_PHOTOS = 60
PARTY_PHOTOS = 4
WORDS = "Selamat menempuh hidup baru! 💛"
WAITING = "Waiting for approval"
TABS_MOST = 60
SIZE = re.compile(r"\d+\.\d\s[KM]B")
DAY = """
from datetime import datetime
from zoneinfo import ZoneInfo
day = datetime(2026, 12, 25, 19, tzinfo=ZoneInfo("Asia/Makassar"))
"""
# What a guest reads on the way, in both languages.
LANDMARKS = {
    "en": {
        "language": "English",
        "gate": "Open your gallery",
        "code": "Access code",
        "open": "Open the gallery",
        "day": "Friday, 25 December 2026",
        "chapters": ["All photos 4", "My favourites", "Most liked"],
        "like": "Like this photo",
        "comment": "Your comment",
        "send": "Send",
        "guestbook": "Guestbook",
        "sign": "Leave your wishes",
        "attending": "Attending",
        "closed": "This gallery is closed",
    },
    "id": {
        "language": "Bahasa Indonesia",
        "gate": "Buka galeri Anda",
        "code": "Kode akses",
        "open": "Buka galeri",
        "day": "Jumat, 25 Desember 2026",
        "chapters": ["Semua foto 4", "Favoritku", "Paling disukai"],
        "like": "Sukai foto ini",
        "comment": "Komentar",
        "send": "Kirim",
        "guestbook": "Buku tamu",
        "sign": "Tulis ucapan",
        "attending": "Hadir",
        "closed": "Galeri ini sudah ditutup",
    },
}
every_language = pytest.mark.parametrize("words", LANDMARKS.values(), ids=LANDMARKS)


@dataclass
class Guest:
    """Somebody with a telephone, and how a photo is handled on it."""

    page: Page
    has_scripts: bool

    def enter(self, code: str) -> None:
        """Scan the QR code."""
        self.page.goto(f"/q/{code}/")

    def tile(self, number: int) -> Locator:
        """Return the tile of the photo with this number, on whichever page it stands."""
        photo = self.page.get_by_alt_text(named(number)[0], exact=True)
        return tiles(self.page).filter(has=photo)

    def open_photo(self, number: int) -> None:
        """Tap a photo: its page comes, or it opens over the gallery."""
        self.tile(number).get_by_role("link").click()
        self.expect_photo(number)
        if self.has_scripts:
            wait_until_open(self.page)

    def expect_photo(self, number: int) -> None:
        heading = self.page.get_by_role("heading", level=1)
        caption = self.page.locator(".lightbox__caption") if self.has_scripts else heading
        expect(caption).to_have_text(named(number)[0])

    def turn(self, to: str) -> Locator:
        """Return what leads to the next or the previous photo."""
        role = "button" if self.has_scripts else "link"
        return self.page.get_by_role(role, name=f"{to} photo")  # type: ignore[arg-type]  # a role

    def leave_photo(self) -> None:
        if self.has_scripts:
            self.page.get_by_role("button", name="Close", exact=True).click()
        else:
            self.page.get_by_role("link", name="Back to the gallery").click()

    def share_link(self) -> Locator:
        name = "Share this photo" if self.has_scripts else "Share"
        return self.page.get_by_role("link", name=name)

    def open_sizes(self) -> None:
        """Show the sizes in which this photo is taken home; its page shows them anyway."""
        if self.has_scripts:
            self.page.get_by_label("Download this photo").click()

    def comments(self) -> Locator:
        """Return where one talks about this photo."""
        if not self.has_scripts:
            return self.page.get_by_role("main")
        self.page.get_by_role("link", name="Comments").click()
        return self.page.get_by_role("dialog", name="Comments")

    def show_all_photos(self) -> None:
        """Go on to the photos that the first page does not hold."""
        if self.has_scripts:
            scroll_through(self.page)
        else:
            self.page.get_by_role("link", name="More photos").click()

    def choose(self, *numbers: int) -> None:
        """Tick photos, and leave the sheet of the downloads open."""
        sheet = self.page.locator("summary").filter(has_text="Download photos")
        if self.has_scripts:
            self.page.get_by_role("button", name="Choose photos").click()
            for number in numbers:
                self.tile(number).get_by_role("link").click()
            sheet.click()
        else:
            sheet.click()
            for number in numbers:
                self.tile(number).get_by_role("checkbox").check()

    def take(self, name: str) -> Download:
        with self.page.expect_download() as caught:
            self.page.get_by_role("button", name=name).click()
        return caught.value


@pytest.fixture(scope="module", params=[False, True], ids=["without scripts", "with scripts"])
def has_scripts(request: pytest.FixtureRequest) -> bool:
    chosen: bool = request.param
    return chosen


@pytest.fixture(scope="module")
def party(site: Site, has_scripts: bool) -> Iterator[Party]:
    """An event of four photos that nobody has liked or talked about."""
    made = Party(site, slug=f"malam-{has_scripts:d}", code=f"ANGKLUNG{has_scripts + 2:d}")
    made.begin(photos=PARTY_PHOTOS)
    made.run(f"{DAY}Event.objects.filter(slug='{made.slug}').update(event_date=day)")
    yield made
    made.end()


@pytest.fixture
def sari(request: pytest.FixtureRequest, has_scripts: bool) -> Guest:
    """The guest whose evening it is; she has the code, and has not used it yet."""
    return Guest(request.getfixturevalue("page" if has_scripts else "plain_guest"), has_scripts)


@pytest.fixture
def dewi(browser: Browser, browser_context_args: dict[str, Any]) -> Iterator[Guest]:
    """Another guest, who looks at what Sari leaves."""
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    yield Guest(context.new_page(), has_scripts=False)
    context.close()


def set_event(party: Party, **fields: object) -> None:
    """Change the event as the photographer may."""
    party.run(f"Event.objects.filter(slug='{party.slug}').update(**{fields!r})")


def approve_everything(party: Party) -> None:
    """Approve what waits, as the photographer does in the queue."""
    party.run(
        "from engagement.models import Comment\n"
        "from engagement.services import moderate_comments\n"
        f"waiting = Comment.objects.filter(event__slug='{party.slug}')\n"
        "moderate_comments(comments=waiting, status=Comment.Status.APPROVED)"
    )


def press(page: Page, like: Locator) -> None:
    """Press a heart, and wait until the site knows of it."""
    with page.expect_response(re.compile(r"/like/$")):
        like.click()


def expect_like(button: Locator, *, pressed: bool, count: int) -> None:
    expect(button).to_have_attribute("aria-pressed", "true" if pressed else "false")
    expect(button.locator("[data-count]")).to_have_text(str(count))


def write(place: Locator, words: str) -> Locator:
    """Say something under a photo, and return what was said."""
    place.get_by_role("textbox", name="Your name").fill("Sari")
    place.get_by_role("textbox", name="Your comment").fill(words)
    place.get_by_role("button", name="Send").click()
    return said(place, words)


def said(place: Page | Locator, words: str) -> Locator:
    return place.locator("[data-comment-id]", has_text=words)


def members(download: Download) -> list[str]:
    """Return the names in a ZIP whose every byte is as it says."""
    with zipfile.ZipFile(download.path()) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until this has the focus."""
    for _ in range(TABS_MOST):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("No number of tabs leads there.")


class ArrivingTests:
    def test_the_code_of_the_card_and_the_qr_code_open_the_same_gallery(
        self, sari: Guest, dewi: Guest, party: Party
    ) -> None:
        sari.page.goto("/masuk/")
        sari.page.get_by_label("Access code").fill(f" {party.code.lower()} ")
        sari.page.get_by_role("button", name="Open the gallery").click()
        dewi.enter(party.code)

        for guest in (sari, dewi):
            expect(guest.page).to_have_url(party.gallery)
            expect(guest.page.get_by_role("heading", level=1)).to_have_text("Resepsi Sinta & Bayu")
            assert shown_names(guest.page) == named(*range(1, PARTY_PHOTOS + 1))

    @every_language
    def test_the_way_is_signposted_in_the_language_that_was_chosen(
        self, sari: Guest, party: Party, words: dict[str, Any]
    ) -> None:
        page = sari.page
        page.goto("/masuk/")
        page.get_by_role("button", name=words["language"]).click()

        expect(page.get_by_role("heading", level=1)).to_have_text(words["gate"])
        page.get_by_label(words["code"]).fill(party.code)
        page.get_by_role("button", name=words["open"]).click()
        expect(page.locator("header time")).to_have_text(words["day"])
        expect(page.locator(".chip")).to_have_text(words["chapters"])
        page.goto(tile(page, 1).get_attribute("href") or "")
        expect(page.get_by_role("button", name=words["like"])).to_be_visible()
        expect(page.get_by_role("textbox", name=words["comment"])).to_be_visible()
        expect(page.get_by_role("button", name=words["send"], exact=True)).to_be_visible()
        page.goto(party.gallery)
        page.get_by_role("link", name=words["guestbook"], exact=True).click()
        expect(page.get_by_role("heading", name=words["sign"])).to_be_visible()
        expect(page.get_by_label(words["attending"], exact=True)).to_be_visible()

    def test_the_cover_changes_its_language_and_back(self, sari: Guest, party: Party) -> None:
        sari.enter(party.code)

        for language in ("en", "id", "en"):
            words = LANDMARKS[language]
            sari.page.get_by_role("button", name=str(words["language"])).click()
            expect(sari.page.locator("html")).to_have_attribute("lang", language)
            expect(sari.page.locator("header time")).to_have_text(str(words["day"]))
            expect(sari.page).to_have_url(party.gallery)


class LookingTests:
    def test_a_chapter_has_its_own_photos(self, sari: Guest) -> None:
        sari.enter(WEDDING_CODE)

        sari.page.get_by_role("link", name="Akad").click()

        expect(sari.page.get_by_role("link", name="Akad")).to_have_attribute("aria-current", "page")
        assert shown_names(sari.page) == named(*range(1, AKAD_PHOTOS + 1))

    def test_from_the_first_page_to_the_last_photo_and_back_to_its_place(self, sari: Guest) -> None:
        sari.enter(WEDDING_CODE)
        expect(tiles(sari.page)).to_have_count(PAGE_PHOTOS)

        sari.show_all_photos()
        sari.open_photo(PAGE_PHOTOS + 1)
        for number in range(PAGE_PHOTOS + 2, PHOTOS + 1):
            sari.turn("Next").click()
            sari.expect_photo(number)
        sari.turn("Previous").click()
        sari.expect_photo(PHOTOS - 1)
        sari.leave_photo()

        expect(sari.tile(PHOTOS - 1)).to_be_in_viewport()

    def test_gallery_and_photo_are_shared_without_the_code(
        self, sari: Guest, base_url: str
    ) -> None:
        sari.enter(WEDDING_CODE)
        photo = sari.tile(2).get_by_role("link").get_attribute("href")

        gallery_link = sari.page.get_by_role("link", name="Share").get_attribute("href")
        sari.open_photo(2)
        photo_link = sari.share_link().get_attribute("href")

        assert [unquote(link or "") for link in (gallery_link, photo_link)] == [
            f"https://wa.me/?text=Pernikahan Budi & Ani {base_url}/e/budi-ani/",
            f"https://wa.me/?text={named(2)[0]} {base_url}{photo}",
        ]


class LikingTests:
    def test_a_like_is_counted_kept_gathered_and_taken_back(
        self, sari: Guest, dewi: Guest, party: Party
    ) -> None:
        sari.enter(party.code)
        dewi.enter(party.code)

        sari.open_photo(2)
        like = sari.page.get_by_role("button", name="Like this photo")
        expect_like(like, pressed=False, count=0)
        press(sari.page, like)
        expect_like(like, pressed=True, count=1)
        sari.page.reload()
        expect_like(like, pressed=True, count=1)
        for guest, mine in ((sari, named(2)), (dewi, [])):
            guest.page.goto(f"{party.gallery}?show=popular")
            assert shown_names(guest.page) == named(2)
            guest.page.get_by_role("link", name="My favourites").click()
            assert shown_names(guest.page) == mine
        sari.page.get_by_role("link", name="All photos").click()
        like = sari.tile(2).get_by_role("button")
        press(sari.page, like)
        expect_like(like, pressed=False, count=0)
        sari.page.get_by_role("link", name="My favourites").click()

        expect(sari.page.get_by_role("heading", level=2)).to_have_text("No favourites yet")


class TalkingTests:
    def test_a_comment_waits_is_its_author_s_alone_and_is_taken_back(
        self, sari: Guest, dewi: Guest, party: Party
    ) -> None:
        sari.enter(party.code)
        dewi.enter(party.code)
        sari.open_photo(1)
        dewi.open_photo(1)

        mine = write(sari.comments(), WORDS)
        expect(mine).to_contain_text(WAITING)
        dewi.page.reload()
        expect(dewi.page.get_by_role("heading", name="Comments")).to_be_visible()
        expect(dewi.page.locator("[data-comment-id]")).to_have_count(0)
        mine.get_by_text("Delete", exact=True).click()
        mine.get_by_role("button", name="Delete for good").click()
        expect(mine).to_have_count(0)
        sari.page.reload()

        expect(sari.page.get_by_text("Nobody has said anything yet.")).to_be_visible()

    def test_where_nobody_moderates_the_next_guest_reads_it_and_may_not_delete_it(
        self, sari: Guest, dewi: Guest, party: Party
    ) -> None:
        set_event(party, require_moderation=False)
        sari.enter(party.code)
        dewi.enter(party.code)
        sari.open_photo(3)

        mine = write(sari.comments(), WORDS)
        expect(mine).to_be_visible()
        expect(mine).not_to_contain_text(WAITING)
        dewi.page.reload()
        expect(dewi.tile(3)).to_contain_text("1 comment")
        dewi.open_photo(3)

        expect(said(dewi.page, WORDS)).to_contain_text("Sari")
        expect(said(dewi.page, WORDS).get_by_text("Delete")).to_have_count(0)
        set_event(party, require_moderation=True)

    def test_a_wish_is_read_by_all_once_approved_and_counted_in_the_keepsake(
        self, sari: Guest, dewi: Guest, party: Party
    ) -> None:
        sari.enter(party.code)
        dewi.enter(party.code)

        sari.page.get_by_role("link", name="Guestbook").click()
        sari.page.get_by_label("Your name", exact=True).fill("Sari")
        sari.page.get_by_label("How you know the couple").fill("Teman kuliah")
        sari.page.get_by_label("Your wishes", exact=True).fill(WORDS)
        sari.page.get_by_label("Attending", exact=True).check()
        sari.page.get_by_role("button", name="Sign the guestbook").click()
        expect(said(sari.page, WORDS)).to_contain_text(WAITING)
        dewi.page.get_by_role("link", name="Guestbook").click()
        expect(dewi.page.get_by_role("heading", name="No wishes yet")).to_be_visible()
        approve_everything(party)
        for guest in (sari, dewi):
            guest.page.reload()
            expect(said(guest.page, WORDS)).not_to_contain_text(WAITING)
            guest.page.get_by_role("link", name="As a book to keep and print").click()
            expect(said(guest.page, WORDS)).to_contain_text("Teman kuliah")
            numbers = guest.page.locator(".numbers dd").all_inner_texts()
            assert [int(number) for number in numbers] == [1, 1, 0]  # wishes, coming, not coming


class TakingHomeTests:
    def test_three_chosen_photos_come_in_web_size(self, sari: Guest) -> None:
        sari.enter(WEDDING_CODE)

        sari.choose(1, 3, AKAD_PHOTOS + 1)
        sari.page.get_by_label("Web size").check()
        if sari.has_scripts:
            chosen = sari.page.get_by_role("button", name="Chosen photos")
            expect(chosen).to_contain_text("3 chosen")
            expect(chosen.get_by_text(SIZE).filter(visible=True)).to_have_count(1)

        assert members(sari.take("Chosen photos")) == [
            "Akad/DSC_0001.jpg",
            "Akad/DSC_0003.jpg",
            f"Resepsi/DSC_{AKAD_PHOTOS + 1:04d}.jpg",
        ]

    def test_a_chapter_and_everything_say_beforehand_what_comes(self, sari: Guest) -> None:
        sari.enter(WEDDING_CODE)

        for name, count in (("All of “Akad”", AKAD_PHOTOS), ("The whole gallery", PHOTOS)):
            sari.page.get_by_role("link", name="Akad").click()
            sari.page.get_by_text("Download photos").click()
            button = sari.page.get_by_role("button", name=name)
            expect(button).to_contain_text(f"{count} photos")
            expect(button.get_by_text(SIZE).filter(visible=True)).to_have_count(1)
            assert len(members(sari.take(name))) == count

    def test_one_photo_comes_in_both_sizes_which_are_said_beforehand(self, sari: Guest) -> None:
        sari.enter(WEDDING_CODE)
        sari.open_photo(1)

        taken = {}
        for name in ("Download the original", "Download in web size"):
            sari.open_sizes()
            link = sari.page.get_by_role("link", name=name)
            expect(link).to_contain_text(SIZE)
            with sari.page.expect_download() as caught:
                link.click()
            content = hashlib.sha256(caught.value.path().read_bytes()).hexdigest()
            taken[content] = caught.value.suggested_filename

        assert list(taken.values()) == [photo_name(1), "DSC_0001.jpg"]


class KeyboardTests:
    def test_tab_and_enter_are_enough_to_like_and_to_talk(self, sari: Guest, party: Party) -> None:
        page, keys = sari.page, sari.page.keyboard
        sari.enter(party.code)
        tab_to(page, sari.tile(4).get_by_role("link"))
        keys.press("Enter")
        sari.expect_photo(4)
        if sari.has_scripts:
            wait_until_open(page)

        like = page.get_by_role("button", name="Like this photo")
        tab_to(page, like)
        keys.press("Enter")
        expect_like(like, pressed=True, count=1)
        if sari.has_scripts:
            tab_to(page, page.get_by_role("link", name="Comments"))
            keys.press("Enter")
        tab_to(page, page.get_by_role("textbox", name="Your name"))
        keys.type("Sari")
        tab_to(page, page.get_by_role("textbox", name="Your comment"))
        keys.type("Cantik")
        tab_to(page, page.get_by_role("button", name="Send"))
        keys.press("Enter")
        mine = said(page, "Cantik")
        expect(mine).to_contain_text(WAITING)
        tab_to(page, mine.locator("summary"))
        keys.press("Enter")
        tab_to(page, mine.get_by_role("button", name="Delete for good"))
        keys.press("Enter")

        expect(mine).to_have_count(0)


class LeavingTests:
    @every_language
    def test_an_archived_gallery_says_that_it_is_closed(
        self, sari: Guest, party: Party, complaints: list[str], words: dict[str, Any]
    ) -> None:
        sari.enter(party.code)
        sari.page.get_by_role("button", name=words["language"]).click()
        expect(sari.page.locator("header time")).to_have_text(words["day"])

        set_event(party, status="ARCHIVED")
        answers = [sari.page.reload(), sari.page.goto(f"/q/{party.code}/")]

        expect(sari.page.get_by_role("heading", level=1)).to_have_text(words["closed"])
        assert [answer.status for answer in answers if answer] == [410, 410]
        set_event(party, status="ACTIVE")
        complaints.clear()  # of the 410
