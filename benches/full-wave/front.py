"""What the devices of a sweep lose on a bench that stands wrong, and how like Maxwell's equations slices of them are:

    front.py FOLDER OUT.csv [NAME ...]

FOLDER is that of the sweep, and names choose among its devices. Points lost of the first 2,000 test images with every plane up to
0.2 mm aside, up to 1 mm off along the axis, and with the wavelength 1 % longer and shorter; in thin sheets, as these devices are
trained. C is the lowest of both polarisations and of the middle row of each mask (printable.py). D2NN names the program, if it is
not target/release/d2nn.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
from argparse import Namespace
from pathlib import Path

import filing
import printable
from models import MODELS

ERRORS = ["--shift-xy", "0.2 mm", "--shift-z", "1 mm", "--wavelength", "1 %", "--draws", "2"]


def lost(d2nn, device, picture):
    call = [d2nn, "tolerance", device, *ERRORS, "--out", picture, "--json"]
    found = json.loads(subprocess.run(call, check=True, capture_output=True, text=True).stdout)
    return {
        f"lost, {error['kind']}, points": 100 * (found["accuracy"] - error["accuracy"])
        for error in found["disturbances"]
    }


def likeness(d2nn, device, folder):
    given = Namespace(device=device, d2nn=d2nn, image=0, data=None, steepest=False)
    rows = [row for _, _, row in printable.rows(given, folder, [0.5])]
    lowest = {f"C {name}": min(row[f"C {name}"] for row in rows) for name in MODELS}
    return lowest | {"rms step, rad": max(row["rms step, rad"] for row in rows)}


def main():
    sweep, out, names = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    d2nn = Path(os.environ.get("D2NN", printable.BUILT)).resolve()
    with open(sweep / "sweep.csv") as file:
        devices = [(row["name"], sweep / row["folder"]) for row in csv.DictReader(file)]
    unknown = set(names) - {name for name, _ in devices}
    if unknown:
        sys.exit(f"{sweep / 'sweep.csv'} has no device {', '.join(sorted(unknown))}")
    devices = [(name, device) for name, device in devices if not names or name in names]
    with tempfile.TemporaryDirectory() as folder, open(out, "w", newline="") as file:
        for name, device in devices:
            apart = Path(folder) / name
            apart.mkdir()
            row = {"name": name} | lost(d2nn, device, apart / "tolerance.png") | likeness(d2nn, device, apart)
            filing.add(row, file)


if __name__ == "__main__":
    main()
