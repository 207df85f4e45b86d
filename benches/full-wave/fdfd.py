"""Maxwell's equations for a relief that depends on x alone, in the frequency domain on Yee's grid.

TE has the electric field along the pillars (out of the plane of x and z), TM the magnetic one; u is that field. Periodic
along x, with perfectly matched layers (Chew & Weedon, Microw. Opt. Technol. Lett. 7, 599 (1994)) along z. Wavenumbers are
those with which waves on the grid have, in the mean over all directions, the wavelength they have off it. Cells that a
top cuts have mean permittivities: arithmetic along faces, harmonic across (Farjadpour et al., Opt. Lett. 31, 2972 (2006)).
Walls of pixels lie between cells.

    fdfd.py     checks it on slabs against Airy's formula
"""

import numpy as np
import scipy.sparse as sparse
from scipy.sparse.linalg import splu

LAYER = 1.0
FRONT = 0.2
BACK = 0.3
# Power that comes back from the layers at normal incidence, in the continuum.
RETURNED = 1e-20


def grid_wavenumber(wavelength, index, h):
    """The k^2 n^2 to put on a grid of cells of `h`, for waves of the right length in the mean over directions."""
    k = 2 * np.pi * index / wavelength
    angle = (np.arange(360) + 0.5) * np.pi / 360
    return (4 / h**2 * (np.sin(k * h * np.cos(angle) / 2) ** 2 + np.sin(k * h * np.sin(angle) / 2) ** 2)).mean()


class Solver:
    """One plate (or, with `empty`, the air in its place) on cells of `h` mm."""

    def __init__(self, plate, h, polarisation, empty=False):
        self.h, self.polarisation = h, polarisation
        cells = round(plate.pixel / h)
        if abs(cells * h - plate.pixel) > 1e-9:
            raise ValueError(f"cells of {h} mm: a pixel of {plate.pixel} mm must have whole cells")
        self.nx = cells * len(plate.heights)
        whole = FRONT + plate.base + plate.highest + BACK
        layer = round(LAYER / h)
        self.nz = 2 * layer + int(np.ceil(whole / h)) + 2
        # The front face lies on the lower edge of a cell.
        self.face = layer + round(FRONT / h)
        self.source = layer + 1
        self.monitor = self.nz - layer - 2
        self.air = grid_wavenumber(plate.wavelength, 1.0, h)
        plastic = self.air if empty else grid_wavenumber(plate.wavelength, plate.complex_index, h)
        self.vacuum = (2 * np.pi / plate.wavelength) ** 2

        heights = np.repeat(plate.heights, cells) + plate.base

        def filled(middle):
            """Share of plastic in the cells from middle - h/2 to middle + h/2, [x, z]."""
            z = (np.arange(self.nz) - self.face + 0.5) * h + middle
            share = lambda edge: np.clip(edge, 0, heights[:, None])
            return (share(z + h / 2) - share(z - h / 2)) / h

        stretch = lambda at: 1 + 1j * self._absorption(at, layer)
        whole_cells = np.arange(self.nz)
        s, s_above = stretch(whole_cells + 0.5), stretch(whole_cells + 1.0)
        s_below = stretch(whole_cells.astype(float))
        shape = (self.nx, self.nz)
        if polarisation == "te":
            right = left = above = below = np.ones(shape)
            own = self.air + (plastic - self.air) * filled(0.0)
        else:
            # Permittivities, with the wavenumbers of the grid in them.
            air, plastic = self.air / self.vacuum, plastic / self.vacuum
            up = filled(h / 2)
            above = 1 / (air + (plastic - air) * up)
            below = np.roll(above, 1, axis=1)
            here = filled(0.0)
            across = 1 / (here / plastic + (1 - here) / air)
            right = 2 / (across + np.roll(across, -1, axis=0))
            left = np.roll(right, 1, axis=0)
            own = np.full(shape, self.vacuum)
        above = above / (s * s_above) / h**2
        below = below / (s * s_below) / h**2
        right, left = right / h**2, left / h**2
        diagonal = own - above - below - right - left
        number = np.arange(self.nx * self.nz).reshape(shape)
        entries = [(number, number, diagonal)]
        entries.append((number[:, :-1], number[:, 1:], above[:, :-1]))
        entries.append((number[:, 1:], number[:, :-1], below[:, 1:]))
        entries.append((number, np.roll(number, -1, axis=0), right))
        entries.append((number, np.roll(number, 1, axis=0), left))
        rows, columns, values = (np.concatenate([np.ravel(e[k]) for e in entries]) for k in range(3))
        matrix = sparse.csc_matrix((values, (rows, columns)), shape=(number.size,) * 2)
        self.factors = splu(
            matrix,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.001,
            options={"SymmetricMode": True},
        )
        self.width = plate.width
        self.end = plate.base + plate.highest

    def _absorption(self, at, layer):
        """Of the stretched coordinate at `at` cells from the beginning."""
        deep = np.maximum(layer - at, at - (self.nz - layer)).clip(0) / layer
        most = -3 * np.log(RETURNED) / (4 * np.sqrt(self.air) * layer * self.h)
        return most * deep**2

    def _axial(self, order):
        """What a wave turns by along z from cell to cell, radians, for each order."""
        f = np.arange(-order, order + 1) / self.width
        sine = self.air * self.h**2 / 4 - np.sin(np.pi * f * self.h) ** 2
        return 2 * np.arcsin(np.sqrt(sine + 0j))

    def solve(self, amplitudes):
        """Amplitudes of the waves in the plane of the highest relief for those on the front face."""
        order = len(amplitudes) // 2
        turn = self._axial(order)
        # Cells from the sheet that sends to the face; the face is half a cell before its first cell.
        ahead = self.face - 0.5 - self.source
        sent = amplitudes * np.exp(-1j * turn * ahead) * 2j * np.sin(turn) / self.h**2
        if self.polarisation == "tm":
            sent = sent * self.vacuum / self.air
        numbers = np.arange(-order, order + 1)
        spectrum = np.zeros(self.nx, complex)
        spectrum[numbers] = sent * np.exp(1j * np.pi * numbers / self.nx) * self.nx
        right_side = np.zeros((self.nx, self.nz), complex)
        right_side[:, self.source] = np.fft.ifft(spectrum)
        field = self.factors.solve(right_side.ravel()).reshape(self.nx, self.nz)
        found = np.fft.fft(field[:, self.monitor])[numbers] * np.exp(-1j * np.pi * numbers / self.nx) / self.nx
        back = (self.monitor - self.face + 0.5) - self.end / self.h
        return found * np.exp(-1j * turn * back)


def airy(plate, polarisation, orders, width):
    """What a slab of the base and the one height of `plate` does to waves, from face to the plane of the highest relief."""
    f = orders / width
    outside = np.sqrt(1 / plate.wavelength**2 - f**2)
    inside = np.sqrt((plate.complex_index / plate.wavelength) ** 2 - f**2)
    other = inside if polarisation == "te" else inside / plate.complex_index**2
    r = (outside - other) / (outside + other)
    thick = plate.base + plate.heights[0]
    path = np.exp(2j * np.pi * inside * thick)
    rest = np.exp(2j * np.pi * outside * (plate.highest - plate.heights[0]))
    return (1 - r * r) * path / (1 - r * r * path * path) * rest


def check(h, polarisation, width=6.4, extinction=0.0):
    """Largest errors of a slab against Airy, and of an empty run, over waves of up to 70 degrees."""
    from plates import Plate, order

    last = order(width)
    orders = np.arange(-last, last + 1)
    seen = np.abs(orders) / width * 0.75 < 0.94
    sent = np.exp(1j * orders**2) * seen
    slab = Plate("slab", np.full(16, 0.613), width / 16, extinction=extinction)
    empty = Solver(slab, h, polarisation, empty=True).solve(sent)
    free = np.exp(2j * np.pi * np.sqrt(1 / 0.75**2 - (orders / width) ** 2) * (slab.base + slab.highest))
    solved = Solver(slab, h, polarisation).solve(sent)
    exact = airy(slab, polarisation, orders, width)
    norm = np.linalg.norm
    return (
        norm((solved - sent * exact)[seen]) / norm((sent * exact)[seen]),
        norm((empty - sent * free)[seen]) / norm(sent[seen]),
    )


if __name__ == "__main__":
    import time

    for polarisation in ("te", "tm"):
        for cells in (10, 20, 30, 40):
            began = time.time()
            slab, empty = check(0.4 / cells, polarisation)
            per = 0.75 / 1.7227 / (0.4 / cells)
            print(
                f"{polarisation} {0.4 / cells:.4f} mm, {per:.1f} cells a wavelength in plastic: slab {slab:.4f}, "
                f"empty {empty:.4f} ({time.time() - began:.1f} s)"
            )
