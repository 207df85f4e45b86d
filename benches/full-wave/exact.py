"""A relief that depends on x alone, by the waves of each of its slices: rigorous coupled-wave analysis.

Between two neighbouring heights a relief is the same all along z, and light in it is a sum of waves that keep their form
(Moharam & Gaylord, J. Opt. Soc. Am. 71, 811 (1981); for TM the products of Li, J. Opt. Soc. Am. A 13, 1870 (1996)). With all that
their faces reflect this is Maxwell's equations again, by a way that has nothing in common with fdfd.py. Without, it is what the
best of all one-way models would find: the limit of any split step with an exact square root.
"""

import numpy as np

# What is done with the light that turns back where one slice meets the next: it is counted, it is lost, or it never turns.
BOTH_WAYS, FACES, ONE_WAY = "both ways", "one way, with faces", "one way"


def products(values, order):
    """The matrix that multiplies by `values`, a function of the pixels, on waves of up to `order` periods."""
    fine = np.repeat(values, 64)
    apart = np.subtract.outer(np.arange(-order, order + 1), np.arange(-order, order + 1))
    return (np.fft.fft(fine) / len(fine))[apart % len(fine)] * np.exp(-1j * np.pi * apart / len(fine))


class Layer:
    """A slice in which nothing depends on z: its waves, and the field across them for one along the grooves."""

    def __init__(self, permittivity, thickness, plate, polarisation, order):
        wavenumber = 2 * np.pi / plate.wavelength
        across = np.diag(2 * np.pi * np.arange(-order, order + 1) / plate.width)
        whole = np.eye(2 * order + 1)
        if polarisation == "te":
            weights = whole
            squared, waves = np.linalg.eigh(wavenumber**2 * products(permittivity, order) - across**2)
            back = waves.conj().T
        else:
            weights = products(1 / permittivity, order)
            inner = wavenumber**2 * whole - across @ np.linalg.solve(products(permittivity, order), across)
            squared, waves = np.linalg.eig(np.linalg.solve(weights, inner))
            back = np.linalg.inv(waves)
        axial = np.sqrt(squared + 0j)
        axial = np.where(axial.imag < -1e-12, -axial, axial)
        self.admittance = weights @ (waves * axial) @ back
        self.path = (waves * np.exp(1j * axial * thickness)) @ back


def layers(plate, polarisation, order):
    pixels = len(plate.heights)
    dense = plate.index**2
    yield Layer(np.ones(pixels), 0.0, plate, polarisation, order)
    yield Layer(np.full(pixels, dense), plate.base, plate, polarisation, order)
    tops = np.unique([0.0, *plate.heights, plate.highest])
    for low, high in zip(tops[:-1], tops[1:]):
        filled = plate.heights > (low + high) / 2
        yield Layer(np.where(filled, dense, 1.0), high - low, plate, polarisation, order)
    yield Layer(np.ones(pixels), 0.0, plate, polarisation, order)


def through(plate, polarisation, sent, order=100, ways=BOTH_WAYS):
    """Amplitudes in the plane of the highest relief for each row of amplitudes `sent` to the front face."""
    first, *inner, last = layers(plate, polarisation, order)
    edge = sent.shape[1] // 2
    field = np.pad(sent, ((0, 0), (order - edge, order - edge))).T
    whole = np.eye(2 * order + 1)
    if ways == BOTH_WAYS:
        # From the last face back: what each slice looks like to the light that comes to it.
        steps, seen = [], last.admittance
        for layer in inner[::-1]:
            reflected = np.linalg.solve(layer.admittance + seen, layer.admittance - seen)
            returned = layer.path @ reflected @ layer.path
            inverse = np.linalg.inv(whole + returned)
            steps.append((whole + reflected) @ layer.path @ inverse)
            seen = layer.admittance @ (whole - returned) @ inverse
        field = np.linalg.solve(first.admittance + seen, 2 * first.admittance @ field)
        for step in steps[::-1]:
            field = step @ field
    else:
        before = first
        for layer in inner:
            if ways == FACES or before is first:
                field = np.linalg.solve(before.admittance + layer.admittance, 2 * before.admittance @ field)
            field, before = layer.path @ field, layer
        if ways == FACES:
            field = np.linalg.solve(before.admittance + last.admittance, 2 * before.admittance @ field)
    return field[order - edge : order + edge + 1].T
