"""The models of d2nn against Maxwell's equations in two dimensions: writes table.csv and prints the table of docs/full-wave.md.

    table.py OUT.csv FIELDS.npz [--fine]

FIELDS.npz has what is solved, for nearer.py.

Fields are extrapolated from two meshes (Richardson, second order), 0.02 and 0.0133 mm: 22 and 33 cells a wavelength in
plastic. --fine does the first plate with 0.0133 and 0.01 mm too, to say how far that can be trusted.
"""

import sys
import time

import numpy as np

import fdfd
import filing
from models import MODELS
from modes import likeness, sampled, travelling
from plates import all_plates, lights, order

MESHES = (0.4 / 20, 0.4 / 30)


def extrapolated(coarse, fine, meshes=MESHES):
    a, b = meshes[0] ** 2, meshes[1] ** 2
    return (fine * a - coarse * b) / (a - b)


def solved(plate, polarisation, meshes):
    """For each mesh and each light, the waves behind the plate."""
    found = []
    for h in meshes:
        solver = fdfd.Solver(plate, h, polarisation)
        found.append({name: solver.solve(sent) for name, sent in lights(plate.pixel).items()})
    return found


def power(amplitudes, plate):
    """Power that goes through a plane, in units that hold for one polarisation."""
    numbers = np.arange(len(amplitudes)) - len(amplitudes) // 2
    axial = np.sqrt(1 / plate.wavelength**2 - (numbers / plate.width) ** 2)
    return (abs(amplitudes) ** 2 * axial).sum()


def rows(fields):
    for plate in all_plates():
        began = time.time()
        found = {polarisation: solved(plate, polarisation, MESHES) for polarisation in ("te", "tm")}
        count = len(plate.heights) * plate.oversample
        for light, sent in lights(plate.pixel).items():
            exact = {p: extrapolated(*(mesh[light] for mesh in found[p])) for p in found}
            models = {
                name: travelling(model(plate, sampled(sent, count)), plate.sample, plate.wavelength, order())
                for name, model in MODELS.items()
            }
            for polarisation, field in exact.items():
                fields[f"{plate.name}, {light}, {polarisation}"] = field
                yield {
                    "plate": plate.name,
                    "light": light,
                    "polarisation": polarisation,
                    **{f"C {name}": likeness(behind, field) for name, behind in models.items()},
                    "C other polarisation": likeness(exact["te"], exact["tm"]),
                    "transmitted": power(field, plate) / power(sent, plate),
                    **{f"transmitted {name}": power(behind, plate) / power(sent, plate) for name, behind in models.items()},
                    **{
                        f"C {h:.4f} mm": likeness(mesh[light], field)
                        for h, mesh in zip(MESHES, found[polarisation])
                    },
                }
        print(f"{plate.name}: {time.time() - began:.0f} s", file=sys.stderr, flush=True)


def show(found):
    print("| plate | light | " + " | ".join(MODELS) + " | TE against TM | power, TE and TM |")
    print("|---" * (len(MODELS) + 4) + "|")
    for te, tm in zip(found[::2], found[1::2]):
        pair = lambda key: f"{te[key]:.2f} / {tm[key]:.2f}"
        cells = [te["plate"], te["light"], *(pair(f"C {name}") for name in MODELS)]
        print("| " + " | ".join([*cells, f"{te['C other polarisation']:.2f}", pair("transmitted")]) + " |")
    for h in MESHES:
        worst = min(row[f"C {h:.4f} mm"] for row in found)
        per = 0.75 / 1.7227 / h
        print(f"\nAgainst the extrapolated field, {h:.4f} mm ({per:.0f} cells a wavelength in plastic) has C >= {worst:.4f}.")


def convergence():
    """Extrapolated from the meshes of the table, against from finer ones."""
    plate = all_plates()[0]
    finer = (0.4 / 30, 0.4 / 40)
    for polarisation in ("te", "tm"):
        usual, fine = solved(plate, polarisation, MESHES), solved(plate, polarisation, finer)
        for light in usual[0]:
            ours = extrapolated(*(mesh[light] for mesh in usual))
            theirs = extrapolated(*(mesh[light] for mesh in fine), finer)
            print(f"{plate.name}, {light}, {polarisation}: extrapolated from finer meshes C = {likeness(ours, theirs):.5f}")


def main():
    fields = {}
    found = list(rows(fields))
    np.savez(sys.argv[2], **fields)
    with open(sys.argv[1], "w", newline="") as file:
        for row in found:
            filing.add(row, file)
    show(found)
    if "--fine" in sys.argv:
        print()
        convergence()


if __name__ == "__main__":
    main()
