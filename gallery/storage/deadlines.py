"""Requests to a storage that end in time, whatever the other side does.

A read time-out starts anew with every byte, so a storage that sends one byte a second holds its
reader for hours: in a body, in the headers, in the answer to an upload. The sockets made here
know the allowance of the call they serve and give up when it is used up.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.exceptions import HTTPClientError
from botocore.httpsession import URLLib3Session

from hafiportrait.lib.errors import StorageDown

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer
    from botocore.awsrequest import AWSPreparedRequest, AWSResponse


class Allowance:
    """The seconds that one call to a storage may take, all its requests and retries together.

    It starts with `seconds`, and every `bytes_per_second` bytes that move either way earn one
    more: a large file may take long as long as it moves, and no pause is longer than `silence`
    seconds.
    """

    def __init__(self, seconds: float, *, silence: float, bytes_per_second: int) -> None:
        self._left = seconds
        self._silence = silence
        self._bytes_per_second = bytes_per_second
        self._ends_at = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the clock run while the block does; what a slow reader does in between is free."""
        self._ends_at = monotonic() + self._left
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)
            self._left = self._ends_at - monotonic()

    @property
    def is_spent(self) -> bool:
        """Whether a running clock has reached its end."""
        return monotonic() >= self._ends_at

    def patience(self) -> float:
        """Return how many seconds the next step may take. Raises TimeoutError when none."""
        left = self._ends_at - monotonic()
        if left <= 0:
            raise TimeoutError("the call has used up its time")
        return min(left, self._silence)

    def earn(self, count: int) -> None:
        """Add the time that `count` moved bytes are worth."""
        self._ends_at += count / self._bytes_per_second


_current: ContextVar[Allowance] = ContextVar("allowance of the call to the storage")


def _arm(sock: socket.socket) -> Allowance:
    """Bound the next step of a socket, and return the allowance that it works for."""
    allowance = _current.get()
    sock.settimeout(allowance.patience())
    return allowance


class _TimedSocket(socket.socket):
    """A socket whose every step is bounded by the allowance of the call it serves."""

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        allowance = _arm(self)
        count = super().recv_into(buffer, nbytes, flags)
        allowance.earn(count)
        return count

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        allowance = _arm(self)
        super().sendall(data, flags)
        allowance.earn(memoryview(data).nbytes)


class _TimedTLSSocket(ssl.SSLSocket):
    """The same over TLS, where `sendall` is a loop over `send`."""

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        allowance = _arm(self)
        count = super().recv_into(buffer, nbytes, flags)
        allowance.earn(count)
        return count

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        allowance = _arm(self)
        count = super().send(data, flags)
        allowance.earn(count)
        return count


def _sooner(timeout: float | None) -> float:
    patience = _current.get().patience()
    return patience if timeout is None else min(timeout, patience)


class _TimedConnection(AWSHTTPConnection):
    def connect(self) -> None:
        self.timeout = _sooner(self.timeout)
        super().connect()
        self.sock = _TimedSocket(fileno=self.sock.detach())


class _TimedTLSConnection(AWSHTTPSConnection):
    def connect(self) -> None:
        self.timeout = _sooner(self.timeout)
        super().connect()


class _TimedPool(AWSHTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _TimedTLSPool(AWSHTTPSConnectionPool):
    ConnectionCls = _TimedTLSConnection


class TimedTransport(URLLib3Session):
    """botocore's own HTTP session on sockets that keep to the allowance.

    Register an instance for `before-send.s3`: botocore then sends nothing by itself.
    """

    def __init__(self, *, connect_seconds: float, silence: float, connections: int) -> None:
        super().__init__(
            verify=os.environ.get("AWS_CA_BUNDLE") or True,  # type: ignore[arg-type]  # stubs: no path
            timeout=(connect_seconds, silence),  # type: ignore[arg-type]  # stubs: no pair
            max_pool_connections=connections,
        )
        pools = {"http": _TimedPool, "https": _TimedTLSPool}
        self._manager.pool_classes_by_scheme = pools  # type: ignore[attr-defined]  # not in the stubs

    def _get_ssl_context(self) -> ssl.SSLContext:
        context: ssl.SSLContext = super()._get_ssl_context()  # type: ignore[misc]  # not in the stubs
        context.sslsocket_class = _TimedTLSSocket
        return context

    def __call__(self, request: AWSPreparedRequest, **event: Any) -> AWSResponse:
        """Send a request. Raises StorageDown, which nobody tries again, when the time is over."""
        try:
            return self.send(request)
        except HTTPClientError as error:
            if _current.get().is_spent:
                raise StorageDown(f"the storage is too slow: {error}") from error
            raise
