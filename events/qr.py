"""The QR code of an event, drawn for print (PNG) and for any size (SVG)."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import qrcode
from qrcode.constants import ERROR_CORRECT_Q
from qrcode.image.svg import SvgPathFillImage

# ISO/IEC 18004: a margin of four modules; level Q reads with a quarter of the code damaged.
QUIET_ZONE_MODULES = 4
PNG_PIXELS_MIN = 1000
KINDS = {"png": "image/png", "svg": "image/svg+xml"}


def draw_qr(text: str, kind: str, *, pixels: int = PNG_PIXELS_MIN) -> bytes:
    """Return a QR code that says `text`, as a file of one of KINDS.

    The PNG is black on white with a whole number of pixels per module, at least `pixels` wide;
    the SVG is one path on a white ground, with neither style nor script.
    """
    code = _code(text)
    return _png(code, pixels) if kind == "png" else _svg(code)


def _code(text: str) -> qrcode.QRCode[Any]:
    code: qrcode.QRCode[Any] = qrcode.QRCode(
        error_correction=ERROR_CORRECT_Q, border=QUIET_ZONE_MODULES
    )
    code.add_data(text)
    code.make(fit=True)
    return code


def _png(code: qrcode.QRCode[Any], pixels: int) -> bytes:
    modules = code.modules_count + 2 * QUIET_ZONE_MODULES
    code.box_size = -(-pixels // modules)
    file = BytesIO()
    code.make_image().save(file)
    return file.getvalue()


def _svg(code: qrcode.QRCode[Any]) -> bytes:
    file = BytesIO()
    code.make_image(image_factory=SvgPathFillImage).save(file)
    return file.getvalue()
