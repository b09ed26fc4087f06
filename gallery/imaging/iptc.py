"""The place inside IPTC-IIM data (IIM 4.2), as Photoshop keeps it in JPEGs: blanked in place."""

from __future__ import annotations

import re
from itertools import islice

# Content location code and name; city, sublocation, state, country code and country.
_PLACE_DATASETS = {26, 27, 90, 92, 95, 100, 101}
_APPLICATION_RECORD = 2
_DATASET_MARK = 0x1C
_EXTENDED = 0x8000

# A JPEG has one such resource with some dozens of datasets; more is an attack on our time.
_RESOURCE_LIMIT = 16
_DATASET_LIMIT = 10_000

_IIM_RESOURCE = re.compile(rb"8BIM\x04\x04")


def blank_places(block: bytearray) -> None:
    """Blank the place names in Photoshop's image resources or in bare IIM data, in place."""
    if block.startswith(bytes([_DATASET_MARK])):
        _blank_datasets(block, 0)
    for resource in islice(_IIM_RESOURCE.finditer(bytes(block)), _RESOURCE_LIMIT):
        name_at = resource.end()
        # The name's length byte and the name take an even number of bytes, then four of length.
        name_length = block[name_at] + 1 if name_at < len(block) else 0
        _blank_datasets(block, name_at + name_length + name_length % 2 + 4)


def _blank_datasets(block: bytearray, position: int) -> None:
    """Walk the datasets from a position; they end where no dataset mark follows."""
    for _ in range(_DATASET_LIMIT):
        if position + 5 > len(block) or block[position] != _DATASET_MARK:
            return
        record, dataset = block[position + 1], block[position + 2]
        length = int.from_bytes(block[position + 3 : position + 5], "big")
        start = position + 5
        if length & _EXTENDED:
            width = length & ~_EXTENDED
            length = int.from_bytes(block[start : start + min(width, 8)], "big")
            start += width
        end = min(start + length, len(block))
        if record == _APPLICATION_RECORD and dataset in _PLACE_DATASETS:
            block[start:end] = b" " * (end - start)
        position = end
