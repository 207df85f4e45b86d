"""Meep against our solver in two dimensions, on the same piece of a trained row: rows.py OUT.csv

Meep runs by the script that `d2nn full-wave` writes, on meshes of several sizes.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import fdfd
import filing
from modes import likeness, sampled, travelling
from plates import lights, of_phases, order, row
from table import MESHES, extrapolated, power

SCRIPT = Path(__file__).resolve().parents[2] / "src" / "cli" / "full_wave" / "full-wave.py"
PIXELS = 16


def write(path, plate, sent):
    """The light of `d2nn full-wave` for a row of pixels."""
    metres = 1e-3
    np.savez(
        path,
        heights=plate.heights[None, :] * metres,
        incident=sampled(sent, len(plate.heights) * plate.oversample)[None, :],
        pixel_pitch=plate.pixel * metres,
        sample_pitch=plate.sample * metres,
        wavelength=plate.wavelength * metres,
        base=plate.base * metres,
        relief=plate.highest * metres,
        medium=1.0,
        refractive_index=plate.index,
        extinction_coefficient=0.0,
    )


def rows(folder):
    plate = of_phases("trained, 0.4 mm, row 70", row("fashion-400ghz", 1, 70, PIXELS), 0.4)
    last = order(plate.width)
    numbers = np.arange(-last, last + 1)
    axial = np.sqrt(1 / plate.wavelength**2 - (numbers / plate.width) ** 2)
    solvers = {p: [fdfd.Solver(plate, h, p) for h in MESHES] for p in ("te", "tm")}
    for light, sent in lights(plate.pixel, plate.width).items():
        write(folder / "light.npz", plate, sent)
        for polarisation, along in (("te", "y"), ("tm", "x")):
            for cells in (6, 10, 14):
                call = ["/usr/bin/python3", SCRIPT, folder / "light.npz", "--cells", str(cells), "--polarisation", along]
                subprocess.run(call, check=True, stdout=sys.stderr)
                result = np.load(folder / "result.npz")
                waves = lambda name: travelling(result[name][0], plate.sample, plate.wavelength, last)
                # Meep's is the electric field; the magnetic one of a wave across it is larger by 1/cos of its angle.
                scale = 1 if polarisation == "te" else 1 / (axial * plate.wavelength)
                fallen, behind = waves("incident") * scale, waves("behind") * scale
                exact = extrapolated(*(solver.solve(fallen) for solver in solvers[polarisation]))
                yield {
                    "plate": f"{plate.name}, {PIXELS} pixels",
                    "light": light,
                    "polarisation": polarisation,
                    "cells a wavelength in plastic": float(result["cells"]),
                    "C of Meep and FDFD": likeness(behind, exact),
                    "C of three quarters of the time": float(result["settled"]),
                    "transmitted, Meep": power(behind, plate) / power(fallen, plate),
                    "transmitted, FDFD": power(exact, plate) / power(fallen, plate),
                }


def main():
    with tempfile.TemporaryDirectory() as folder:
        found = list(rows(Path(folder)))
    with open(sys.argv[1], "w", newline="") as file:
        for row in found:
            filing.add(row, file)


if __name__ == "__main__":
    main()
