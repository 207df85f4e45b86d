"""How near models can come to Maxwell's equations at pixels of half a wavelength: writes and prints the table of docs/full-wave.md.

    nearer.py FIELDS.npz OUT.csv    judges by the fields that table.py has solved
    nearer.py --fit                 fits what sheets.py takes, and prints it
"""

import sys
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.optimize import minimize

import exact
import filing
import models
import sheets
from modes import likeness, sampled, travelling
from plates import all_plates, lights, of_phases, order

def settings(values, count, passes):
    numbers = [complex(*pair) for pair in np.reshape(values[:8], (4, 2))]
    return sheets.Settings(count, *numbers, (1.0, *values[8:]), (1.0,) * ((passes + 1) // 2))


# Periods across the cell of the last wave of an exact slice: C >= 0.998 with fdfd.py, both ways.
EXACT = 80
# What is fitted on: narrow cells, two in three of them random, the others with steps as those of trained masks.
NARROW = 12.8


def training(count=6):
    last = order(NARROW)
    for number in range(count):
        draw = np.random.default_rng(number)
        phases = draw.uniform(0, 2 * np.pi, 32)
        if number % 3 == 2:
            phases = np.cumsum(draw.normal(0, 1.4, 32))
        plate = of_phases(f"training {number}", phases, 0.4)
        sent = draw.normal(size=(5, 2 * last + 1)) + 1j * draw.normal(size=(5, 2 * last + 1))
        sent[0] = np.arange(-last, last + 1) == 0
        for polarisation in ("te", "tm"):
            yield plate, polarisation, on_samples(plate, sent), exact.through(plate, polarisation, sent, 56)


def fit(cases, count, passes):
    """Settings of the greatest mean C over all cases, and that."""

    def judged(values):
        tried = settings(values, count, passes)
        found = [
            np.stack([travelled(field, plate) for field in sheets.in_line(plate, polarisation, fields, tried)])
            for plate, polarisation, fields, _ in cases
        ]
        # Weights are linear, and found so.
        unknown = np.concatenate([waves.reshape(len(waves), -1).T for waves in found])
        known = np.concatenate([np.ravel(true) for *_, true in cases])
        weights = np.linalg.lstsq(unknown, known, rcond=None)[0]
        mixtures = (np.tensordot(weights, waves, 1) for waves in found)
        pairs = [pair for mixture, (*_, true) in zip(mixtures, cases) for pair in zip(mixture, true)]
        return replace(tried, weights=tuple(weights)), np.mean([likeness(*pair) for pair in pairs])

    def loss(values):
        sensible = 1 < values[0] < 3.2 and 0.05 < values[1] < 2
        return 1 - judged(values)[1] if sensible else 1.0

    begin = [1.98, 0.4 if passes == 1 else 0.6, 1, 0, 0.7, 0, 0, 0] + [1.0] * (passes - 1)
    found = minimize(loss, begin, method="Powell", options={"maxfev": 400, "xtol": 1e-2, "ftol": 1e-3})
    return judged(np.round(found.x, 3))


def travelled(fields, plate):
    """Amplitudes of travelling waves of fields along the last axis."""
    return np.stack([travelling(field, plate.sample, plate.wavelength, order(plate.width)) for field in fields])


def on_samples(plate, sent):
    return np.stack([sampled(waves, len(plate.heights) * plate.oversample) for waves in sent])


def through_sheets(plate, polarisation, sent, chosen):
    found = sheets.in_line(plate, polarisation, on_samples(plate, sent), chosen)
    return travelled(sheets.mixed(found, chosen), plate)


def through_model(plate, _, sent, model):
    return travelled([model(plate, field) for field in on_samples(plate, sent)], plate)


def methods():
    """Name, transforms of a plate in TE, TM and three dimensions, and what it does to waves."""
    for name, model, transforms in (
        ("sliced, 4", models.sliced, 12),
        ("sliced, 16", partial(models.in_slices, slices=16), 36),
        ("wpm, 16", models.wpm, 50),
    ):
        yield name, (transforms,) * 3, partial(through_model, model=model)
    for (count, passes), chosen in sheets.FITTED.items():
        # The base is crossed on the way in: a transform of the light there, and one of what comes out.
        counts = tuple(chosen.transforms(components) + 2 for components in (1, 2, 3))
        yield f"{count} sheets, {passes} passes", counts, partial(through_sheets, chosen=chosen)
    for ways in (exact.ONE_WAY, exact.FACES, exact.BOTH_WAYS):
        yield f"exact, {ways}", ("", "", ""), partial(exact.through, order=EXACT, ways=ways)


def judge(fields, out):
    plates = [plate for plate in all_plates() if plate.pixel == 0.4 and "smooth" not in plate.name]
    judged = []
    for name, transforms, method in methods():
        line = {"model": name, **{f"transforms {kind}": n for kind, n in zip(("TE", "TM", "3-D"), transforms)}}
        for plate in plates:
            sent = lights(plate.pixel)
            found = {p: method(plate, p, np.stack(list(sent.values()))) for p in ("te", "tm")}
            for number, light in enumerate(sent):
                for polarisation, waves in found.items():
                    key = f"{plate.name}, {light}, {polarisation}"
                    line[key] = likeness(waves[number], fields[key])
        judged.append(line)
        print(name, file=sys.stderr, flush=True)
    with open(out, "w", newline="") as file:
        for line in judged:
            filing.add(line, file)
    columns = [f"{plate.name}, {light}" for plate in plates for light in lights(plate.pixel)]
    print("| model | transforms: TE, TM, 3-D | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 2) + "|")
    for line in judged:
        cells = [f"{line[f'{column}, te']:.2f} / {line[f'{column}, tm']:.2f}" for column in columns]
        counts = ", ".join(str(line[f"transforms {kind}"]) for kind in ("TE", "TM", "3-D")).strip(", ")
        print(f"| {line['model']} | {counts} | " + " | ".join(cells) + " |")


def main():
    if sys.argv[1] == "--fit":
        cases = list(training())
        for count, passes in sheets.FITTED:
            chosen, mean = fit(cases, count, passes)
            print(f"({count}, {passes}): {chosen}, C = {mean:.3f}", flush=True)
        return
    judge(np.load(sys.argv[1]), sys.argv[2])


if __name__ == "__main__":
    main()
