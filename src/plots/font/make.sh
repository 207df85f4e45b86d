#!/bin/sh
# Makes the two font files from DejaVu Sans 2.37 (https://dejavu-fonts.github.io) with fontTools' pyftsubset:
# Latin, Greek, superscripts and subscripts, and the signs plots use; kerning kept, hinting dropped.
# Usage: make.sh <folder with DejaVuSans.ttf and DejaVuSans-Bold.ttf>
set -eu
for face in DejaVuSans DejaVuSans-Bold; do
    pyftsubset "$1/$face.ttf" --output-file="$(dirname "$0")/$face.subset.ttf" \
        --unicodes="U+0020-007E,U+00A0-017F,U+0391-03A9,U+03B1-03C9,U+2010-2015,U+2018-201D,U+2020,U+2022,U+2026,U+2032,U+2033,U+2070,U+2074-2079,U+207B,U+2080-2089,U+2190-2193,U+2212,U+221A,U+221E,U+2248,U+2260,U+2264,U+2265,U+25CB,U+25CF,U+FFFD" \
        --legacy-kern --layout-features=kern --no-hinting --desubroutinize --notdef-outline \
        --name-IDs="0,1,2,3,4,5,6,13,14"
done
