#!/bin/sh
# Runs what docs/python.md shows (.ci/validate_python.py).
#
#   .ci/validate_python.sh D2NN
#
# Python packages go into $VENV. Needs Python 3.11.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/need.sh
. "$here/need.sh"

need_python 'numpy, tomllib' numpy

"$venv/bin/python" "$here/validate_python.py" "$@"
