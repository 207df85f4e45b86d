"""The models of d2nn against Meep in three dimensions, on pieces of shipped masks: pieces.py D2NN OUT.csv [DEVICE]

With DEVICE, the folder of a device to print: the middle of each of its masks. They absorb, so sheets.py is left out.
Each piece is written by `d2nn full-wave`, solved by the script that it writes, and compared by `d2nn full-wave --result`.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import filing
import sheets
from modes import likeness, travelling
from plates import Plate, order

LAYERS = Path(__file__).resolve().parents[2] / "layers"

# Device, mask, side and margin of the piece, cells a pixel, polarisation.
PIECES = [
    ("fashion-400ghz", 1, "2.4 mm", "0.4 mm", 6, "x"),
    ("fashion-400ghz", 1, "2.4 mm", "0.4 mm", 8, "x"),
    ("fashion-400ghz", 2, "2.4 mm", "0.4 mm", 6, "x"),
    ("fashion-400ghz", 1, "2.4 mm", "0.4 mm", 6, "y"),
    ("fashion-400ghz", 2, "2.4 mm", "0.4 mm", 6, "y"),
    ("fashion-400ghz", 1, "2.4 mm", "0.4 mm", 10, "x"),
]
# Of a device to print: about the side of the piece, without a pixel of margin all around, and cells of the mesh, mm.
# 6.5 cells a wavelength in plastic.
PRINTED_SIDE = 2.4
PRINTED_CELL = 0.8 / 12


def of_device(d2nn, device):
    inspect = subprocess.run([d2nn, "inspect", device, "--json"], check=True, capture_output=True)
    for mask, pitch in enumerate(json.loads(inspect.stdout)["mask_pixel_pitches"], 1):
        pitch *= 1e3
        pixels = max(1, int(PRINTED_SIDE / pitch + 1e-9))
        for polarisation in ("x", "y"):
            yield device, mask, f"{pixels * pitch:.4g} mm", f"{pitch:.4g} mm", round(pitch / PRINTED_CELL), polarisation


def by_sheets(result, polarisation):
    """C of what is not in d2nn (sheets.py)."""
    length = lambda name: float(result[name]) * 1e3
    plate = Plate(
        "piece",
        result["heights"] * 1e3,
        length("pixel_pitch"),
        float(result["refractive_index"]),
        length("wavelength"),
        length("base"),
        length("relief"),
    )
    last = order(plate.width)
    f = np.arange(-last, last + 1) / plate.width * plate.wavelength
    seen = f[:, None] ** 2 + f[None, :] ** 2 < 1
    waves = lambda field: travelling(field, plate.sample, plate.wavelength, last)[seen]
    return {
        f"C {count} sheets, {passes} passes": likeness(
            waves(sheets.across(plate, polarisation, result["incident"], chosen)), waves(result["behind"])
        )
        for (count, passes), chosen in sheets.FITTED.items()
    }


def solve(d2nn, folder, piece):
    device, mask, crop, margin, cells, polarisation = piece
    shipped = isinstance(device, str)
    name = device if shipped else device.name
    out = folder / f"{name}-{mask}-{polarisation}-{cells}"
    source = LAYERS / device if shipped else device
    call = [d2nn, "full-wave", source, "--mask", str(mask), "--crop", crop, "--margin", margin]
    subprocess.run([*call, "--data", "builtin", "--out", out], check=True, stdout=sys.stderr)
    script = ["/usr/bin/python3", out / "full-wave.py", "--cells", str(cells), "--polarisation", polarisation]
    subprocess.run(script, check=True, stdout=sys.stderr)
    answer = subprocess.run([d2nn, "full-wave", "--result", out / "result.npz", "--json"], check=True, capture_output=True)
    found = json.loads(answer.stdout)
    result = np.load(out / "result.npz")
    return {
        "device": name,
        "mask": mask,
        "piece": crop,
        "margin": margin,
        "polarisation": polarisation,
        "cells a wavelength in plastic": found["cells_per_wavelength"],
        **{f"C {model['model']}": model["correlation"] for model in found["models"]},
        **(by_sheets(result, polarisation) if shipped else {}),
        "C of three quarters of the time": float(result["settled"]),
        "transmitted": found["transmitted"],
        "power": found["power"],
        **{f"power {model['model']}": model["power"] for model in found["models"]},
    }


def main():
    d2nn = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder, open(sys.argv[2], "w", newline="") as file:
        for piece in of_device(d2nn, Path(sys.argv[3])) if len(sys.argv) > 3 else PIECES:
            row = solve(d2nn, Path(folder), piece)
            filing.add(row, file)


if __name__ == "__main__":
    main()
