#!/bin/sh
# Run npm with the arguments given: the machine's own where its Node is 20 or newer, else the one
# that comes as a Python package (locked in requirements-node.lock).
set -eu

node_is_new_enough() {
    command -v npm >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' >/dev/null 2>&1
}

if ! node_is_new_enough; then
    if [ ! -x .venv/bin/npm ]; then
        echo "Node 20 or newer was not found: installing one into .venv"
        .venv/bin/python -m pip install --disable-pip-version-check --quiet \
            --require-hashes --no-deps -r requirements-node.lock
    fi
    PATH="$PWD/.venv/bin:$PATH"
    export PATH
fi
exec npm "$@"
