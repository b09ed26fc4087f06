"""smoke"""
from __future__ import annotations
import pytest
from playwright.sync_api import Page
pytestmark = pytest.mark.browser

class QrTests:
    def test_the_qr_code_leads_to_the_gallery_without_a_tap(self, guest: Page) -> None:
        assert guest.title() == "Pernikahan Budi & Ani"
        guest.wait_for_load_state("networkidle")
        guest.screenshot(path="/tmp/shot390.png")
