#!/bin/sh
# Opens a device exported in every format with tools that are not ours (.ci/validate_formats.py).
#
#   .ci/validate_formats.sh D2NN DEVICE
#
# Takes the system packages that validate_plates.sh installs; Python packages go into $VENV.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/need.sh
. "$here/need.sh"

need_python 'gdstk, lxml, networkx, numpy, PIL, scipy, tifffile, trimesh' \
    trimesh numpy scipy networkx lxml pillow tifffile gdstk

"$venv/bin/python" "$here/validate_formats.py" "$@"
