"""A browser that costs next to nothing: raw requests over one kept-alive connection."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie

HOST = "127.0.0.1"
ANSWER_SECONDS = 30
BUFFER_BYTES = 1 << 20
# What a phone sends, so that reading the headers costs what it costs in earnest.
PHONE = {
    "User-Agent": "Mozilla/5.0 (Linux; Android 14; SM-A546E) AppleWebKit/537.36 (KHTML, like "
    "Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    "*/*;q=0.8",
    "Accept-Language": "id-ID,id;q=0.9,en-US;q=0.8,en;q=0.7",
}


class BrokenOff(Exception):
    """The server closed the connection in the middle of an answer."""


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of an answer; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    cookies: dict[str, str]
    length: int


def request_bytes(
    path: str,
    *,
    method: str = "GET",
    cookies: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> bytes:
    """Return a request as a phone sends it, ready for the wire."""
    fields = {"Host": HOST, **PHONE, **(headers or {})}
    if cookies:
        fields["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    if method == "POST":
        fields.setdefault("Content-Length", str(len(body)))
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """One kept-alive connection to a server on this machine; answers need a Content-Length."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=ANSWER_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bytes = bytearray(BUFFER_BYTES)
        self.buffer = memoryview(self.bytes)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def send(self, request: bytes) -> None:
        """Send a request."""
        self.socket.sendall(request)

    def ask(self, request: bytes) -> tuple[Head, bytes]:
        """Send a request and return the whole answer."""
        self.send(request)
        head, body = self.head()
        pieces = [body, *self.pieces(head.length - len(body))]
        return head, b"".join(pieces)

    def skip_answer(self) -> tuple[int, int]:
        """Read an answer as cheaply as can be and return its status and the length of its body."""
        got, end = self._read_head()
        mark = self.bytes.index(b"Content-Length:", 0, end) + 15
        length = int(self.bytes[mark : self.bytes.index(b"\r\n", mark)])
        status = int(self.bytes[9:12])
        self.skip(end + length - got)
        return status, length

    def head(self) -> tuple[Head, bytes]:
        """Read the beginning of an answer; returns it and what came of the body with it."""
        got, end = self._read_head()
        text, body = bytes(self.bytes[: end - 4]), bytes(self.bytes[end:got])
        first, *lines = text.decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        cookies: SimpleCookie = SimpleCookie()
        for line in lines:
            name, _, value = line.partition(":")
            if name.lower() == "set-cookie":
                cookies.load(value.strip())
            headers[name.lower()] = value.strip()
        jar = {name: morsel.value for name, morsel in cookies.items()}
        length = int(headers.get("content-length", "0"))
        return Head(int(first.split()[1]), headers, jar, length), body

    def _read_head(self) -> tuple[int, int]:
        """Fill the buffer; returns how many bytes it holds and where the body begins."""
        got = 0
        while True:
            count = self.socket.recv_into(self.buffer[got:])
            if not count:
                raise BrokenOff
            got += count
            end = self.bytes.find(b"\r\n\r\n", 0, got)
            if end >= 0:
                return got, end + 4

    def skip(self, length: int) -> None:
        """Read and forget so many bytes."""
        while length > 0:
            count = self.socket.recv_into(self.buffer, min(length, BUFFER_BYTES))
            if not count:
                raise BrokenOff
            length -= count

    def pieces(self, length: int) -> list[bytes]:
        """Read so many bytes."""
        found = []
        while length > 0:
            found.append(self.some(length))
            length -= len(found[-1])
        return found

    def some(self, most: int) -> bytes:
        """Read what is there, at least one byte and at most so many."""
        piece = self.socket.recv(min(most, BUFFER_BYTES))
        if not piece:
            raise BrokenOff
        return piece
