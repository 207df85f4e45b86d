"""Plates whose relief depends on x alone, and light that falls on them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

LAYERS = Path(__file__).resolve().parents[2] / "layers"
WAVELENGTH = 0.75
INDEX = 1.7227
# A multiple of the cells of all meshes. The default of a device, 1 mm, only makes the domain larger.
BASE = 0.52
# Width of the periodic cell: 64, 32 and 16 pixels.
WIDTH = 25.6
FULL_TURN = WAVELENGTH / (INDEX - 1)


@dataclass
class Plate:
    """Heights of the pixels of one period, mm."""

    name: str
    heights: np.ndarray
    pixel: float
    index: float = INDEX
    wavelength: float = WAVELENGTH
    base: float = BASE
    # Of the highest relief that the design allows, as in d2nn.
    highest: float = FULL_TURN
    extinction: float = 0.0

    @property
    def complex_index(self):
        return complex(self.index, self.extinction)

    @property
    def oversample(self):
        """Samples a pixel: four a wavelength in plastic, as d2nn takes them."""
        return int(np.ceil(4 * self.index * self.pixel / self.wavelength))

    @property
    def sample(self):
        return self.pixel / self.oversample

    @property
    def width(self):
        return self.heights.shape[-1] * self.pixel

    def samples(self):
        """Height at each sample of the models."""
        heights = self.heights
        for axis in range(heights.ndim):
            heights = np.repeat(heights, self.oversample, axis=axis)
        return heights


def of_phases(name, phases, pixel, **other):
    return Plate(name, np.mod(phases, 2 * np.pi) / (2 * np.pi) * FULL_TURN, pixel, **other)


def row(device, mask, number, pixels):
    """The middle of a row of a shipped mask, radians."""
    values = np.load(LAYERS / device / f"mask-{mask}.npy")[number].astype(float)
    first = (len(values) - pixels) // 2
    return values[first : first + pixels]


def joined(phases):
    """Two pixels as one, with the mean of what they do to light."""
    return np.angle(np.exp(1j * phases.reshape(-1, 2)).sum(axis=1))


def smooth(pixel):
    """A relief of periods of 3.2 mm and more, without a wrap, the same hills for all pixels."""
    draw = np.random.default_rng(7)
    x = (np.arange(round(WIDTH / pixel)) + 0.5) * pixel
    fine = np.linspace(0, WIDTH, 4096)
    orders = np.arange(1, int(WIDTH / 3.2) + 1)
    weights = draw.normal(size=len(orders)) + 1j * draw.normal(size=len(orders))

    def hills(x):
        return (weights * np.exp(2j * np.pi * np.outer(x, orders) / WIDTH)).sum(axis=1).real

    lowest, highest = hills(fine).min(), hills(fine).max()
    return of_phases(f"smooth, {pixel} mm", (hills(x) - lowest) / (highest - lowest) * 0.999 * 2 * np.pi, pixel)


def scattered(pixel):
    phases = np.random.default_rng(round(10 * pixel)).uniform(0, 2 * np.pi, round(WIDTH / pixel))
    return of_phases(f"random, {pixel} mm", phases, pixel)


def all_plates():
    # The middle of row 100 of mask 1 of a device of five plates with gaps of 900 mm, which stood in layers/ once.
    mild = np.load(Path(__file__).with_name("mild.npy")).astype(float)
    return [
        of_phases("trained, 0.4 mm, row 70", row("fashion-400ghz", 1, 70, 64), 0.4),
        of_phases("trained, 0.4 mm, row 100", row("fashion-400ghz", 1, 100, 64), 0.4),
        scattered(0.4),
        smooth(0.4),
        of_phases("trained, 0.8 mm, row 100", mild, 0.8),
        scattered(0.8),
        smooth(0.8),
        of_phases("trained, 1.6 mm, row 100 joined", joined(mild), 1.6),
        scattered(1.6),
        smooth(1.6),
    ]


def order(width=WIDTH, wavelength=WAVELENGTH):
    """Periods across the cell of the last wave that travels in air."""
    return int(np.ceil(width / wavelength)) - 1


def lights(pixel, width=WIDTH):
    """Amplitudes of waves on the front face: straight light, and light from where pixels of this size send it."""
    numbers = np.arange(-order(width), order(width) + 1)
    plane = (numbers == 0).astype(complex)
    # 70 degrees at 0.4 mm: what the second mask of the default device gets.
    draw = np.random.default_rng(11)
    speckle = draw.normal(size=len(numbers)) + 1j * draw.normal(size=len(numbers))
    speckle[np.abs(numbers) / width * 2 * pixel > 1] = 0
    return {"plane": plane, "speckle": speckle}
