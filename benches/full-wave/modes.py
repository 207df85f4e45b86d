"""Fields of one or two dimensions across a periodic cell, as plane waves.

Conventions are d2nn's (docs/conventions.md): time dependence exp(-i omega t), arrays indexed [y, x] or [x], samples in
the middles of their squares, light towards +z. Lengths are in millimetres.
"""

import numpy as np


def frequencies(samples, pitch):
    """Spatial frequencies of the waves of a cell of `samples` along a side, cycles per mm."""
    return np.fft.fftfreq(samples, pitch)


def squared(shape, pitch):
    """fx^2 (+ fy^2) of all waves of a cell, in the order of the transform."""
    sides = [frequencies(samples, pitch) ** 2 for samples in shape]
    return sides[0] if len(sides) == 1 else sides[0][:, None] + sides[1][None, :]


def axial(across, wavelength, index=1.0):
    """Axial spatial frequency of waves of `across` = fx^2 + fy^2; positive imaginary for evanescent ones."""
    return np.sqrt((index / wavelength) ** 2 - across + 0j)


def cross(field, pitch, transfer):
    """`field` after a way whose factor for each wave is `transfer`(fx^2 + fy^2)."""
    return np.fft.ifftn(np.fft.fftn(field) * transfer(squared(field.shape, pitch)))


def travelling(field, pitch, wavelength, order):
    """Amplitudes of the waves of up to `order` periods in a cell that travel in air, zero elsewhere.

    Two samplings of a cell have the same amplitudes: samples stand in the middles of their squares.
    """
    for axis, samples in enumerate(field.shape):
        numbers = np.arange(-order, order + 1)
        turned = np.exp(-1j * np.pi * numbers / samples) / samples
        along = [1] * field.ndim
        along[axis] = len(numbers)
        field = np.take(np.fft.fft(field, axis=axis), numbers, axis=axis, mode="wrap") * turned.reshape(along)
    return field


def sampled(amplitudes, samples):
    """Samples of a cell along x from the amplitudes of its waves: the inverse of `travelling` in one dimension."""
    order = len(amplitudes) // 2
    numbers = np.arange(-order, order + 1)
    spectrum = np.zeros(samples, complex)
    spectrum[numbers] = amplitudes * np.exp(1j * np.pi * numbers / samples) * samples
    return np.fft.ifft(spectrum)


def likeness(a, b):
    """|<a, b>|^2 / (<a, a> <b, b>): 1 for fields that are equal but for a factor."""
    return abs(np.vdot(a, b)) ** 2 / (np.vdot(a, a).real * np.vdot(b, b).real)
