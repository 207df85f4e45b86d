#!/usr/bin/env python3
"""Accuracy against light of the devices of a sweep, with Matplotlib:

    front.py SWEEP.csv OUT.png [--accuracy COLUMN] [--light COLUMN]

Accuracy is that of the validation images and light that of the test images in the true region, of the light through the
detector plane, where no other columns are named. Points of the front have no other to the right of and above them. Where the
weight of the efficiency term is swept, devices of one name form a curve.
"""

import argparse
import csv

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt

ACCURACY = {"validation_accuracy": "validation images answered right, %", "test_accuracy": "test images answered right, %"}
LIGHT = {
    "power_efficiency_output": "true region / detector plane, % of the light",
    "power_efficiency_input": "true region / object, % of the light",
}
WEIGHT = "training.efficiency_weight"
COLOURS = ["#0b8a7a", "#d1495b", "#3a5a9b"]


def fronts(axes, points):
    """Devices by name; those that none beats in both are joined."""
    front = sorted(
        point for point in points if not any(other[0] > point[0] and other[1] > point[1] for other in points)
    )
    axes.plot(*zip(*[point[:2] for point in front]), color=COLOURS[0], linewidth=1.5, zorder=1)

    def near(point, other):
        return 0 < other[0] - point[0] < 0.5 and abs(other[1] - point[1]) < 0.15

    def crowded(point):
        return any(near(point, other) for other in points)

    for light, accuracy, label in points:
        on_front = (light, accuracy, label) in front
        axes.scatter(light, accuracy, color=COLOURS[0] if on_front else "#a7b1c6", zorder=2)
        # Beside a neighbour on the right a name stands on the left, and below where that one's does too.
        if crowded((light, accuracy)):
            lower = any(crowded(other) and near((light, accuracy), other) for other in points)
            place = {"xytext": (-6, -13 if lower else -1), "ha": "right"}
        else:
            place = {"xytext": (6, 5)}
        axes.annotate(label, (light, accuracy), textcoords="offset points", fontsize=9, **place)
    axes.margins(x=0.18, y=0.1)


def weights(axes, rows, points):
    """A curve for each name, along the weight of the efficiency term."""
    for colour, name in zip(COLOURS, dict.fromkeys(row["name"] for row in rows)):
        own = [(point, row) for point, row in zip(points, rows) if row["name"] == name]
        axes.plot(*zip(*[point[:2] for point, _ in own]), "o-", color=colour, label=name)
        for (light, accuracy, _), row in own:
            axes.annotate(f"{float(row[WEIGHT]):g}", (light, accuracy), xytext=(6, 6), textcoords="offset points", fontsize=9)
    axes.legend(title="numbers: weight of the efficiency term", frameon=False, loc="lower right")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.margins(x=0.1, y=0.1)


def main(given):
    with open(given.sweep) as file:
        rows = list(csv.DictReader(file))
    points = [(100 * float(row[given.light]), 100 * float(row[given.accuracy]), row["name"]) for row in rows]
    figure, axes = plt.subplots(figsize=(9.5, 5), layout="constrained")
    if WEIGHT in rows[0]:
        weights(axes, rows, points)
    else:
        fronts(axes, points)
    axes.set_xlabel(LIGHT[given.light])
    axes.set_ylabel(ACCURACY[given.accuracy])
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(given.picture, dpi=150)


if __name__ == "__main__":
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("sweep")
    given.add_argument("picture")
    given.add_argument("--accuracy", choices=ACCURACY, default="validation_accuracy")
    given.add_argument("--light", choices=LIGHT, default="power_efficiency_output")
    main(given.parse_args())
