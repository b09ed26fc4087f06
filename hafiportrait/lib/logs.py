"""What a log line may not hold."""

from __future__ import annotations

import logging
import re

# Up to the next slash: a code may have been typed with spaces or quotes in it.
CODE_IN_PATH = re.compile(r"(/q/+)[^/\n]+")


def mask_codes(line: str) -> str:
    """Return the line with whatever follows `/q/` hidden: it opens a gallery."""
    return CODE_IN_PATH.sub(r"\1***", line)


class MaskCodes(logging.Filter):
    """Hides access codes in the finished message of every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            return True  # arguments that do not fit: the handler reports it, the page goes on
        if "/q/" in message:
            record.msg, record.args = mask_codes(message), ()
        if record.exc_info and record.exc_text is None:
            text = logging.Formatter().formatException(record.exc_info)
            record.exc_text = mask_codes(text)
        return True
