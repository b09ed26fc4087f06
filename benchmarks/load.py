"""The load: a process of its own that asks for one page again and again, and counts the answers.

`python -m benchmarks.load PORT CONNECTIONS SECONDS` with the request on its standard input; prints
answers per second as JSON. One thread serves all connections, so that the client costs little.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time

from benchmarks.client import Connection

WARM_UP_ANSWERS = 20
ANSWERS_LIMIT = 1_000_000


def answers_per_second(port: int, request: bytes, *, connections: int, seconds: float) -> float:
    """Put load on a server from another process and return its answers per second."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load", str(port), str(connections), str(seconds)],
        input=request,
        stdout=subprocess.PIPE,
        check=True,
        timeout=seconds + 60,
    )
    return float(json.loads(done.stdout))


def drive(port: int, request: bytes, *, connections: int, seconds: float) -> float:
    """Keep one request on the way on every connection until the time is up."""
    opened = [Connection(port) for _ in range(connections)]
    for connection in opened:
        for _ in range(WARM_UP_ANSWERS):
            connection.send(request)
            _check(connection.skip_answer())
    started = time.perf_counter()
    if connections == 1:
        answered = _one(opened[0], request, deadline=started + seconds)
    else:
        answered = _several(opened, request, deadline=started + seconds)
    return answered / (time.perf_counter() - started)


def _one(connection: Connection, request: bytes, *, deadline: float) -> int:
    answered = 0
    while time.perf_counter() < deadline and answered < ANSWERS_LIMIT:
        connection.send(request)
        _check(connection.skip_answer())
        answered += 1
    return answered


def _several(opened: list[Connection], request: bytes, *, deadline: float) -> int:
    waiting = {connection.socket.fileno(): connection for connection in opened}
    poll = select.epoll()
    for descriptor, connection in waiting.items():
        poll.register(descriptor, select.EPOLLIN)
        connection.send(request)
    answered = 0
    while time.perf_counter() < deadline and answered < ANSWERS_LIMIT:
        for descriptor, _ in poll.poll(1):
            _check(waiting[descriptor].skip_answer())
            waiting[descriptor].send(request)
            answered += 1
    return answered


def _check(answer: tuple[int, int]) -> None:
    status, length = answer
    if status != 200 or not length:
        raise SystemExit(f"the server answered {status} with {length} bytes")


if __name__ == "__main__":
    print(
        json.dumps(
            drive(
                int(sys.argv[1]),
                sys.stdin.buffer.read(),
                connections=int(sys.argv[2]),
                seconds=float(sys.argv[3]),
            )
        )
    )
