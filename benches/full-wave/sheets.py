"""A plate as sheets that scatter, in both directions and with all components of the field.

Light crosses a homogeneous medium, as in the sliced model, and each slice is a sheet in it; but a sheet sends what its
polarisation P = (epsilon - epsilon_0) E radiates, forwards and backwards, s and p waves each by its own law: Green's function of the
medium in place of a phase. One pass forwards is a Born approximation for each sheet (Chen et al., Optica 7, 394 (2020)); passes back
and forth are Bremmer's series (Commun. Pure Appl. Math. 4, 105 (1951)). The medium is lossy, and the sheets take that back, or the
series would not come to an end (Osnabrugge et al., J. Comput. Phys. 322, 113 (2016)).

Nothing but transforms and factors of samples and waves, so that it can be trained in as the other models are. A sheet costs a
transform there and back for each component of the field that its light has: two in TE, four in TM, six in three dimensions.
"""

from dataclasses import dataclass

import numpy as np
import scipy.fft as fft


@dataclass(frozen=True)
class Settings:
    """How many sheets, in what medium, and how they are solved; passes go forwards, backwards, forwards, ..."""

    sheets: int
    # Of the medium.
    permittivity: complex
    # A sheet in its own light: shares of what it does to itself that are solved for at each sample, along it and across, and how
    # much less of it steep waves get.
    along: complex
    upright: complex
    taper: complex
    # Of each pass: how far sheets go from the polarisation they have to that which the pass finds.
    relaxation: tuple
    # Of what each pass forwards finds, in their sum.
    weights: tuple

    def transforms(self, components):
        return 2 * components * self.sheets * len(self.relaxation)


# By the number of sheets and of passes, as `nearer.py --fit` finds them: in two dimensions, for both polarisations at once, on
# plates that nobody judges. The sum of all weights is a factor that C does not see.
FITTED = {
    (6, 1): Settings(6, 1.927 + 0.287j, 0.767 - 0.14j, 0.688 - 0.601j, 0.15 - 0.159j, (1.0,), (1.544 - 0.391j,)),
    (8, 1): Settings(8, 2.033 + 0.37j, 0.714 + 0.148j, 0.776 - 0.494j, -0.13 - 0.131j, (1.0,), (1.085 - 0.204j,)),
    (8, 3): Settings(
        8,
        2.171 + 0.464j,
        0.986 + 0.012j,
        0.695 - 0.457j,
        0.224 - 0.04j,
        (1.0, 1.106, 0.894),
        (-0.432 + 0.548j, 1.406 - 0.516j),
    ),
    (12, 5): Settings(
        12,
        2.19 + 0.607j,
        1.247 + 0.287j,
        0.542 - 0.395j,
        0.112 - 0.008j,
        (1.0, 1.138, 1.034, 1.043, 0.933),
        (-0.025 + 0.194j, -0.348 - 0.132j, 1.358 - 0.065j),
    ),
}


class Waves:
    """The waves of a cell, and what they are made of: the unit vectors across them, s along the sheet and p in the plane of
    incidence."""

    def __init__(self, shape, pitch):
        (*other, x) = (2 * np.pi * fft.fftfreq(samples, pitch) for samples in shape)
        if other:
            y, x = np.broadcast_arrays(other[0][:, None], x[None, :])
            self.across = np.hypot(x, y)
            some = np.where(self.across == 0, 1, self.across)
            self.cos, self.sin = np.where(self.across == 0, 1, x / some), y / some
        else:
            # In one dimension the plane of incidence is that of the relief, for waves to both sides.
            y, self.across, self.cos, self.sin = 0 * x, x, 1 + 0 * x, 0 * x
        self.x, self.y = x, y

    def axial(self, wavenumber):
        root = np.sqrt(wavenumber**2 - self.across**2 + 0j)
        return np.where(root.imag < 0, -root, root)


def contrast(permittivity, medium, wavenumber, slice_):
    """Of a sheet that stands for a slice of `permittivity`: what makes endless many of them turn straight light as the slice does."""
    inside, around = wavenumber * np.sqrt(permittivity), wavenumber * np.sqrt(medium)
    turn = 1j * around * slice_
    itself = 1j * slice_ / around * (np.exp(turn) - 1 - turn) / turn**2
    others = [np.exp(1j * (around + sign * inside) * slice_) for sign in (1, -1)]
    spread = (np.sinh(turn / 2) / (turn / 2)) ** 2
    sum_ = itself + 1j * slice_ * spread / (2 * around) * sum(other / (1 - other) for other in others)
    return 1 / (sum_ * wavenumber**2)


class Relief:
    """Sheets of one plate in a medium between base and air."""

    def __init__(self, plate, waves, settings, components):
        self.waves, self.settings, self.components = waves, settings, components
        self.axes = tuple(range(-plate.heights.ndim, 0))
        self.wavenumber = 2 * np.pi / plate.wavelength
        medium, slice_ = settings.permittivity, plate.highest / settings.sheets
        self.medium = medium
        self._faces(plate)
        axial = waves.axial(self.wavenumber * np.sqrt(medium))
        turn = 1j * axial * slice_
        self.half, self.whole = np.exp(turn / 2), np.exp(turn)
        # A sheet stands for the mean over its slice, of what it sends and of what it gets.
        self.spread = np.sinh(turn / 2) / (turn / 2)
        self.itself = 1j * slice_ / axial * (np.exp(turn) - 1 - turn) / turn**2
        self.sent = 1j * self.wavenumber**2 * slice_ / (2 * axial) * self.spread
        middle = self.wavenumber * np.sqrt(medium)
        self.along, self.upright = axial / middle, -waves.across / middle
        steep = (waves.across / (self.wavenumber * plate.index)) ** 2
        self.taper = 1 / (1 + settings.taper * steep)
        straight = np.ravel(self.itself)[0] * self.wavenumber**2
        local = settings.along * straight
        self.local = {"x": local, "y": local, "z": -settings.upright / medium}
        heights = plate.samples()
        self.contrasts = []
        for number in range(settings.sheets):
            filled = np.clip(heights / slice_ - number, 0, 1)
            permittivity = 1 + (plate.index**2 - 1) * filled
            self.contrasts.append(contrast(permittivity, medium, self.wavenumber, slice_))

    def _faces(self, plate):
        """Through the base and its faces into the medium, and out of that: (s, p) each."""
        air, dense = (self.waves.axial(self.wavenumber * index) for index in (1.0, plate.index))
        around = self.waves.axial(self.wavenumber * np.sqrt(self.medium))
        path = np.exp(1j * dense * plate.base)
        self.through_base, self.from_base, self.through_top, self.from_top = [], [], [], []
        # p waves by their magnetic field, and from it to the electric one.
        kinds = [(1, 1, 1), (plate.index**2, self.medium, np.sqrt(self.medium))]
        for inside, medium, electric in kinds:
            first = (air - dense / inside) / (air + dense / inside)
            second = (dense / inside - around / medium) / (dense / inside + around / medium)
            echoes = 1 + first * second * path**2
            self.through_base.append((1 + first) * (1 + second) * path / echoes / electric)
            self.from_base.append(-(second + first * path**2) / echoes)
            top = (around / medium - air) / (around / medium + air)
            self.from_top.append(top)
            self.through_top.append((1 + top) * electric)

    def _light(self, forwards, backwards):
        """Components of the field at a sheet."""
        s = self.spread * (forwards[0] + backwards[0])
        p = self.spread * self.along * (forwards[1] - backwards[1])
        waves = self.waves
        field = {"x": waves.cos * p - waves.sin * s, "y": waves.sin * p + waves.cos * s}
        field["z"] = self.spread * self.upright * (forwards[1] + backwards[1])
        return {name: field[name] for name in self.components}

    def _own_light(self, sheet):
        """Components of the field in a sheet of what it sends itself."""
        waves = self.waves
        field = {name: self.wavenumber**2 * self.itself * sheet[name] for name in self.components}
        lateral = {"x": waves.x, "y": waves.y}
        charge = sum(lateral[name] * sheet[name] for name in self.components if name != "z")
        for name in self.components:
            if name == "z":
                field[name] = (waves.across**2 * self.itself - 1) / self.medium * sheet[name]
            else:
                field[name] = field[name] - lateral[name] * charge * self.itself / self.medium
        return field

    def _sends(self, sheet):
        """What a sheet sends forwards and backwards, (s, p) each."""
        x, y, z = (sheet.get(name, 0) for name in "xyz")
        waves = self.waves
        s = self.sent * (waves.cos * y - waves.sin * x)
        lateral = self.sent * self.along * (waves.cos * x + waves.sin * y)
        upright = self.sent * self.upright * z
        return (s, upright + lateral), (s, upright - lateral)

    def _polarised(self, number, sheet, forwards, backwards, relaxation):
        """Sheet `number` in that light, from what it was before."""
        light = self._light(forwards, backwards)
        own = self._own_light(sheet) if sheet else None
        after = {}
        for name in self.components:
            field = light[name] if own is None else light[name] + own[name]
            field = self.taper * field
            if own is not None:
                field = field - self.local[name] * sheet[name]
            inside = fft.ifftn(field, axes=self.axes)
            factor = self.contrasts[number] / (1 - self.local[name] * self.contrasts[number])
            found = fft.fftn(factor * inside, axes=self.axes)
            after[name] = found if own is None else sheet[name] + relaxation * (found - sheet[name])
        return after

    def passes(self, incident):
        """(s, p) behind the plate as each pass forwards finds it."""
        count = self.settings.sheets
        dark = (0, 0)
        sheets, forwards, backwards = [None] * count, [dark] * count, [dark] * count
        foot = dark
        on = lambda waves, more: tuple((a + b) * self.whole for a, b in zip(waves, more))
        for number, relaxation in enumerate(self.settings.relaxation):
            if number % 2 == 0:
                parts = zip(incident, foot, self.through_base, self.from_base)
                waves = tuple(self.half * (t * sent + r * back) for sent, back, t, r in parts)
                for at in range(count):
                    forwards[at] = waves
                    sheets[at] = self._polarised(at, sheets[at], waves, backwards[at], relaxation)
                    waves = on(waves, self._sends(sheets[at])[0])
                top = tuple(part / self.half for part in waves)
                yield tuple(t * part for t, part in zip(self.through_top, top))
            else:
                waves = tuple(self.half * r * part for r, part in zip(self.from_top, top))
                for at in reversed(range(count)):
                    backwards[at] = waves
                    sheets[at] = self._polarised(at, sheets[at], forwards[at], waves, relaxation)
                    waves = on(waves, self._sends(sheets[at])[1])
                foot = tuple(part / self.half for part in waves)


def in_line(plate, polarisation, fields, settings):
    """Fields behind a relief that depends on x alone, along the last axis, as each pass forwards finds them."""
    waves = Waves(fields.shape[-1:], plate.sample)
    kind = ("te", "tm").index(polarisation)
    relief = Relief(plate, waves, settings, ("y", "xz")[kind])
    sent = [0 * fields, 0 * fields]
    sent[kind] = fft.fft(fields, axis=-1)
    for found in relief.passes(sent):
        yield fft.ifft(found[kind], axis=-1)


def mixed(passes, settings):
    return sum(weight * field for weight, field in zip(settings.weights, passes))


def across(plate, polarisation, field, settings):
    """The electric field along x or y behind a plate, for that on its front face, sent by currents along the same axis."""
    waves = Waves(field.shape, plate.sample)
    wavenumber = 2 * np.pi / plate.wavelength
    along, s, p = (waves.x, -waves.sin, waves.cos) if polarisation == "x" else (waves.y, waves.cos, waves.sin)
    travelling = waves.across < 0.999 * wavenumber
    axial = np.sqrt(np.where(travelling, wavenumber**2 - waves.across**2, 1))
    current = np.where(travelling, fft.fft2(field) * axial / (wavenumber**2 - np.where(travelling, along, 0) ** 2), 0)
    sent = (wavenumber**2 / axial * s * current, wavenumber * p * current)
    found = [
        np.where(travelling, behind_s * s + behind_p * p * axial / wavenumber, 0)
        for behind_s, behind_p in Relief(plate, waves, settings, "xyz").passes(sent)
    ]
    return fft.ifft2(mixed(found, settings))
