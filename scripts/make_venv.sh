#!/bin/sh
# Make .venv with the first Python that is new enough. $1: the one that the caller prefers.
set -eu

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

for python in "${1:-python3}" python3 python3.14 python3.13 python3.12 python3.11; do
    if new_enough "$python"; then
        if "$python" -m venv .venv; then
            exit 0
        fi
        # Without ensurepip a half-made .venv stays behind, which the next run would take for whole.
        rm -rf .venv
        echo "hafiportrait: $python could not make .venv; on Debian: apt-get install python3-venv" >&2
        exit 1
    fi
done
echo "hafiportrait: Python 3.11 or newer is needed; name one with 'make PYTHON=/path/to/python3.12 …'" >&2
exit 1
