"""How gunicorn serves the site: `python -m gunicorn hafiportrait.wsgi` reads this file by itself.

Threads, because photographs go to phones on slow networks: a thread that waits for a phone costs
about 30 KB, a process 55 MB. 64 of them are enough for 30 phones that drip their requests and
the downloads of DOWNLOADS_AT_ONCE beside each other, which `tests/ops/test_server.py` proves.
"""

from __future__ import annotations

import os
import resource
import socket
import struct
import sys
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from hafiportrait import environment as env  # noqa: E402  # the file is read from any directory
from hafiportrait.lib.logs import MaskCodes  # noqa: E402

env.load_file(Path(os.environ.get("ENV_FILE", ROOT / ".env")))

# A phone that has sent or taken nothing for so long has left; its thread is given to another.
STALL_SECONDS = 60
# A browser opens connections ahead of need. The kernel keeps those that have said nothing.
SILENT_SECONDS = 30
DESCRIPTORS_WANTED = 16_384
DESCRIPTORS_RESERVED = 400  # files, the database and logs, beside the visitors' connections


class MaskingLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn's logger, which writes no access codes, and little about phones that left."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.addFilter(MaskCodes())

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Log an error with its traceback; that a phone has left is told in one line."""
        error = sys.exc_info()[1]
        if isinstance(error, BlockingIOError | TimeoutError):
            self.warning(f"{msg} %s", *args, error)
            return
        super().exception(msg, *args, **kwargs)


def raise_descriptor_limit() -> int:
    """Raise this process's limit of open files and return it: a refused `accept` ends a worker."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ceiling = DESCRIPTORS_WANTED if hard == resource.RLIM_INFINITY else hard
    wanted = max(soft, min(DESCRIPTORS_WANTED, ceiling))
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def post_fork(server: Any, worker: Any) -> None:
    """Set what every connection inherits from the listening socket.

    Gunicorn's threads read and write without any time-out of their own.
    """
    stall = struct.pack("ll", STALL_SECONDS, 0)
    for listener in worker.sockets:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, stall)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, stall)
        if sys.platform == "linux":
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, SILENT_SECONDS)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALL_SECONDS * 1000)


bind = f"{env.text('WEB_HOST', '127.0.0.1')}:{env.number('PORT', 8000, least=1, most=65535)}"
worker_class = "gthread"
workers = env.number("WEB_PROCESSES", 1, least=1, most=64)
threads = env.number("WEB_THREADS", 64, least=4, most=512)
worker_connections = max(threads + 100, min(4000, raise_descriptor_limit() - DESCRIPTORS_RESERVED))
# Several processes on one socket are uneven: kept-alive connections pile up in one of them. One
# process alone leaves the socket to its parent, so that a restart loses no connection.
reuse_port = workers > 1
preload_app = False
control_socket_disable = True

# The heartbeat of a process, not of a request: a long download or upload does not count.
timeout = 60
# After SIGTERM running requests may finish for so long. What is cut then can be resumed.
graceful_timeout = 30
# Longer than a proxy keeps its idle connections to us, so that it never writes to a closed one.
keepalive = 75

limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190

# Django itself reads what the proxies say, as far as TRUSTED_PROXIES trusts them.
forwarded_allow_ips = ""

logger_class = MaskingLogger
accesslog = "-" if env.flag("ACCESS_LOG") else None
access_log_format = '%(h)s %(t)s "%(r)s" %(s)s %(b)s %(M)s ms "%(a)s"'
loglevel = "info"
