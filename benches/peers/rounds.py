"""Runs d2nn and its peers in turn, several rounds, and writes the lines of JSON and a table of medians.

Called by `run`, which has built and installed what is timed. Every measurement is a process of its own. Other work on
the machine spoils measurements, those of the peers most of all: each one waits until the machine is quiet, and the
share of its processors that others took meanwhile stands in its line. Lines with more than 5 % count only where there
are no others.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from ctypes.util import find_library
from pathlib import Path

HERE = Path(__file__).parent
SPOILT = 0.05
JEMALLOC = "libjemalloc.so.2"
# As it comes, glibc gives large blocks back to the system at once, and every tensor begins with page faults.
ALLOCATORS = {
    "as it comes": {},
    "glibc, keeps memory": {
        "MALLOC_TRIM_THRESHOLD_": "-1",
        "MALLOC_MMAP_THRESHOLD_": str(1 << 32),
        "MALLOC_TOP_PAD_": str(1 << 28),
    },
    "jemalloc, keeps memory, huge pages": {
        "LD_PRELOAD": JEMALLOC,
        "MALLOC_CONF": "oversize_threshold:0,dirty_decay_ms:-1,muzzy_decay_ms:-1,thp:always",
    },
}


def ticks() -> float:
    """Seconds that all processors together have worked since the start of the system."""
    numbers = [int(number) for number in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = numbers[3] + numbers[4]
    return (sum(numbers) - idle) / os.sysconf("SC_CLK_TCK")


def others_since(busy: float, began: float, own: float) -> float:
    """Share of the processors that others took since `began`, when they had worked `busy` seconds."""
    return max(0.0, (ticks() - busy - own) / ((time.time() - began) * os.cpu_count()))


def wait_for_quiet(patience: float) -> None:
    """Returns when others take next to nothing of the processors, or after `patience` seconds."""
    end = time.time() + patience
    while time.time() < end:
        busy, began = ticks(), time.time()
        time.sleep(0.5)
        if others_since(busy, began, 0.0) < SPOILT:
            return


def own_seconds() -> float:
    """Processor time of all processes that were run so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(command: list[str], patience: float, allocator: str = "as it comes") -> list[dict]:
    """Runs a command on a quiet machine, and returns the lines of JSON that it prints."""
    environment = os.environ | ALLOCATORS[allocator] | {"PEERS_MALLOC": allocator, "PYTHONDONTWRITEBYTECODE": "1"}
    wait_for_quiet(patience)
    busy, began, own = ticks(), time.time(), own_seconds()
    lines = []
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            print(line, end="", file=sys.stderr, flush=True)
            lines.append(json.loads(line))
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: ended with {process.returncode}")
    others = round(others_since(busy, began, own_seconds() - own), 3)
    return [line | {"others": others} for line in lines]


def median_of(lines: Iterable[dict], key: str = "ms_a_sample") -> float:
    """Median over the rounds that nobody disturbed, or over all if all were disturbed."""
    lines = list(lines)
    quiet = [line for line in lines if line["others"] <= SPOILT]
    return statistics.median(line[key] for line in quiet or lines)


def table_of_timings(lines: list[dict], what: str, threads: int) -> list[str]:
    """Median milliseconds a sample of every program and allocator for every batch, and how they compare with d2nn."""
    rows: dict[tuple, dict[int, list[dict]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        if (line["what"], line["threads"]) == (what, threads):
            rows[line["name"], line["version"], line["variant"], line["malloc"]][line["batch"]].append(line)
    batches = sorted({batch for row in rows.values() for batch in row})
    medians = {key: {batch: median_of(row[batch]) for batch in row} for key, row in rows.items()}
    ours = [min(row.values()) for key, row in medians.items() if key[0] == "d2nn"]
    text = ["", f"**{what}, {threads} thread{'s' * (threads > 1)}**, median ms a sample:", ""]
    heads = ["program", "how", "allocator", *(f"batch {batch}" for batch in batches), "peak MB (import)", "best / d2nn"]
    text += ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for key, row in medians.items():
        best = min(row, key=row.get)
        cells = [f"{row[batch]:.2f}" if batch in row else "" for batch in batches]
        cells[batches.index(best)] = f"**{row[best]:.2f}**"
        peak = f"{median_of(rows[key][best], 'peak_mb'):.0f}"
        if "import_mb" in rows[key][best][0]:
            peak += f" ({median_of(rows[key][best], 'import_mb'):.0f})"
        ratio = f"{row[best] / ours[0]:.2f}" if ours else ""
        text.append("| " + " | ".join([f"{key[0]} {key[1]}", *key[2:], *cells, peak, ratio]) + " |")
    return text


def table_of_test_sets(lines: list[dict]) -> list[str]:
    """Seconds for all test images."""
    rows: dict[tuple, list[dict]] = defaultdict(list)
    for line in lines:
        if line["what"] == "test set":
            rows[line["name"], line["malloc"], line["batch"], line["threads"], line["accuracy"]].append(line)
    if not rows:
        return []
    text = ["", "**All 10,000 test images** with the masks of `layers/fashion-400ghz`, one sample a pixel:", ""]
    text += ["| program | allocator | batch | threads | seconds | accuracy |", "|---|---|---|---|---|---|"]
    for (name, malloc, batch, threads, accuracy), row in rows.items():
        seconds = median_of(row, "seconds")
        text.append(f"| {name} | {malloc} | {batch} | {threads} | {seconds:.1f} | {100 * accuracy:.2f} % |")
    return text


def table_of_trainings(lines: list[dict]) -> list[str]:
    """Seconds of training until the test accuracy first reached certain values."""
    rows: dict[tuple, list[dict]] = defaultdict(list)
    for line in lines:
        if line["what"] == "training":
            name = f"{line['name']}, {line['variant']}"
            rows[name, line["malloc"], line["batch"], line["threads"]].append(line)
    if not rows:
        return []
    marks = (0.80, 0.82, 0.84, 0.85, 0.86, 0.87, 0.88)
    text = ["", "**Time to accuracy**: seconds of training steps until the test accuracy was first seen at", ""]
    heads = ["program", "allocator", "batch", "threads", *(f"{100 * mark:.0f} %" for mark in marks), "seen last"]
    text += ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for key, row in rows.items():
        first = [next((line["seconds"] for line in row if line["test_accuracy"] >= mark), None) for mark in marks]
        cells = ["" if seconds is None else f"{seconds:.0f}" for seconds in first]
        last = f"{100 * row[-1]['test_accuracy']:.2f} % after {row[-1]['seconds']:.0f} s"
        text.append("| " + " | ".join([*map(str, key), *cells, last]) + " |")
    return text


def machine() -> str:
    """What the figures were measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    system, python = platform.system(), f"Python {platform.python_version()}"
    return f"{model}, {os.cpu_count()} cores, {system}, {python}"


def write(folder: Path, lines: list[dict], rounds: int) -> None:
    """Writes all lines and the tables."""
    (folder / "peers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    disturbed = sum(line["others"] > SPOILT for line in lines)
    text = ["# d2nn and its peers", "", machine() + "."]
    text += [f"Rounds: {rounds}. {disturbed} of {len(lines)} lines were measured beside other work."]
    for threads in sorted({line["threads"] for line in lines if line["what"] == "forward"}, reverse=True):
        for what in ("forward", "training step"):
            text += table_of_timings(lines, what, threads)
    text += table_of_test_sets(lines) + table_of_trainings(lines)
    (folder / "README.md").write_text("\n".join(text) + "\n")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--data", required=True)
    options.add_argument("--programs", type=Path, required=True, help="folder with d2nn and peers_ours")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2.0, help="for each timing")
    options.add_argument("--batches", type=int, nargs="+", default=[8, 32, 64])
    options.add_argument("--patience", type=float, default=120.0, help="seconds to wait for a quiet machine")
    options.add_argument("--train-seconds", type=float, default=0.0, help="wall-clock time of each training")
    options.add_argument("--until", type=float, default=0.88, help="test accuracy that ends a training")
    options.add_argument("--every", type=int, default=500, help="steps between two looks at the test images")
    options = options.parse_args()

    python, cores = sys.executable, len(os.sched_getaffinity(0))
    data, seconds = ["--data", options.data], ["--seconds", str(options.seconds)]
    ours = [str(options.programs / "peers_ours"), *data]
    peers = {name: [python, str(HERE / f"{name}_d2nn.py"), *data] for name in ("pytorch", "svetlanna", "torchoptics")}
    optical = [[*peers["svetlanna"], "--method", method] for method in ("zpASM", "zpRSC")] + [peers["torchoptics"]]
    allocators = list(ALLOCATORS)
    if find_library("jemalloc") != JEMALLOC:
        allocators.pop()
        print(f"no {JEMALLOC}: without that allocator (Debian package libjemalloc2)", file=sys.stderr)

    checks = [peers["pytorch"], [*peers["pytorch"], "--pixel-model", "point"], *optical]
    program = ["--check", "--d2nn", str(options.programs / "d2nn")]
    lines = [line for check in checks for line in measured([*check, *program], 0.0)]

    for number in range(1, options.rounds + 1):
        for batch in options.batches:
            for threads in sorted({cores, 1}, reverse=True):
                sizes = ["--batch", str(batch), "--threads", str(threads)]
                turns = [([*ours, "time", *seconds, *sizes], "as it comes")]
                # On one core only the fastest peer.
                timed = [peers["pytorch"], *(optical if threads > 1 or cores == 1 else [])]
                turns += [([*peer, *seconds, *sizes], allocator) for peer in timed for allocator in allocators]
                for command, allocator in turns:
                    lines += [line | {"round": number} for line in measured(command, options.patience, allocator)]
        sizes = ["--batch", "32", "--threads", str(cores)]
        tests = [([*ours, "test-set", *sizes], "as it comes")]
        tests += [([*peers["pytorch"], "--test-set", *sizes], allocators[-1])]
        for command, allocator in tests:
            lines += [line | {"round": number} for line in measured(command, options.patience, allocator)]
        write(options.out, lines, number)

    if options.train_seconds > 0:
        sizes = ["--batch", "16", "--threads", str(cores)]
        limits = ["--max-seconds", str(options.train_seconds), "--until", str(options.until)]
        modes = [*ours, "train", "--modes", *sizes, *limits, "--every", str(max(1, options.every // 10))]
        limits += ["--every", str(options.every)]
        trainings = [(modes, "as it comes"), ([*ours, "train", *sizes, *limits], "as it comes")]
        trainings += [([*peers["pytorch"], "--train", *sizes, *limits], allocators[-1])]
        for command, allocator in trainings:
            lines += measured(command, options.patience, allocator)
            write(options.out, lines, options.rounds)
    print((options.out / "README.md").read_text())


if __name__ == "__main__":
    main()
