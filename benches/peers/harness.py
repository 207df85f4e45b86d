"""What all Python peers do alike: check readings against d2nn, time a forward pass and a training step."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

import device


def parser(description: str) -> argparse.ArgumentParser:
    """The options of every peer."""
    options = argparse.ArgumentParser(description=description)
    options.add_argument("--data", type=Path, required=True, help="folder with the IDX files of Fashion-MNIST")
    options.add_argument("--batch", type=int, default=8, help="images a batch")
    options.add_argument("--threads", type=int, default=torch.get_num_threads())
    options.add_argument("--seconds", type=float, default=3.0, help="time for each of the two timings")
    options.add_argument("--check", action="store_true", help="compare the readings with those of d2nn, and end")
    options.add_argument("--d2nn", type=Path, default="d2nn", help="program to compare with")
    options.add_argument("--device", type=Path, default="layers/fashion-400ghz", help="trained device for --check")
    return options


def peak_mb() -> float:
    """The largest resident memory of this process so far, MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def report(name: str, version: str, variant: str, options: argparse.Namespace, what: str, **figures) -> None:
    """Prints a measurement as one line of JSON."""
    malloc = os.environ.get("PEERS_MALLOC", "as it comes")
    line = {"name": name, "version": version, "variant": variant, "malloc": malloc, "what": what}
    line |= {"batch": options.batch, "threads": options.threads, **figures}
    print(json.dumps(line), flush=True)


def median_ms(work: Callable[[], object], seconds: float) -> tuple[float, int]:
    """Median time of `work` in milliseconds, and how often it was timed; the first two calls do not count."""
    work()
    work()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1e3 * statistics.median(times), len(times)


def main(name: str, version: str, variant: str, model: nn.Module, options: argparse.Namespace, **check) -> None:
    """Checks or times `model`, which turns images into readings and has the phases as its parameters."""
    torch.set_num_threads(options.threads)
    if options.check:
        return compare(name, version, variant, model, options, **check)
    at_import = peak_mb()
    images, labels = device.load_images(options.data, "train", options.batch)

    def forward() -> None:
        with torch.inference_mode():
            model(images)

    optimiser = torch.optim.Adam(model.parameters(), lr=0.03, fused=True)

    def step() -> None:
        optimiser.zero_grad()
        device.loss(model(images), labels).backward()
        optimiser.step()

    for what, work in (("forward", forward), ("training step", step)):
        batch_ms, rounds = median_ms(work, options.seconds)
        figures = {"ms_a_sample": round(batch_ms / options.batch, 4), "rounds": rounds}
        figures |= {"peak_mb": round(peak_mb(), 1), "import_mb": round(at_import, 1)}
        report(name, version, variant, options, what, **figures)


def compare(name, version, variant, model, options, pixel_model: str, tolerance: float | None = None) -> None:
    """Compares readings with those of d2nn; ends with an error if any is off by more than `tolerance`, relatively."""
    images, _ = device.load_images(options.data, "t10k", 16)
    device.set_masks(model, device.load_masks(options.device))
    with torch.inference_mode():
        mine = model(images).double()
    ours = device.readings_of_d2nn(options.d2nn, options.device, images, pixel_model).double()
    off = ((mine - ours).abs() / ours).max().item()
    shares = (mine / mine.sum(1, keepdim=True) - ours / ours.sum(1, keepdim=True)).abs().max().item()
    same = (mine.argmax(1) == ours.argmax(1)).float().mean().item()
    figures = {"images": len(images), "pixel_model": pixel_model, "largest_relative_difference": off}
    report(name, version, variant, options, "check", **figures, largest_difference_of_shares=shares, same_answers=same)
    if tolerance is not None and not off <= tolerance:
        raise SystemExit(f"readings differ by {off:.2e}, more than {tolerance:.0e}")
