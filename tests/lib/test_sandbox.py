"""A function in a process of its own, and the five ways in which that ends."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from hafiportrait.lib.jobs import JobFailed
from hafiportrait.lib.sandbox import (
    MemoryLimitReached,
    ProcessDied,
    TimeLimitReached,
    run_limited,
)

MEGABYTE = 1 << 20


class Fussy(Exception):
    """An error that cannot be made again from its words alone."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")


def raise_error(error: Exception) -> None:
    raise error


def kill_oneself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Return whether a process with this id runs (and is not merely waited for)."""
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


class RunLimitedTests:
    @pytest.mark.parametrize("value", [None, 7, ("a", [1]), b"x" * 3 * MEGABYTE])
    def test_the_value_comes_back(self, value: object) -> None:
        assert run_limited(lambda: value, seconds=10, memory_bytes=50 * MEGABYTE) == value

    def test_it_ran_in_another_process(self) -> None:
        assert run_limited(os.getpid, seconds=10, memory_bytes=50 * MEGABYTE) != os.getpid()

    def test_the_function_s_own_error_comes_back_whole(self) -> None:
        with pytest.raises(JobFailed, match="no end mark") as failed:
            run_limited(
                lambda: raise_error(JobFailed("no end mark", final=True)),
                seconds=10,
                memory_bytes=50 * MEGABYTE,
            )

        assert (failed.value.reason, failed.value.final) == ("no end mark", True)

    def test_an_error_that_cannot_travel_is_told(self) -> None:
        with pytest.raises(ProcessDied, match="Fussy: this and that"):
            run_limited(
                lambda: raise_error(Fussy("this", "that")), seconds=10, memory_bytes=50 * MEGABYTE
            )

    def test_a_value_that_cannot_travel_is_told(self) -> None:
        with pytest.raises(ProcessDied, match="pickle"):
            run_limited(lambda: lambda: 1, seconds=10, memory_bytes=50 * MEGABYTE)

    def test_the_deadline_ends_even_what_ignores_signals(self) -> None:
        def stubborn() -> None:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
                signal.signal(number, signal.SIG_IGN)
            time.sleep(60)

        started = time.monotonic()
        with pytest.raises(TimeLimitReached):
            run_limited(stubborn, seconds=0.3, memory_bytes=50 * MEGABYTE)

        assert time.monotonic() - started < 3

    def test_too_much_memory_is_refused(self) -> None:
        with pytest.raises(MemoryLimitReached):
            run_limited(
                lambda: len(bytearray(200 * MEGABYTE)), seconds=10, memory_bytes=100 * MEGABYTE
            )

    def test_as_much_as_allowed_is_given(self) -> None:
        size = run_limited(
            lambda: len(bytearray(50 * MEGABYTE)), seconds=10, memory_bytes=100 * MEGABYTE
        )

        assert size == 50 * MEGABYTE

    def test_a_process_that_dies_is_told(self) -> None:
        with pytest.raises(ProcessDied, match="wait status"):
            run_limited(kill_oneself, seconds=10, memory_bytes=50 * MEGABYTE)

    def test_nothing_is_left_behind(self) -> None:
        before = set(Path("/proc/self/fd").iterdir())

        for _ in range(3):
            with pytest.raises(ProcessDied):
                run_limited(kill_oneself, seconds=10, memory_bytes=50 * MEGABYTE)

        assert set(Path("/proc/self/fd").iterdir()) == before
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)

    def test_the_process_dies_with_its_parent(self) -> None:
        reader, writer = os.pipe()
        parent = os.fork()
        if parent == 0:

            def tell_and_wait() -> None:
                os.write(writer, f"{os.getpid()}\n".encode())
                time.sleep(60)

            with contextlib.suppress(BaseException):
                run_limited(tell_and_wait, seconds=60, memory_bytes=50 * MEGABYTE)
            os._exit(0)
        child = int(os.read(reader, 20))

        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
        deadline = time.monotonic() + 5
        while is_alive(child) and time.monotonic() < deadline:
            time.sleep(0.01)

        assert is_alive(child) is False
        os.close(reader)
        os.close(writer)
