#!/usr/bin/env python3
"""Accuracy against light of the devices of a sweep: front.py SWEEP.csv OUT.png, with Matplotlib.

Accuracy is that of the validation images, light that of the test images in the true region, of the light through the detector plane.
Points of the front have no other to the right of and above them.
"""

import csv
import sys

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt


def main(source, picture):
    with open(source) as file:
        rows = list(csv.DictReader(file))
    points = [
        (100 * float(row["power_efficiency_output"]), 100 * float(row["validation_accuracy"]), row["name"]) for row in rows
    ]
    front = sorted(
        point for point in points if not any(other[0] > point[0] and other[1] > point[1] for other in points)
    )
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    axes.plot(*zip(*[point[:2] for point in front]), color="#0b8a7a", linewidth=1.5, zorder=1)
    for light, accuracy, name in points:
        on_front = (light, accuracy, name) in front
        axes.scatter(light, accuracy, color="#0b8a7a" if on_front else "#a7b1c6", zorder=2)
        # Beside a neighbour on the right a name stands on the left.
        crowded = any(0 < other[0] - light < 0.5 and abs(other[1] - accuracy) < 0.15 for other in points)
        place = {"xytext": (-6, -4), "ha": "right"} if crowded else {"xytext": (6, 5)}
        axes.annotate(name, (light, accuracy), textcoords="offset points", fontsize=9, **place)
    axes.margins(x=0.18, y=0.1)
    axes.set_xlabel("true region / detector plane, % of the light")
    axes.set_ylabel("validation images answered right, %")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(picture, dpi=150)


main(*sys.argv[1:])
