#!/bin/sh
# Judges reports of `d2nn report` in a browser (.ci/validate_report.py), on Debian 12, bare or not.
#
#   .ci/validate_report.sh FILE...
#
# Installs what is missing: the browser and its driver through apt (as root, or through sudo), Python packages into $VENV.
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
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check pillow selenium
fi

"$venv/bin/python" "$here/validate_report.py" --self-test
"$venv/bin/python" "$here/validate_report.py" "$@"
