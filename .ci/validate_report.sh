#!/bin/sh
# Judges reports of `d2nn report` in a browser (.ci/validate_report.py), on Debian 12, bare or not.
#
#   .ci/validate_report.sh FILE...
#
# Installs what is missing: the browser and its driver through apt (as root, or through sudo), Python packages into $VENV.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/need.sh
. "$here/need.sh"

need_packages chromium chromium-driver python3 python3-venv
need_python 'PIL, selenium' 'selenium>=4.20' pillow

"$venv/bin/python" "$here/validate_report.py" --self-test
"$venv/bin/python" "$here/validate_report.py" "$@"
