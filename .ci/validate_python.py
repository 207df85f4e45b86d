"""Runs the pieces of docs/python.md one after the other, as its readers would: validate_python.py D2NN."""

import os
import re
import sys
import tempfile
from pathlib import Path

root = Path(__file__).resolve().parent.parent
program = Path(sys.argv[1]).resolve()
text = (root / "docs/python.md").read_text()
pieces = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
assert len(pieces) >= 8, f"only {len(pieces)} pieces found"

with tempfile.TemporaryDirectory() as folder:
    # What they write goes into a folder of its own.
    for name in ("layers", "src"):
        os.symlink(root / name, Path(folder) / name)
    os.symlink(program, Path(folder) / "d2nn")
    os.environ["PATH"] = folder + os.pathsep + os.environ["PATH"]
    os.chdir(folder)
    names = {}
    for number, piece in enumerate(pieces, 1):
        print(f"-- piece {number}")
        exec(compile(piece, f"docs/python.md, piece {number}", "exec"), names)

best = names["provenance"]["metrics"]["test_accuracy"]
accuracy = (names["answers"] == names["read"]["labels"]).mean()
# 1,000 images of the sample instead of 10,000, and one sample a pixel: three standard deviations of 1 point.
assert abs(accuracy - best) < 0.03, (accuracy, best)
assert 0.2 < abs(names["behind"]).max() < 20
print("docs/python.md does what it says")
