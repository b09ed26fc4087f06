"""Connections to PostgreSQL that give up on a server which has stopped answering."""

from __future__ import annotations

from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

# Longer than `statement_timeout`, so that a server which lives ends a slow statement itself.
ANSWER_SECONDS = 8.5
# The pool asks nothing of a connection before it gives it away. It tries for 5 s, so together
# they stay well below the 10 s within which a page must be answered.
CHECK_SECONDS = 2.5
POLL_SECONDS = 0.1

T = TypeVar("T")


class ImpatientConnection(psycopg.Connection[Any]):
    """A connection that waits for an answer for ANSWER_SECONDS at most.

    A machine that hangs ends no statement and still acknowledges what is sent to it, so neither
    `statement_timeout` nor `tcp_user_timeout` ends the wait. Raises OperationalError; the
    connection is then closed, since its answer may still come.
    """

    patience = ANSWER_SECONDS

    def wait(
        self, gen: PQGen[T], interval: float = POLL_SECONDS, timeout: float | None = None
    ) -> T:
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise

    def execute(self, *args: Any, **kwargs: Any) -> psycopg.Cursor[Any]:
        """Ask at once; only the pool's check goes this way, Django uses cursors."""
        self.patience = CHECK_SECONDS
        try:
            return super().execute(*args, **kwargs)
        finally:
            self.patience = ANSWER_SECONDS
