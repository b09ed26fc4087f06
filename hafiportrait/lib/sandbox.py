"""A function in a process of its own, under a time and a memory limit.

Decoders are C code that a thread cannot stop and that a Python signal handler waits for: only a
process can be ended at a deadline, and only a process has a memory limit of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import resource
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

T = TypeVar("T")

PAGE_BYTES = resource.getpagesize()
READ_BYTES = 1 << 20
PR_SET_PDEATHSIG = 1


class TimeLimitReached(Exception):
    """The function ran for longer than it may."""


class MemoryLimitReached(Exception):
    """The function wanted more memory than it may have."""


class ProcessDied(Exception):
    """The process ended without an answer, as by a fault in a decoder."""


def run_limited(function: Callable[[], T], *, seconds: float, memory_bytes: int) -> T:
    """Return what the function returns (something that can be pickled), from a forked process.

    `memory_bytes` is address space beyond what this process has now. Raises TimeLimitReached,
    MemoryLimitReached, ProcessDied, or what the function raised. The process dies with its parent.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _answer(function, writer, memory_bytes)
    os.close(writer)
    try:
        answer = _read_until(reader, time.monotonic() + seconds)
    finally:
        os.close(reader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    try:
        succeeded, value = pickle.loads(answer)  # noqa: S301  # written by our own fork
    except (EOFError, pickle.UnpicklingError) as error:  # nothing, or cut off
        raise ProcessDied(f"wait status {status}") from error
    if not succeeded:
        raise value
    result: T = value
    return result


def _read_until(reader: int, deadline: float) -> bytes:
    pieces: list[bytes] = []
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reader], [], [], left)[0]:
            raise TimeLimitReached
        piece = os.read(reader, READ_BYTES)
        if not piece:
            return b"".join(pieces)
        pieces.append(piece)


def _answer(function: Callable[[], object], writer: int, memory_bytes: int) -> NoReturn:
    """Run the function in the child, write its answer, and leave without any clean-up."""
    try:
        _restrict(memory_bytes)
        try:
            answer: tuple[bool, object] = (True, function())
        except MemoryError:
            answer = (False, MemoryLimitReached())
        except Exception as error:  # noqa: BLE001  # carried to the parent, which raises it
            answer = (False, error)
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(_packed(answer))
    finally:
        os._exit(0)


def _packed(answer: tuple[bool, object]) -> bytes:
    """Return the answer as bytes that the parent can read, or what kept it from being that."""
    try:
        packed = pickle.dumps(answer, protocol=pickle.HIGHEST_PROTOCOL)
        if not answer[0]:  # an error may refuse to be made again from its words
            pickle.loads(packed)  # noqa: S301  # written two lines above
    except Exception as error:  # noqa: BLE001  # objects run code of their own here
        told = answer[1] if not answer[0] else error
        packed = pickle.dumps((False, ProcessDied(f"{type(told).__name__}: {told}")))
    return packed


def _restrict(memory_bytes: int) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    if Path("/proc").is_dir():
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        used = int(Path("/proc/self/statm").read_text().split()[0]) * PAGE_BYTES
        # Only the soft limit: the hard one could not be lifted again to write the answer.
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        soft = used + memory_bytes
        if hard != resource.RLIM_INFINITY:
            soft = min(soft, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
