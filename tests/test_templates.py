"""Every template compiles, and none holds a script, a style or a handler of its own."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.template.loader import get_template

ROOT = settings.BASE_DIR / "templates"
TEMPLATES = sorted(str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file())
INLINE = {
    "script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.I),
    "style element": re.compile(r"<style", re.I),
    "style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "script address": re.compile(r"javascript:", re.I),
    "unescaped value": re.compile(r"\|\s*safe\b|autoescape\s+off"),
}
# Mail programs load no sheet: a letter's frame has its style in itself. Our policy of headers
# covers no letters; what would call home from one is forbidden instead.
LETTER_FRAME = "email/base.html"
CALLS_HOME = re.compile(r"<(?:img|link|script|iframe|form|object)\b|url\(|@import|@font-face", re.I)


class TemplateTests:
    def test_there_are_templates(self) -> None:
        assert "base.html" in TEMPLATES

    @pytest.mark.parametrize("name", TEMPLATES)
    def test_it_compiles(self, name: str) -> None:
        assert get_template(name) is not None

    @pytest.mark.parametrize("name", [n for n in TEMPLATES if n.endswith(".html")])
    def test_it_holds_nothing_that_our_policy_forbids(self, name: str) -> None:
        source = (ROOT / name).read_text()

        found = {what for what, pattern in INLINE.items() if pattern.search(source)}
        assert found == ({"style element"} if name == LETTER_FRAME else set())

    @pytest.mark.parametrize("name", [n for n in TEMPLATES if "email/" in n])
    def test_a_letter_loads_nothing(self, name: str) -> None:
        assert CALLS_HOME.findall((ROOT / name).read_text()) == []

    def test_no_module_declares_markup_safe(self) -> None:
        apps = ("hafiportrait", "events", "gallery", "engagement", "portfolio", "analytics", "demo")
        users = [
            path.relative_to(settings.BASE_DIR)
            for app in apps
            for path in (settings.BASE_DIR / app).rglob("*.py")
            if re.search(r"\bmark_safe\b|\bSafeString\(", path.read_text())
        ]

        assert users == []
