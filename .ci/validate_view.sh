#!/bin/sh
# Uses the page of `d2nn view` in a real Chromium (.ci/validate_view.py), on Debian 12, bare or not.
#
#   .ci/validate_view.sh D2NN [DEVICE] [SCREENSHOT]
#
# Installs what is missing: packages through apt (as root, or through sudo), Python packages into $VENV.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/need.sh
. "$here/need.sh"

need_packages chromium chromium-driver python3 python3-venv
need_python 'PIL, selenium' 'selenium>=4.20' pillow

"$venv/bin/python" "$here/validate_view.py" "$@"
