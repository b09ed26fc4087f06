"""The works that the studio shows to everybody."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class PortfolioPhoto(models.Model):
    """One photograph of the public portfolio."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    filename = models.CharField(_("file name"), max_length=120)
    storage_key = models.CharField(max_length=200, unique=True)
    thumbnail_key = models.CharField(max_length=200)
    title = models.CharField(_("title"), max_length=150)
    description = models.TextField(_("description"), null=True, blank=True)
    display_order = models.IntegerField(_("order"), default=0)
    is_published = models.BooleanField(_("published"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        db_table = "portfolio_photos"
        verbose_name = _("portfolio photo")
        verbose_name_plural = _("portfolio photos")
        indexes = [
            models.Index(fields=["display_order"], name="portfolio_photos_order_index"),
            models.Index(fields=["is_published"], name="portfolio_published_index"),
        ]

    def __str__(self) -> str:
        return self.title
