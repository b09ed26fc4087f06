"""The real site, and beside it answers that take as long as a test wants."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from hafiportrait.wsgi import application as site

BLOCK = b"x" * 65_536
BIG_BLOCKS = 3_200  # 200 MB: more than all buffers between the server and a phone
SLOW_BLOCKS = 20
SLOW_BLOCK_SECONDS = 0.1


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Answer our own paths; everything else is the site's."""
    match environ["PATH_INFO"]:
        case "/big":
            return _blocks(start_response, BIG_BLOCKS, seconds=0)
        case "/slow":
            return _blocks(start_response, SLOW_BLOCKS, seconds=SLOW_BLOCK_SECONDS)
        case "/body":
            environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            return _blocks(start_response, 1, seconds=0)
        case "/q/KEBAYA77/broken":
            raise RuntimeError("broken on purpose")
    answer: Iterable[bytes] = site(environ, start_response)
    return answer


def _blocks(start_response: Any, count: int, *, seconds: float) -> Iterator[bytes]:
    start_response("200 OK", [("Content-Length", str(count * len(BLOCK)))])
    for _ in range(count):
        time.sleep(seconds)
        yield BLOCK
