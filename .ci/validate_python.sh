#!/bin/sh
# Runs what docs/python.md shows (.ci/validate_python.py).
#
#   .ci/validate_python.sh D2NN
#
# Python packages go into $VENV. Needs Python 3.11.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${VENV:-$here/../target/validators}

if ! "$venv/bin/python" -c 'import numpy, tomllib' 2>/dev/null; then
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check numpy
fi

"$venv/bin/python" "$here/validate_python.py" "$@"
