#!/usr/bin/env python3
"""Slices a plate for an SLA printer and compares every mask with the heights it was made of; exit code 1 when a pixel is wrong.

    compare_slices.py PLATE.stl LAYERS.csv PITCH_MM

LAYERS.csv has the thickness of each pixel in whole layers of 50 um, row 0 first, as studies/src/bin/plate_zoo.rs writes it.
"""

import pathlib
import subprocess
import sys
import tempfile
import zipfile

import numpy
from PIL import Image

LAYER_MM = 0.05
# Pixels of the printer's display along a pixel of the plate.
FINENESS = 8

PROFILE = """printer_technology = SLA
bed_shape = 0x0,{side}x0,{side}x{side},0x{side}
display_width = {side}
display_height = {side}
display_pixels_x = {pixels}
display_pixels_y = {pixels}
display_orientation = landscape
display_mirror_x = 0
display_mirror_y = 0
layer_height = {layer}
initial_layer_height = {layer}
supports_enable = 0
pad_enable = 0
max_print_height = 100
elefant_foot_compensation = 0
relative_correction = 1,1
absolute_correction = 0
gamma_correction = 1
slice_closing_radius = 0
"""


def slices(plate, display, side):
    """Masks of the layers from the bed up, [y, x] with y up, true where resin hardens."""
    with tempfile.TemporaryDirectory() as folder:
        profile, sliced = pathlib.Path(folder, "profile.ini"), pathlib.Path(folder, "plate.sl1")
        profile.write_text(PROFILE.format(side=side, pixels=display, layer=LAYER_MM))
        command = ["prusa-slicer", "--loglevel", "1", "--load", profile, "--export-sla", "-o", sliced, plate]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        with zipfile.ZipFile(sliced) as archive:
            for name in sorted(name for name in archive.namelist() if name.endswith(".png")):
                with archive.open(name) as picture:
                    # Half of full exposure: the slicer smooths the edges of shapes.
                    yield numpy.asarray(Image.open(picture).convert("L"))[::-1] > 127


def main():
    if len(sys.argv) != 4:
        print(__doc__)
        return 2
    layers = numpy.loadtxt(sys.argv[2], delimiter=",", dtype=int, ndmin=2)
    pitch = float(sys.argv[3])
    rows, columns = layers.shape
    # The slicer puts the middle of the plate on the middle of the display; two pixels of room on every side.
    across = max(rows, columns) + 4
    display = across * FINENESS
    first = [(display - count * FINENESS) // 2 for count in (rows, columns)]
    wrong = compared = number = 0
    for number, mask in enumerate(slices(sys.argv[1], display, across * pitch), 1):
        found = mask[first[0] : first[0] + rows * FINENESS, first[1] : first[1] + columns * FINENESS]
        blocks = found.reshape(rows, FINENESS, columns, FINENESS)
        # Posts on saddles reach a sixteenth of a pixel from its corners; the inner half is the pixel's own.
        inner = blocks[:, FINENESS // 4 : -FINENESS // 4, :, FINENESS // 4 : -FINENESS // 4]
        asked = (layers >= number)[:, None, :, None]
        bad = (inner != asked).any(axis=(1, 3))
        wrong += int(bad.sum())
        compared += bad.size
        outside = mask.copy()
        outside[first[0] : first[0] + rows * FINENESS, first[1] : first[1] + columns * FINENESS] = False
        wrong += int(outside.sum())
    if number != layers.max():
        print(f"{number} layers where the plate has {layers.max()}")
        wrong += 1
    print(f"{pathlib.Path(sys.argv[1]).name}: {wrong} of {compared} pixels of {number} layers are wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
