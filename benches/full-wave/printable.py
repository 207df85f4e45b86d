"""Three rows of each mask of a device before Maxwell's equations in two dimensions, in the light they get there:

    printable.py DEVICE OUT.csv [--image N] [--data WHERE] [--fine] [--steepest]

The middle of a row, with its heights, base and absorption, is one period of an endless plate. The light is what
`d2nn full-wave` brings to it through the masks before, along the middle of the row, faded at its ends. Prints the
table of docs/full-wave.md, section "Plates to print". Fields are extrapolated from two meshes; --fine does the row with
the lowest C of slices from finer ones too, --steepest takes one row of each mask, that with the steepest middle. D2NN
names the program, if it is not target/release/d2nn.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

import fdfd
import filing
from models import MODELS, sliced
from modes import likeness, sampled, travelling
from plates import Plate, order
from table import extrapolated, power

# Of one period, pixels that light fades in among them.
WIDTH = 25.6
FADING = 2
# Share of the mask's height above the row.
ROWS = (0.25, 0.5, 0.75)
# Cells are the largest that fill a pixel and are no larger than these: 16 and 24 a wavelength in plastic at 0.75 mm.
CELLS = (0.8 / 30, 0.8 / 45)
# With --fine: 24 and 33.
FINER = (0.8 / 45, 0.8 / 60)
GOAL = 0.97
BUILT = Path(__file__).resolve().parents[2] / "target" / "release" / "d2nn"


@dataclass
class Judged(Plate):
    """On the samples inside plates that the design asks for, which may be fewer than four a wavelength in plastic."""

    inside: int = 1

    @property
    def oversample(self):
        return self.inside


def cut(given, mask, pitch, share, folder):
    """Number of the row, its plate, and the waves that fall on it."""
    side = len(np.load(given.device / f"mask-{mask}.npy"))
    # Even, as is the mask's: its middle is between two rows then.
    pixels = 2 * round(WIDTH / pitch / 2)
    out = folder / f"{mask}-{share}"
    call = [given.d2nn, "full-wave", given.device, "--mask", str(mask), "--image", str(given.image)]
    call += ["--json", "--out", out]
    call += ["--crop", f"{(pixels - 2 * FADING) * pitch:.6f} mm", "--margin", f"{FADING * pitch:.6f} mm"]
    call += ["--at", "0 mm", f"{(round(share * side) - side / 2) * pitch:.6f} mm"]
    call += ["--data", given.data] if given.data else []
    said = json.loads(subprocess.run(call, check=True, capture_output=True, text=True).stdout)
    light = np.load(out / "light.npz")
    length = lambda name: float(light[name]) * 1e3
    heights = light["heights"] * 1e3
    middle = len(heights) // 2
    plate = Plate(
        f"mask {mask}",
        heights[middle],
        length("pixel_pitch"),
        float(light["refractive_index"]),
        length("wavelength"),
        length("base"),
        length("relief"),
        float(light["extinction_coefficient"]),
    )
    samples = len(light["incident"]) // len(heights)
    field = light["incident"][middle * samples + samples // 2]
    return (
        said["first_pixel"][0] + middle,
        plate,
        travelling(field, length("sample_pitch"), plate.wavelength, order(plate.width, plate.wavelength)),
    )


def steepest(given, mask, pitch):
    """Share of the height above the row with the largest rms step in its middle."""
    phases = np.load(given.device / f"mask-{mask}.npy").astype(float)
    side, half = len(phases), round(WIDTH / pitch / 2)
    steps = np.diff(phases[half : side - half + 1, side // 2 - half : side // 2 + half], axis=1)
    return (half + np.argmax((steps**2).sum(axis=1))) / side


def steepness(amplitudes, plate):
    """Root mean square of the sines of the waves' angles, by power, in degrees as an angle."""
    numbers = np.arange(len(amplitudes)) - len(amplitudes) // 2
    sines = numbers / plate.width * plate.wavelength
    by = abs(amplitudes) ** 2 * np.sqrt(1 - sines**2)
    return float(np.degrees(np.arcsin(np.sqrt((by * sines**2).sum() / by.sum()))))


def cells(plate, largest):
    return [plate.pixel / np.ceil(plate.pixel / cell - 1e-9) for cell in largest]


def left(model, plate, sent):
    """Waves that `model` has behind `plate`."""
    samples = sampled(sent, len(plate.heights) * plate.oversample)
    return travelling(model(plate, samples), plate.sample, plate.wavelength, order(plate.width, plate.wavelength))


def rows(given, folder, shares=ROWS):
    """Figures of each row in TE and in TM, with its plate and the waves that fall on it; `shares` of the height are above them."""
    inspect = [given.d2nn, "inspect", given.device, "--json"]
    facts = json.loads(subprocess.run(inspect, check=True, capture_output=True, text=True).stdout)
    design = tomllib.loads((given.device / "design.toml").read_text())
    for mask, pitch in enumerate(facts["mask_pixel_pitches"], 1):
        inside = round(facts["oversample"] * pitch / facts["pixel_pitch"]) * design["mask"].get("finer", 1)
        for share in [steepest(given, mask, pitch * 1e3)] if given.steepest else shares:
            began = time.time()
            number, plate, sent = cut(given, mask, pitch * 1e3, share, folder)
            own = {field.name: getattr(plate, field.name) for field in fields(plate)}
            judges = {name: (model, plate) for name, model in MODELS.items()}
            # A sample a pixel of 0.8 mm does not hold all waves that travel.
            if len(plate.heights) * inside >= len(sent):
                judges["sliced as designed"] = (sliced, Judged(**own, inside=inside))
            behind = {name: left(model, on, sent) for name, (model, on) in judges.items()}
            meshes = cells(plate, CELLS)
            found = {
                polarisation: [fdfd.Solver(plate, h, polarisation).solve(sent) for h in meshes]
                for polarisation in ("te", "tm")
            }
            exact = {polarisation: extrapolated(*waves, meshes) for polarisation, waves in found.items()}
            steps = np.diff(plate.heights) * 2 * np.pi * (plate.index - 1) / plate.wavelength
            for polarisation, field in exact.items():
                yield plate, sent, {
                    "mask": mask,
                    "row": number,
                    "polarisation": polarisation,
                    "pixels": len(plate.heights),
                    "pixel, mm": plate.pixel,
                    "light, degrees": steepness(sent, plate),
                    "rms step, rad": float(np.sqrt(np.mean(steps**2))),
                    **{f"C {name}": likeness(other, field) for name, other in behind.items()},
                    "C other polarisation": likeness(exact["te"], exact["tm"]),
                    "transmitted": power(field, plate) / power(sent, plate),
                    **{
                        f"transmitted {name}": power(other, plate) / power(sent, plate)
                        for name, other in behind.items()
                    },
                    "C coarse mesh": likeness(found[polarisation][0], field),
                    "C fine mesh": likeness(found[polarisation][1], field),
                    "C sliced, fine mesh": likeness(behind["sliced"], found[polarisation][1]),
                }
            print(f"mask {mask}, row {number}: {time.time() - began:.0f} s", file=sys.stderr, flush=True)


def show(found):
    print("| mask | row | light | " + " | ".join(MODELS) + " | TE against TM | power, TE and TM | by slices |")
    print("|---" * (len(MODELS) + 6) + "|")
    for te, tm in zip(found[::2], found[1::2]):
        pair = lambda key: f"{te[key]:.3f} / {tm[key]:.3f}"
        cells = [str(te["mask"]), str(te["row"]), f"{te['light, degrees']:.0f} degrees"]
        cells += [pair(f"C {name}") for name in MODELS]
        cells += [f"{te['C other polarisation']:.3f}", f"{te['transmitted']:.2f}, {tm['transmitted']:.2f}"]
        print("| " + " | ".join([*cells, f"{te['transmitted sliced']:.2f}"]) + " |")
    worst = lambda key: min(row[key] for row in found)
    if "C sliced as designed" in found[0]:
        print(f"\nOn the samples of the design slices have C >= {worst('C sliced as designed'):.3f}.")
    met = sum(row["C sliced"] >= GOAL for row in found)
    print(f"Slices have C >= {GOAL} in {met} of {len(found)}, and {worst('C sliced'):.3f} at least.")
    print(f"The coarse mesh has C >= {worst('C coarse mesh'):.4f} with the extrapolated field, the fine one", end=" ")
    change = max(abs(row["C sliced"] - row["C sliced, fine mesh"]) for row in found)
    print(f"{worst('C fine mesh'):.5f}; C of slices changes by {change:.4f} at most from the fine mesh to it.")


def finer(plate, sent, row):
    """The same row and polarisation extrapolated from finer meshes."""
    meshes = cells(plate, FINER)
    field = extrapolated(*(fdfd.Solver(plate, h, row["polarisation"]).solve(sent) for h in meshes), meshes)
    behind = left(sliced, plate, sent)
    print(
        f"\nMask {row['mask']}, row {row['row']}, {row['polarisation']}, from finer meshes: slices have C = "
        f"{likeness(behind, field):.4f} in place of {row['C sliced']:.4f}, and "
        f"{power(field, plate) / power(sent, plate):.4f} of the power goes through in place of {row['transmitted']:.4f}."
    )


def main():
    parser = argparse.ArgumentParser(description="Rows of a device before Maxwell's equations.")
    parser.add_argument("device", type=Path)
    parser.add_argument("out", type=Path, metavar="OUT.csv")
    parser.add_argument("--image", type=int, default=0, help="test image whose light it is (default 0)")
    parser.add_argument("--data", help="where the data set is, as d2nn has it")
    parser.add_argument("--fine", action="store_true", help="finer meshes for the row with the lowest C of slices")
    parser.add_argument("--steepest", action="store_true", help="the steepest row of each mask in place of three")
    given = parser.parse_args()
    given.d2nn = Path(os.environ.get("D2NN", BUILT)).resolve()
    solved = []
    with tempfile.TemporaryDirectory() as folder, open(given.out, "w", newline="") as file:
        for plate, sent, row in rows(given, Path(folder)):
            solved.append((plate, sent, row))
            filing.add(row, file)
    found = [row for _, _, row in solved]
    show(found)
    if given.fine:
        finer(*min(solved, key=lambda one: one[2]["C sliced"]))


if __name__ == "__main__":
    main()
