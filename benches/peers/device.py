"""The default device of d2nn with one sample a pixel, as numbers and as tensors; lengths in metres."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import cross_entropy, pad

WAVELENGTH = 0.75e-3
PITCH = 0.4e-3
PIXELS = 200
PADDED = 400
MASKS = 5
GAP = 30e-3
UPSAMPLING = 4
TEMPERATURE = 30.0
# Rows and columns of the regions' first pixels, in the order of the classes.
REGIONS = [(70, x) for x in (70, 94, 118)] + [(94, x) for x in (58, 82, 106, 130)] + [(118, x) for x in (70, 94, 118)]
REGION_SIDE = 12


def object_plane(images: Tensor) -> Tensor:
    """Amplitudes on the object plane of images (batch, 28, 28) with values from 0 to 1: (batch, 200, 200), real."""
    large = images.repeat_interleave(UPSAMPLING, -2).repeat_interleave(UPSAMPLING, -1)
    border = (PIXELS - large.shape[-1]) // 2
    return pad(large, (border,) * 4)


def region_masks() -> Tensor:
    """1 inside each region and 0 outside, shape (10, 200, 200)."""
    masks = torch.zeros(len(REGIONS), PIXELS, PIXELS)
    for mask, (y, x) in zip(masks, REGIONS):
        mask[y : y + REGION_SIDE, x : x + REGION_SIDE] = 1
    return masks


def loss(readings: Tensor, labels: Tensor) -> Tensor:
    """Mean softmax cross-entropy of the shares of the collected power, stretched by the temperature."""
    return cross_entropy(TEMPERATURE * readings / readings.sum(1, keepdim=True), labels)


def load_images(folder: Path, split: str, count: int | None = None) -> tuple[Tensor, Tensor]:
    """The first images (count, 28, 28) from 0 to 1 and labels of "train" or "t10k" from gzipped IDX files."""

    def numbers(kind: str, header: int) -> np.ndarray:
        data = gzip.decompress((folder / f"{split}-{kind}-ubyte.gz").read_bytes())
        return np.frombuffer(data, np.uint8, offset=header)

    images = numbers("images-idx3", 16).reshape(-1, 28, 28)[:count]
    labels = numbers("labels-idx1", 8)[:count]
    return torch.from_numpy(images.astype(np.float32) / 255), torch.from_numpy(labels.astype(np.int64))


def load_masks(folder: Path) -> list[Tensor]:
    """The phases of a trained device."""
    return [torch.from_numpy(np.load(folder / f"mask-{number}.npy")).float() for number in range(1, MASKS + 1)]


def set_masks(model: torch.nn.Module, masks: list[Tensor]) -> None:
    """Gives the masks of a model, its only parameters, these phases."""
    with torch.no_grad():
        for parameter, mask in zip(model.parameters(), masks, strict=True):
            parameter.copy_(mask)


def readings_of_d2nn(program: Path, device: Path, images: Tensor, pixel_model: str) -> Tensor:
    """What `d2nn classify` reads when these images are shown to a device with one sample a pixel."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(device, Path(folder) / "device"))
        design = (copy / "design.toml").read_text()
        for key, old, new in (("oversample", "2", "1"), ("pixel_model", '"square"', f'"{pixel_model}"')):
            assert f"\n{key} = {old}\n" in design, f"the design has no {key} = {old}"
            design = design.replace(f"\n{key} = {old}\n", f"\n{key} = {new}\n", 1)
        (copy / "design.toml").write_text(design)
        pictures = [f"{folder}/{number}.png" for number in range(len(images))]
        for image, picture in zip(images, pictures):
            Image.fromarray((image * 255).round().byte().numpy()).save(picture)
        command = [program, "classify", copy, "--json", "--invert", "never", *pictures]
        answers = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return torch.tensor([answer["readings"] for answer in answers])
