#!/bin/sh
# Judges the models of plates by solvers of Maxwell's equations: one of our own in two dimensions (benches/full-wave/),
# and Meep on a small piece of a shipped mask, through `d2nn full-wave`.
#
#   .ci/validate_full_wave.sh D2NN
#
# Installs what is missing through apt (as root, or through sudo), on Debian 12, bare or not. Meep is a package of the
# system's Python, so that is what runs here.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/need.sh
. "$here/need.sh"

need_packages python3 python3-numpy python3-scipy python3-matplotlib python3-meep

# Small problems: threads of the linear algebra would only wait for each other.
export OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
/usr/bin/python3 "$here/validate_full_wave.py" "$@"
