#!/usr/bin/env python3
"""Opens exported masks with tools that are not ours and compares them with the phases; exit code 1 on any difference.

    validate_formats.py D2NN DEVICE    exports DEVICE with the program D2NN in every format and judges the files, and
                                       phase maps in every unit

The expected heights, levels and greys are worked out here from the phases in mask-*.npy and the physical facts of the
sidecar, not read from what the program says it did.
"""

import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

import gdstk
import numpy
import PIL.Image
import tifffile
import trimesh

TURN = 2 * numpy.pi
LEVELS = 16
LAYER = 16e-6
PANEL = (1080, 1920)


class Wrong(Exception):
    pass


def require(good, what):
    if not good:
        raise Wrong(what)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    return done.returncode, done.stdout + done.stderr


def nearest_of(heights, turn, step, count):
    """Index of the circularly nearest of `count` heights `step` apart, a turn being `turn` high."""
    level = numpy.minimum(numpy.rint(heights / step), count - 1)
    return numpy.where(numpy.abs(heights - level * step) <= turn - heights, level, 0).astype(int)


class Device:
    def __init__(self, program, folder, out):
        self.program, self.folder, self.out = program, pathlib.Path(folder), pathlib.Path(out)

    def export(self, form, *flags):
        """The sidecar and the paths of the files, checksums compared."""
        where = self.out / form
        code, text = run(self.program, "export", self.folder, "--format", form, "--out", where, *flags)
        require(code == 0, f"export: {text}")
        (sidecar,) = where.glob("*.json")
        facts = json.loads(sidecar.read_text())
        paths = [where / file["file"] for file in facts["files"]]
        for path, file in zip(paths, facts["files"], strict=True):
            require(hashlib.sha256(path.read_bytes()).hexdigest() == file["sha256"], f"{path.name}: checksum")
        masks = sorted(self.folder.glob("mask-*.npy"), key=lambda path: int(path.stem.split("-")[1]))
        require(len(masks) == len(paths), f"{len(paths)} files for {len(masks)} masks")
        self.phases = [numpy.load(mask).astype(numpy.float64) % TURN for mask in masks]
        index = facts["refractive_index"] - facts["surrounding_index"]
        self.turn = facts["wavelength"] / index
        self.heights = [phase / TURN * self.turn for phase in self.phases]
        return facts, paths

    def compare_levels(self, facts, found, step, count):
        """Heights above the base are whole steps, those nearest to the phases."""
        for number, (got, asked) in enumerate(zip(found, self.heights, strict=True), 1):
            level = nearest_of(asked, self.turn, step, count)
            # A thousandth of a step: text, single precision and rounding are far below, a wrong level far above.
            off = numpy.abs(got - facts["base"] - level * step).max()
            require(got.shape == level.shape and off < 1e-3 * step, f"mask {number}: {off} m off")

    def compare_continuous(self, facts, found):
        for number, (got, asked) in enumerate(zip(found, self.heights, strict=True), 1):
            off = numpy.abs(got - facts["base"] - asked).max()
            # Half a step, and rounding of the phases, which are single precision.
            require(got.shape == asked.shape and off < 0.501 * facts["step"], f"mask {number}: {off} m off")


def scaled(facts, numbers):
    return facts["height"]["offset"] + facts["height"]["scale"] * numpy.asarray(numpy.float64(numbers))


def by_pillow(device):
    facts, paths = device.export("png16", "--levels", str(LEVELS))
    pictures = [PIL.Image.open(path) for path in paths]
    require(all(picture.mode == "I;16" for picture in pictures), "not 16-bit grey")
    found = [scaled(facts, numpy.asarray(picture)) for picture in pictures]
    device.compare_levels(facts, found, device.turn / LEVELS, LEVELS)


def by_tifffile(device):
    facts, paths = device.export("tiff16", "--layer-height", f"{LAYER * 1e6} um")
    pictures = [tifffile.imread(path) for path in paths]
    require(all(picture.dtype == numpy.uint16 for picture in pictures), "not 16-bit grey")
    count = int(numpy.ceil(device.turn / LAYER * (1 - 1e-12)))
    device.compare_levels(facts, [scaled(facts, picture) for picture in pictures], LAYER, count)


def by_numpy_text(device):
    facts, paths = device.export("csv")
    device.compare_continuous(facts, [scaled(facts, numpy.loadtxt(path, delimiter=",")) for path in paths])


def by_numpy(device):
    facts, paths = device.export("npy")
    require(facts["height"]["scale"] == 1 and facts["height"]["offset"] == 0, "not metres")
    device.compare_continuous(facts, [numpy.load(path) for path in paths])


def by_gdstk(device):
    facts, paths = device.export("gds", "--levels", str(LEVELS))
    pitch = facts["pixel_pitch"] / facts["gds"]["user_unit"]
    found = []
    for number, path in enumerate(paths, 1):
        library = gdstk.read_gds(path)
        require(library.unit == facts["gds"]["user_unit"], f"unit {library.unit}")
        require(abs(library.precision / facts["gds"]["database_unit"] - 1) < 1e-12, "database unit")
        (cell,) = library.cells
        require(cell.name == f"MASK_{number}", cell.name)
        levels = numpy.zeros(facts["pixels"], dtype=int)
        for polygon in cell.polygons:
            (left, low), (right, high) = polygon.bounding_box()
            edges = numpy.array([left, low, right, high]) / pitch
            require(numpy.abs(edges - numpy.rint(edges)).max() < 1e-6, "an edge off the pixels")
            x0, y0, x1, y1 = numpy.rint(edges).astype(int)
            require(abs(polygon.area() - (right - left) * (high - low)) < 1e-6 * pitch**2, "no rectangle")
            require(not levels[y0:y1, x0:x1].any() and polygon.datatype == 0, "layers overlap")
            levels[y0:y1, x0:x1] = polygon.layer
        found.append(scaled(facts, levels))
    device.compare_levels(facts, found, device.turn / LEVELS, LEVELS)


def by_pillow_frames(device):
    facts, paths = device.export("slm", "--panel", f"{PANEL[1]}x{PANEL[0]}")
    table = numpy.loadtxt(paths[0].parent / facts["slm"]["lookup_table"], delimiter=",", skiprows=1)
    require((table[:, 0] == numpy.arange(256)).all(), "the lookup table lacks greys")
    for path, phases in zip(paths, device.phases, strict=True):
        picture = PIL.Image.open(path)
        require(picture.mode == "L" and picture.size == PANEL[::-1], f"{picture.mode} {picture.size}")
        rows, columns = phases.shape
        asked = numpy.zeros(PANEL)
        top, left = (PANEL[0] - rows) // 2, (PANEL[1] - columns) // 2
        asked[top : top + rows, left : left + columns] = phases
        off = (table[numpy.asarray(picture), 1] - asked + numpy.pi) % TURN - numpy.pi
        # Half of one of 256 greys, and rounding.
        require(numpy.abs(off).max() < numpy.pi / 256 + 1e-9, f"{numpy.abs(off).max()} rad off")


def by_trimesh_and_prusa(device, *flags):
    _, paths = device.export("3mf", *flags)
    where = device.out / "stl"
    code, text = run(device.program, "export-stl", device.folder, "--no-check", "--out", where, *flags)
    require(code == 0, text)
    for path in paths:
        require("3D/3dmodel.model" in zipfile.ZipFile(path).namelist(), "no 3D/3dmodel.model")
        (stl,) = where.glob(f"{path.stem}.*.stl")
        solid = trimesh.load_mesh(stl)
        scene = trimesh.load(path)
        (name,) = scene.geometry
        require(name == path.stem and scene.units == "millimeter", f"{name} in {scene.units}")
        mesh = scene.to_mesh()
        require(mesh.is_watertight and mesh.is_volume, "not closed")
        require(mesh.euler_number == solid.euler_number, "another topology")
        require(len(mesh.faces) == len(solid.faces), f"{len(mesh.faces)} triangles, not {len(solid.faces)}")
        # The same triangles; STL rounds each coordinate to single precision, 6e-8 of it, where the text here is decimal.
        require(abs(mesh.volume / solid.volume - 1) < 2e-7, f"{mesh.volume} mm3, not {solid.volume}")
        require(numpy.abs(mesh.extents - solid.extents).max() < 1e-5, f"{mesh.extents}, not {solid.extents}")
        require(mesh.bounds[0].min() > -1e-6, f"at {mesh.bounds[0]}: outside of the positive octant")
        said = {}
        for file in (path, stl):
            code, text = run("prusa-slicer", "--loglevel", "1", "--info", str(file))
            require(code == 0 and re.search(r"^manifold = yes$", text, re.MULTILINE), f"PrusaSlicer: {text}")
            said[file] = {key: float(re.search(rf"^{key} = (\S+)$", text, re.MULTILINE)[1])
                          for key in ("size_x", "size_y", "size_z", "volume", "number_of_facets")}
        for key, value in said[stl].items():
            # Six digits are printed.
            require(abs(said[path][key] - value) <= 2e-5 * value, f"PrusaSlicer: {key} {said[path][key]}, not {value}")


def place_by_prusa(path):
    """Smallest and largest coordinates in millimetres where PrusaSlicer puts the solid of `path`."""
    # --info leaves out where a 3MF file places its object; what is exported without arranging has it.
    with tempfile.TemporaryDirectory() as folder:
        placed = pathlib.Path(folder, "placed.stl")
        code, text = run("prusa-slicer", "--loglevel", "1", "--dont-arrange", "--export-stl", "-o", str(placed), str(path))
        require(code == 0 and placed.exists(), f"PrusaSlicer: {text}")
        code, text = run("prusa-slicer", "--loglevel", "1", "--info", str(placed))
    require(code == 0, f"PrusaSlicer: {text}")
    found = [[float(re.search(rf"^{end}_{axis} = (\S+)$", text, re.MULTILINE)[1]) for axis in "xyz"]
             for end in ("min", "max")]
    return numpy.array(found)


def by_prusa_on_the_bed(device):
    """Every kind of plate lies where its file says, in millimetres and in microns."""
    rows, columns = 5, 9
    where = device.out / "places"
    where.mkdir()
    numpy.save(where / "map.npy", numpy.linspace(0, 6, rows * columns).reshape(rows, columns))
    # Pitch, width of a frame and base, metres; 1 um is 1 in a file in microns.
    for unit, pitch, frame, base, wavelength in (("mm", 0.4e-3, 6e-3, 1e-3, 0.75e-3), ("um", 4e-6, 60e-6, 20e-6, 532e-9)):
        flags = ["--pixel-pitch", f"{pitch * 1e6} um", "--wavelength", f"{wavelength * 1e9} nm", "--index", "1.6",
                 "--base", f"{base * 1e6} um"]
        for framed in (False, True):
            more = ["--frame", f"{frame * 1e6} um", "--no-engraving"] if framed else []
            out = where / f"{unit}-{framed}"
            for verb in (["export-stl"], ["export", "--format", "3mf"]):
                code, text = run(device.program, verb[0], where / "map.npy", *verb[1:], "--out", out, *flags, *more)
                require(code == 0, text)
            around = frame if framed else 0
            size = numpy.array([columns, rows]) * pitch + 2 * around
            # A slicer takes an STL file for millimetres, whatever it holds; a frame lies around the origin there.
            a_metre = {"mm": 1e3, "um": 1e6}[unit]
            for file, low, scale in ((out / "map-mask-1.3mf", 0, 1e3), (out / f"map-mask-1.{unit}.stl", -around, a_metre)):
                found = place_by_prusa(file) / scale
                # Six digits are printed.
                require(numpy.abs(found[0, :2] - low).max() < 2e-5 * size.max(), f"{file}: begins at {found[0]} m")
                require(numpy.abs(found[1, :2] - low - size).max() < 2e-5 * size.max(), f"{file}: ends at {found[1]} m")
                require(abs(found[0, 2]) < 1e-5 * size.max(), f"{file}: lies at {found[0, 2]} m")


JUDGES = {
    "png16, Pillow": by_pillow,
    "tiff16, tifffile": by_tifffile,
    "csv, numpy.loadtxt": by_numpy_text,
    "npy, numpy.load": by_numpy,
    "gds, gdstk": by_gdstk,
    "slm, Pillow": by_pillow_frames,
    "3mf, trimesh and PrusaSlicer": by_trimesh_and_prusa,
    "places on the bed, PrusaSlicer": by_prusa_on_the_bed,
    "3mf with a frame": lambda device: by_trimesh_and_prusa(device, "--frame", "6 mm", "--pin-holes", "3 mm"),
}


def main():
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    failed = 0
    for name, judge in JUDGES.items():
        with tempfile.TemporaryDirectory() as out:
            try:
                judge(Device(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2], out))
                verdict = "ok"
            except Exception as error:  # A reader that stumbles over a file has refused it.
                verdict, failed = f"FAIL {type(error).__name__}: {error}", failed + 1
        print(f"{name:<32}{verdict}", flush=True)
    print(f"{len(JUDGES) - failed} of {len(JUDGES)} pass")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
