#!/usr/bin/env python3
"""Solves Maxwell's equations for a piece of a plate, with Meep (https://meep.readthedocs.io).

    /usr/bin/python3 full-wave.py [LIGHT.npz] [--cells N] [--polarisation x|y] [--out RESULT.npz]

LIGHT.npz (default: light.npz beside this script) was written by `d2nn full-wave`: heights of the pixels of a periodic
cell, light on the front face, lengths in metres; arrays are indexed [y, x], time dependence exp(-i omega t). Two runs: one
without the plate, which tells what light falls on the front face, and one with it. RESULT.npz (default: result.npz beside
LIGHT.npz) is for `d2nn full-wave --result`. On Debian: apt install python3-meep python3-matplotlib.
"""

import argparse
import time
import warnings
from pathlib import Path

import meep as mp
import numpy as np

# In wavelengths: absorbing layers at both ends, and air between them and source, plate, and monitor.
LAYER = 1.0
ROOM = 0.25
# Time step in sides of a grid cell, over the speed of light: Meep's own choice.
COURANT = 0.5
# Waves nearer to grazing than this sine are not sent: absorbing layers send them back.
STEEPEST = 0.96


def settings():
    here = Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description="Solves a piece of a plate with Meep.")
    parser.add_argument("light", nargs="?", type=Path, default=here / "light.npz")
    parser.add_argument("--cells", type=int, default=10, help="cells along a side of a pixel (default 10)")
    parser.add_argument("--polarisation", choices="xy", default="x", help="of the electric field (default x)")
    parser.add_argument("--periods", type=float, default=100, help="of light after the pulse (default 100)")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.cells < 1:
        parser.error(f"--cells {given.cells}: at least 1")
    given.out = given.out or given.light.with_name("result.npz")
    return given


def on(points, amplitudes, orders, side):
    """Sum of waves of those orders at points (from the middle of a cell of that side) along the last axis."""
    return amplitudes @ np.exp(2j * np.pi * np.outer(orders, points + side / 2) / side)


def waves(field, points, orders, side):
    """Amplitudes along the last axis of the waves that `field` is made of at evenly spaced points."""
    return field @ np.exp(-2j * np.pi * np.outer(points + side / 2, orders) / side) / len(points)


class Cell:
    """The periodic cell on Meep's grid, in sides of a cell of that grid: so are all lengths here."""

    def __init__(self, light, cells):
        self.step = float(light["pixel_pitch"]) / cells
        length = lambda name: float(light[name]) / self.step
        self.heights = light["heights"] / self.step
        self.pixel = cells
        self.wavelength, self.base, self.highest = length("wavelength"), length("base"), length("relief")
        self.medium = float(light["medium"])
        self.index = complex(light["refractive_index"], light["extinction_coefficient"])
        rows, columns = self.heights.shape
        # One row of pixels is a relief that depends on x alone: one cell along y.
        self.flat = rows == 1
        self.side_x = columns * cells
        self.side_y = 1 if self.flat else rows * cells
        inside = self.wavelength / self.medium
        up = lambda length: int(np.ceil(length - 1e-9))
        self.layer = up(LAYER * inside)
        room = up(ROOM * inside)
        plate = up(self.base + self.highest)
        whole = 2 * self.layer + 4 * room + plate
        # Even numbers of cells put the middle of the cell, and with it all planes, on points of the grid.
        self.length = whole + whole % 2
        self.source = -self.length // 2 + self.layer + room
        self.face = self.source + room
        self.end = self.face + self.base + self.highest
        self.monitor = self.face + plate + room

    def permittivity(self, index):
        """What makes waves on the grid, in the mean over all directions, as long as they are in a medium of `index`."""
        wavenumber = 2 * np.pi / self.wavelength
        heights = (np.arange(400) + 0.5) / 400
        angles = (np.arange(100) + 0.5) * np.pi / 200
        around = np.sqrt(1 - heights[:, None] ** 2)
        if self.flat:
            directions = np.cos(angles), np.sin(angles)
        else:
            directions = heights[:, None], around * np.cos(angles), around * np.sin(angles)
        half = wavenumber * index.real / 2
        across = sum(np.sin(half * direction) ** 2 for direction in directions).mean()
        in_time = np.sin(wavenumber * COURANT / 2) / COURANT
        return across / in_time**2

    def orders(self, side):
        last = int(np.ceil(side * self.medium / self.wavelength)) - 1
        return np.arange(-last, last + 1)

    def axes(self):
        y = np.array([0]) if self.flat else self.orders(self.side_y)
        return y, self.orders(self.side_x)

    def frequencies(self):
        y, x = self.axes()
        fy = y / self.side_y
        return fy[:, None], (x / self.side_x)[None, :]

    def axial(self):
        fy, fx = self.frequencies()
        squared = (self.medium / self.wavelength) ** 2 - fx**2 - fy**2
        return np.sqrt(np.where(squared > 0, squared, 0))

    def of_samples(self, field):
        """Waves of a field on the samples of d2nn."""
        along = lambda side, count: (np.arange(count) + 0.5) * side / count - side / 2
        y, x = self.axes()
        rows, columns = field.shape
        field = waves(field, along(self.side_x, columns), x, self.side_x)
        return waves(field.T, along(self.side_y, rows), y, self.side_y).T

    def to_samples(self, amplitudes, shape):
        along = lambda side, count: (np.arange(count) + 0.5) * side / count - side / 2
        y, x = self.axes()
        field = on(along(self.side_x, shape[1]), amplitudes, x, self.side_x)
        return on(along(self.side_y, shape[0]), field.T, y, self.side_y).T


def run(cell, sent, polarisation, plane, with_plate, periods):
    """Waves of the electric field of that polarisation at `plane`, for a sheet that sends `sent`; and the power there."""
    component = mp.Ex if polarisation == "x" else mp.Ey
    y, x = cell.axes()
    # Where a component can lie: at points of the grid and between them.
    table_x = np.arange(2 * cell.side_x) / 2 - cell.side_x / 2
    table_y = np.arange(2 * cell.side_y) / 2 - cell.side_y / 2
    table = on(table_y, on(table_x, sent, x, cell.side_x).T, y, cell.side_y).T
    place = lambda at, side, points: int(round(2 * at + side)) % points
    amplitude = lambda at: complex(
        table[place(at.y, cell.side_y, len(table_y)), place(at.x, cell.side_x, len(table_x))]
    )
    frequency = 1 / cell.wavelength
    size = mp.Vector3(cell.side_x, 0 if cell.flat else cell.side_y, 0)
    pulse = mp.GaussianSource(frequency, fwidth=0.5 * frequency)
    source = mp.Source(
        pulse, component=component, center=mp.Vector3(z=cell.source), size=size, amp_func=amplitude
    )
    index = cell.index
    absorption = 2 * np.pi * frequency * (index**2).imag / (index**2).real
    plastic = mp.Medium(epsilon=cell.permittivity(index), D_conductivity=absorption)
    plate = []
    if with_plate:
        block = lambda middle, size: mp.Block(center=middle, size=size, material=plastic)
        wide = 2 * (cell.side_x + cell.side_y)
        plate.append(block(mp.Vector3(z=cell.face + cell.base / 2), mp.Vector3(wide, wide, cell.base)))
        for (row, column), height in np.ndenumerate(cell.heights):
            if height > 0:
                at_x = (column + 0.5) * cell.pixel - cell.side_x / 2
                at_y = 0 if cell.flat else (row + 0.5) * cell.pixel - cell.side_y / 2
                middle = mp.Vector3(at_x, at_y, cell.face + cell.base + height / 2)
                plate.append(block(middle, mp.Vector3(cell.pixel, wide if cell.flat else cell.pixel, height)))
    simulation = mp.Simulation(
        cell_size=mp.Vector3(cell.side_x, 0 if cell.flat else cell.side_y, cell.length),
        resolution=1,
        boundary_layers=[mp.PML(cell.layer, direction=mp.Z)],
        k_point=mp.Vector3(),
        force_complex_fields=True,
        geometry=plate,
        default_material=mp.Medium(epsilon=cell.permittivity(cell.medium)),
        Courant=COURANT,
        sources=[source],
    )
    where = mp.Volume(center=mp.Vector3(z=plane), size=size)
    monitor = simulation.add_dft_fields([component], frequency, 0, 1, where=where, yee_grid=True)
    flux = simulation.add_flux(frequency, 0, 1, mp.FluxRegion(center=mp.Vector3(z=cell.monitor), size=size))

    def amplitudes():
        found = simulation.get_dft_array(monitor, component, 0)
        found = (found.reshape(-1, 1) if cell.flat else found).T
        # Meep gives points about the middle, some beyond the edges: one period of them is enough.
        for orders, side in ((x, cell.side_x), (y, cell.side_y)):
            count = found.shape[1]
            first = (count - side) // 2
            at = np.arange(first, first + side) - (count - 1) / 2
            found = waves(found[:, first : first + side], at, orders, side).T
        return found * (cell.axial() > 0)

    # Light goes to and fro inside a relief: what the last quarter of the time adds says whether enough of it is out.
    simulation.run(until_after_sources=0.75 * periods * cell.wavelength)
    before = amplitudes()
    simulation.run(until=0.25 * periods * cell.wavelength)
    found = amplitudes()
    inner = abs(np.vdot(before, found)) ** 2
    settled = inner / (np.vdot(before, before).real * np.vdot(found, found).real)
    return found, mp.get_fluxes(flux)[0], settled


def main():
    given = settings()
    light = dict(np.load(given.light))
    cell = Cell(light, given.cells)
    per_wavelength = cell.wavelength / cell.index.real
    mp.verbosity(0)
    # Air whose permittivity is a little below 1, for the length of its waves on the grid, is meant.
    warnings.filterwarnings("ignore", message="Epsilon < 1")
    wanted = cell.of_samples(light["incident"])
    fy, fx = cell.frequencies()
    axial = cell.axial()
    along = fx if given.polarisation == "x" else fy
    steep = np.sqrt(fx**2 + fy**2) * cell.wavelength / cell.medium
    # From Maxwell's equations: a sheet of current J sends waves of the electric field (J - k (k J)/k^2)/kz, k the wave
    # vector; along J that is (1 - (k along J)^2/k^2)/kz.
    seen = (steep < STEEPEST) & (wanted != 0)
    sheet = 1 - (along * cell.wavelength / cell.medium) ** 2
    way = np.exp(-2j * np.pi * axial * (cell.face - cell.source))
    sent = np.where(seen, wanted * way * axial / np.where(sheet > 0, sheet, 1), 0)
    began = time.time()
    incident, power_in, _ = run(cell, sent, given.polarisation, cell.face, False, given.periods / 4)
    behind, power_out, settled = run(cell, sent, given.polarisation, cell.monitor, True, given.periods)
    behind = behind * np.exp(2j * np.pi * axial * (cell.end - cell.monitor))
    # To the scale of the light that was asked for.
    scale = np.vdot(incident, wanted) / np.vdot(incident, incident)
    shape = light["incident"].shape
    light["incident"] = cell.to_samples(scale * incident, shape)
    light["behind"] = cell.to_samples(scale * behind, shape)
    light["transmitted"] = np.float64(power_out / power_in)
    light["cells"] = np.float64(per_wavelength)
    light["settled"] = np.float64(settled)
    if mp.am_master():
        np.savez(given.out, **light)
        cells = cell.side_x * cell.side_y * cell.length
        print(
            f"{given.out}: {cells:.2g} cells, {per_wavelength:.1f} a wavelength in the plate, electric field along "
            f"{given.polarisation}, {power_out / power_in:.4f} of the power behind the plate, C = {settled:.4f} with the field "
            f"three quarters through the time, {time.time() - began:.0f} s"
        )


if __name__ == "__main__":
    main()
