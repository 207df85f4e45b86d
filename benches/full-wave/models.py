"""The models of plates of d2nn in NumPy, for a periodic cell of one or two dimensions.

`.ci/validate_full_wave.py` holds them against what `d2nn full-wave` writes. Each takes the light on the front face of the
base and gives that in the plane of the highest relief; lengths are in millimetres.
"""

import numpy as np

from modes import axial, cross, frequencies


def way(field, pitch, wavelength, index, distance):
    return cross(field, pitch, lambda f: np.exp(2j * np.pi * distance * axial(f, wavelength, index)))


def kept(shape, pitch, wavelength, distance):
    """Waves that d2nn keeps over a way inside a plate, in two dimensions (src/propagation/angular_spectrum.rs)."""
    if distance < 2.5 * pitch:
        return np.ones(shape, bool)
    (fy, fx) = (frequencies(samples, pitch) * wavelength for samples in shape)
    fy, fx = fy[:, None], fx[None, :]
    turns_y, turns_x = (2 * distance / (samples * pitch) for samples in shape)
    decay = fy**2 + fx**2 - 1
    travelling = (fy**2 * (1 + turns_y**2) + fx**2 <= 1) & (fx**2 * (1 + turns_x**2) + fy**2 <= 1)
    followed = np.maximum((fy * turns_y) ** 2, (fx * turns_x) ** 2) <= decay
    lasting = 2 * np.pi * distance / wavelength * np.sqrt(np.maximum(decay, 0)) < 16.6
    return np.where(decay > 0, followed & lasting, travelling)


def slab(field, pitch, wavelength, index, thickness):
    """A plate with plane faces, without echoes, mean of both polarisations (src/propagation/slab.rs)."""

    def transfer(f):
        outside = axial(f, wavelength)
        inside = axial(f, wavelength, index)
        path = np.exp(2j * np.pi * thickness * inside)

        def through(a, b):
            r = (a - b) / (a + b)
            return 1 - r * r

        mean = (through(outside, inside) + through(outside, inside / index**2)) / 2
        return np.where(f < 1 / wavelength**2, mean * path, 0)

    return cross(field, pitch, transfer)


def thin(plate, field):
    field = way(field, plate.sample, plate.wavelength, 1.0, plate.base)
    field = field * np.exp(-2 * np.pi * plate.extinction * plate.base / plate.wavelength)
    field = field * np.exp(2j * np.pi * (plate.complex_index - 1) * plate.samples() / plate.wavelength)
    return way(field, plate.sample, plate.wavelength, 1.0, plate.highest)


def in_slices(plate, field, slices, inside=way):
    field = slab(field, plate.sample, plate.wavelength, plate.complex_index, plate.base)
    middle = (plate.index + 1) / 2
    slice_ = plate.highest / slices
    wavenumber = 2 * np.pi / plate.wavelength
    for number in range(slices):
        field = inside(field, plate.sample, plate.wavelength, middle, slice_ / (2 if number == 0 else 1))
        filled = np.clip(plate.samples() - number * slice_, 0, slice_)
        field = field * np.exp(1j * wavenumber * ((plate.complex_index - 1) * filled + (1 - middle) * slice_))
    return inside(field, plate.sample, plate.wavelength, middle, slice_ / 2)


def as_in_d2nn(plate, field, slices):
    """With the band limit of d2nn, which the ways inside a plate meet in a narrow window."""

    def inside(field, pitch, wavelength, index, distance):
        behind = np.fft.fftn(way(field, pitch, wavelength, index, distance))
        return np.fft.ifftn(behind * kept(field.shape, pitch, wavelength / index, distance))

    return in_slices(plate, field, slices, inside)


def equivalent(plate, field):
    return in_slices(plate, field, 1)


def sliced(plate, field):
    return in_slices(plate, field, 4)


def wpm(plate, field, slices=16):
    """The wave propagation method, as `ThickPlate::lower_side_by_side` has it: each slice in plastic and in air, and each
    sample takes what belongs to it. Over ways this short d2nn has no band limit."""
    field = slab(field, plate.sample, plate.wavelength, plate.complex_index, plate.base)
    slice_ = plate.highest / slices
    turn = 2j * np.pi * (plate.complex_index - 1) / plate.wavelength

    def plastic(f):
        # Waves that not even plastic lets travel are left out.
        path = np.exp(2j * np.pi * slice_ * axial(f, plate.wavelength, plate.complex_index))
        return np.where(f < (plate.index / plate.wavelength) ** 2, path, 0)

    for number in range(slices):
        filled = np.clip(plate.samples() - number * slice_, 0, slice_)
        share = (np.exp(turn * filled) - 1) / (np.exp(turn * slice_) - 1)
        without = way(field, plate.sample, plate.wavelength, 1.0, slice_)
        field = (1 - share) * without + share * cross(field, plate.sample, plastic)
    return field


# The columns of the table.
MODELS = {"thin": thin, "equivalent": equivalent, "sliced": sliced, "wpm": wpm}
