#!/bin/sh
# Opens a device exported in every format with tools that are not ours (.ci/validate_formats.py).
#
#   .ci/validate_formats.sh D2NN DEVICE
#
# Takes the system packages that validate_plates.sh installs; Python packages go into $VENV.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${VENV:-$here/../target/validators}

if ! "$venv/bin/python" -c 'import gdstk, lxml, networkx, numpy, PIL, scipy, tifffile, trimesh' 2>/dev/null; then
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check \
        trimesh numpy scipy networkx lxml pillow tifffile gdstk
fi

"$venv/bin/python" "$here/validate_formats.py" "$@"
