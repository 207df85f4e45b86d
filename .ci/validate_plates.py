#!/usr/bin/env python3
"""Judges STL files with six tools that are not ours; exit code 1 when any file fails any of them.

    validate_plates.py FILE...     one row a file
    validate_plates.py --self-test broken solids, each of which must fail

None suffices alone: boxes side by side pass manifold3d, admesh and PrusaSlicer, and of two sheets that touch in
a point only the Euler number, MeshLab and OpenSCAD take notice. admesh and `prusa-slicer --info` exit 0 on broken
meshes, so their text is read.
"""

import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

import manifold3d
import numpy
import pymeshlab
import trimesh

# OpenSCAD's exact arithmetic takes a second or two for this many triangles; larger plates are left out.
OPENSCAD_TRIANGLES = 6_000
TIMEOUT_S = 900


def run(*command):
    """Exit code and all text of a command."""
    # admesh prints the 80 bytes of a header and what lies behind them in memory, up to a zero: that may be no text.
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S, check=False
    )
    return done.returncode, done.stdout + done.stderr


def expected_euler_number(path):
    """Of a part of a kit as its kit.json says, otherwise by the holes in the name: frame-with-3-holes-20-mask-1.mm.stl."""
    kit = path.with_name("kit.json")
    if kit.exists():
        kit = json.loads(kit.read_text())
        solids = [*kit["plates"], kit["object"]["plate"], kit["detector"]["plate"], kit["holder"]["solid"]]
        return next(solid["euler_number"] for solid in solids if solid["file"] == path.name)
    holes = re.search(r"-(\d+)-holes-", path.name)
    return 2 - 2 * int(holes[1]) if holes else 2


def by_trimesh(path, mesh):
    euler = expected_euler_number(path)
    found = {"watertight": mesh.is_watertight, "volume": mesh.is_volume, "euler": mesh.euler_number}
    good = found["watertight"] and found["volume"] and found["euler"] == euler
    return None if good else str(found)


def by_manifold3d(_path, mesh):
    solid = manifold3d.Manifold(
        manifold3d.Mesh(
            vert_properties=numpy.asarray(mesh.vertices, dtype=numpy.float32),
            tri_verts=numpy.asarray(mesh.faces, dtype=numpy.uint32),
        )
    )
    return None if solid.status() == manifold3d.Error.NoError else str(solid.status())


def by_meshlab(path, _mesh):
    meshes = pymeshlab.MeshSet()
    meshes.load_new_mesh(str(path))
    found = meshes.get_topological_measures()
    keys = ("boundary_edges", "non_two_manifold_edges", "non_two_manifold_vertices")
    bad = {key: found[key] for key in keys if found[key] != 0}
    return str(bad) if bad else None


def by_admesh(path, _mesh):
    code, text = run("admesh", str(path))
    counts = (
        r"Total disconnected facets",
        r"Degenerate facets",
        r"Edges fixed",
        r"Facets removed",
        r"Facets added",
        r"Facets reversed",
        r"Backwards edges",
        r"Normals fixed",
    )
    bad = []
    for count in counts:
        found = re.search(count + r"\s*:\s*(\d+)", text)
        if not found or found[1] != "0":
            bad.append(f"{count}: {found[1] if found else 'not said'}")
    return f"exit {code} {bad}" if code or bad else None


def by_prusa_slicer(path, mesh):
    code, text = run("prusa-slicer", "--loglevel", "1", "--info", str(path))
    good = code == 0 and re.search(r"^manifold = yes$", text, re.MULTILINE)
    if good:
        # It must lie where its coordinates say; six digits are printed.
        for end, bounds in zip(("min", "max"), mesh.bounds, strict=True):
            for axis, asked in zip("xyz", bounds, strict=True):
                found = float(re.search(rf"^{end}_{axis} = (\S+)$", text, re.MULTILINE)[1])
                if abs(found - asked) > 2e-5 * mesh.extents.max():
                    return f"{end}_{axis} = {found}, not {asked}"
    return None if good else f"exit {code}, " + (re.search(r"manifold = .*", text) or ["no word of manifold"])[0]


def by_openscad(path, mesh):
    if len(mesh.faces) > OPENSCAD_TRIANGLES:
        return "-"
    low, high = mesh.bounds
    # Off every grid line: a cylinder that grazes an edge of the plate would itself make a pinched solid.
    middle, radius = low + (high - low) * (0.4871, 0.5137, 0.5), min(high[:2] - low[:2]) * 0.2113
    cut = (
        f'difference() {{ import("{path.resolve()}"); translate([{middle[0]}, {middle[1]}, {low[2] - 1}])'
        f" cylinder(h={high[2] - low[2] + 2}, r={radius}, $fn=12); }}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder, "cut.scad")
        script.write_text(cut)
        code, text = run("openscad", "-o", str(script.with_suffix(".stl")), str(script))
    good = code == 0 and re.search(r"Simple:\s+yes", text) and "ERROR" not in text and "WARNING" not in text
    said = [line.strip() for line in text.splitlines() if re.search("Simple|ERROR|WARNING", line)]
    return None if good else f"exit {code}, {said}"


VALIDATORS = {
    "trimesh": by_trimesh,
    "manifold3d": by_manifold3d,
    "meshlab": by_meshlab,
    "admesh": by_admesh,
    "prusa": by_prusa_slicer,
    "openscad": by_openscad,
}


def judge(path):
    """Prints a row; the number of validators that refuse the file."""
    mesh = trimesh.load_mesh(path)
    row, complaints = [], []
    for name, validator in VALIDATORS.items():
        try:
            verdict = validator(path, mesh)
        except Exception as error:  # A validator that stumbles over a file has refused it.
            verdict = f"{type(error).__name__}: {error}"
        row.append({None: "ok", "-": "-"}.get(verdict, "FAIL"))
        if verdict not in (None, "-"):
            complaints.append(f"    {name}: {verdict}")
    print(f"{path.name:<34}{len(mesh.faces):>11}  " + "".join(f"{cell:<12}" for cell in row), flush=True)
    for complaint in complaints:
        print(complaint, flush=True)
    return len(complaints)


def head():
    print(f"{'file':<34}{'triangles':>11}  " + "".join(f"{name:<12}" for name in VALIDATORS))


def self_test():
    """Broken solids: the judges of this file can say no."""

    def box(x, y):
        corner = [numpy.array([x + (i & 1), y + (i >> 1 & 1), i >> 2]) for i in range(8)]
        quads = ((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5))
        return [[corner[q[i]] for i in t] for q in quads for t in ((0, 1, 2), (0, 2, 3))]

    def tetrahedron(*corners):
        a, b, c, d = (numpy.array(corner) for corner in corners)
        return [[a, c, b], [a, b, d], [b, c, d], [a, d, c]]

    def record(triangle):
        a, b, c = triangle
        normal = numpy.cross(b - a, c - a)
        return struct.pack("<12fH", *(normal / numpy.linalg.norm(normal)), *a, *b, *c, 0)

    solids = {
        "box": (box(0, 0), False),
        "open": (box(0, 0)[1:], True),
        "doubled": (box(0, 0) + box(0, 0)[:1], True),
        "edge-in-common": (box(0, 0) + box(1, 1), True),
        "wall-in-common": (box(0, 0) + box(1, 0), True),
        "point-in-common": (
            tetrahedron((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
            + tetrahedron((0, 0, 0), (-1, 0, 0), (0, 0, -1), (0, -1, 0)),
            True,
        ),
    }
    wrong = 0
    head()
    with tempfile.TemporaryDirectory() as folder:
        for name, (triangles, broken) in solids.items():
            path = pathlib.Path(folder, f"{name}.stl")
            records = b"".join(record(triangle) for triangle in triangles)
            path.write_bytes(bytes(80) + struct.pack("<I", len(triangles)) + records)
            if (judge(path) > 0) != broken:
                print(f"    {name} should {'fail' if broken else 'pass'}")
                wrong += 1
    return wrong


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 1 if self_test() else 0
    paths = [pathlib.Path(argument) for argument in sys.argv[1:]]
    if not paths:
        print(__doc__)
        return 2
    head()
    failed = [path for path in paths if judge(path)]
    print(f"{len(paths) - len(failed)} of {len(paths)} files pass")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
