#!/bin/sh
# Judges STL files with tools that are not ours (.ci/validate_plates.py), on Debian 12, bare or not.
#
#   .ci/validate_plates.sh             writes the zoo of studies/src/bin/plate_zoo.rs and judges it, slices of one plate too
#   .ci/validate_plates.sh FILE...     judges these files
#
# Installs what is missing: packages through apt (as root, or through sudo), Python packages into $VENV.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=.ci/need.sh
. "$here/need.sh"

# The last five are what pymeshlab's libraries link against.
need_packages admesh prusa-slicer openscad python3 python3-venv libgl1 libopengl0 libgmp10 libfontconfig1 libfreetype6
need_python 'PIL, manifold3d, networkx, numpy, pymeshlab, scipy, trimesh' \
    trimesh numpy scipy networkx manifold3d pillow pymeshlab

"$venv/bin/python" "$here/validate_plates.py" --self-test
if [ $# -eq 0 ]; then
    zoo=$(mktemp -d)
    trap 'rm -rf "$zoo"' EXIT
    (cd "$here/.." && cargo run --release --quiet --package studies --bin plate_zoo -- "$zoo")
    "$venv/bin/python" "$here/compare_slices.py" "$zoo/layers-50-mask-1.mm.stl" "$zoo/layers-50.csv" 0.4
    set -- "$zoo"/*.stl
fi
"$venv/bin/python" "$here/validate_plates.py" "$@"
