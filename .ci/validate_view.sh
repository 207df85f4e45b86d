#!/bin/sh
# Uses the page of `d2nn view` in a real Chromium (.ci/validate_view.py), on Debian 12, bare or not.
#
#   .ci/validate_view.sh D2NN [DEVICE] [SCREENSHOT]
#
# Installs what is missing: packages through apt (as root, or through sudo), Python packages into $VENV.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${VENV:-$here/../target/validators}

packages="chromium chromium-driver python3 python3-venv"
missing=
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
    root=
    [ "$(id -u)" = 0 ] || root=sudo
    $root apt-get update
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive $root apt-get install -y --no-install-recommends $missing
fi
if ! "$venv/bin/python" -c 'import PIL, selenium' 2>/dev/null; then
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check 'selenium>=4.20' pillow
fi

"$venv/bin/python" "$here/validate_view.py" "$@"
