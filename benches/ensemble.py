#!/usr/bin/env python3
"""Devices that answer together: ensemble.py DEVICE... [--readings FOLDER] [--csv OUT.csv], with NumPy.

Every device judges the images its training held out and the test images (`d2nn evaluate --readings`, kept in the folder).
The score of the ensemble is the sum of the members' scores, one weight per member, which is all that has to be computed
behind the detectors. Weights minimise the cross-entropy of the images held out; the test images judge once. Members leave
one by one, the least useful on the images held out first (Rahman et al. 2021). D2NN names the program, if it is not
target/release/d2nn.
"""

import argparse
import csv
import os
import subprocess
import tomllib
from pathlib import Path

import numpy as np

PROGRAM = Path(os.environ.get("D2NN", Path(__file__).resolve().parent.parent / "target/release/d2nn"))


def scores(device, split, folder):
    """Scores (images, classes) and labels of one member: what its training put into the softmax."""
    kept = folder / f"{device.resolve().name}-{split}.npz"
    if not kept.exists():
        command = [PROGRAM, "evaluate", device, "--split", split, "--readings", kept]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    design = tomllib.loads((device / "design.toml").read_text())
    read = np.load(kept)
    power = read["readings"]
    if design["detector"]["scheme"] == "differential":
        plus, minus = power[:, 0::2], power[:, 1::2]
        shares = (plus - minus) / np.maximum(plus + minus, 1e-300)
    else:
        shares = power / np.maximum(power.sum(axis=1, keepdims=True), 1e-300)
    return design["training"]["temperature"] * shares, read["labels"]


def cross_entropy(weights, members, labels):
    """Of the weighted sum of the members (members, images, classes), with its slope by the weights."""
    total = np.tensordot(weights, members, axes=1)
    total -= total.max(axis=1, keepdims=True)
    chances = np.exp(total)
    chances /= chances.sum(axis=1, keepdims=True)
    images = np.arange(len(labels))
    loss = -np.log(chances[images, labels]).mean()
    chances[images, labels] -= 1
    return loss, np.tensordot(members, chances, axes=2) / len(labels)


def fit(members, labels):
    """The best weights: the problem is convex, so Newton's steps from alike weights end there."""
    weights = np.full(len(members), 1 / len(members))
    for _ in range(30):
        loss, slope = cross_entropy(weights, members, labels)
        # Curvature by differences of slopes: a few members, so a few more looks.
        width = 1e-4
        curvature = np.array(
            [(cross_entropy(weights + width * unit, members, labels)[1] - slope) / width for unit in np.eye(len(weights))]
        )
        step = np.linalg.solve((curvature + curvature.T) / 2 + 1e-9 * np.eye(len(weights)), slope)
        weights = weights - step
        if np.abs(step).max() < 1e-6:
            break
    return weights, cross_entropy(weights, members, labels)[0]


def right(weights, members, labels):
    return (np.tensordot(weights, members, axes=1).argmax(axis=1) == labels).mean()


def main(given):
    given.readings.mkdir(parents=True, exist_ok=True)
    sides = {}
    for split in ("validation", "test"):
        found = [scores(device, split, given.readings) for device in given.devices]
        if any((labels != found[0][1]).any() for _, labels in found):
            raise SystemExit(f"the {split} images of the devices are not the same ones: train them with one seed")
        sides[split] = (np.array([scores for scores, _ in found]), found[0][1])
    (held, held_labels), (test, test_labels) = sides["validation"], sides["test"]
    names = [device.resolve().name for device in given.devices]
    for name, one, judged in zip(names, held, test):
        alone = [100 * (values.argmax(axis=1) == labels).mean() for values, labels in ((one, held_labels), (judged, test_labels))]
        print(f"{name:50} {alone[0]:6.2f} % of the validation images, {alone[1]:6.2f} % of the test images")

    members = list(range(len(names)))
    rows = []
    while members:
        weights, loss = fit(held[members], held_labels)
        accuracy = [100 * right(weights, values[members], labels) for values, labels in ((held, held_labels), (test, test_labels))]
        rows.append((len(members), loss, *accuracy, " ".join(f"{names[m]}={w:.3f}" for m, w in zip(members, weights))))
        print(f"{len(members):3} members: loss {loss:.4f}, {accuracy[0]:6.2f} % of the validation images, {accuracy[1]:6.2f} % of the test images")
        if len(members) == 1:
            break
        without = [fit(held[[m for m in members if m != out]], held_labels)[1] for out in members]
        members.pop(int(np.argmin(without)))
    if given.csv:
        with open(given.csv, "w", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(["members", "validation_loss", "validation_accuracy", "test_accuracy", "weights"])
            lines.writerows((count, f"{loss:.6f}", f"{held:.4f}", f"{test:.4f}", text) for count, loss, held, test, text in rows)


if __name__ == "__main__":
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("devices", nargs="+", type=Path)
    given.add_argument("--readings", type=Path, default=Path("target/ensemble"))
    given.add_argument("--csv", type=Path)
    main(given.parse_args())
