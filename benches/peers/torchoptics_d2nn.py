"""The default device in torchoptics, as far as its elements go; README.md says what differs."""

from __future__ import annotations

from importlib.metadata import version

import torch
import torchoptics
from torch import Tensor, nn
from torch.nn import Parameter
from torchoptics import Field, System
from torchoptics.elements import LinearDetector, PhaseModulator

import device
import harness
from device import GAP, MASKS, PITCH, PIXELS, WAVELENGTH


class DiffractiveNetwork(nn.Module):
    """Five phase masks, six gaps, ten regions; turns images (batch, 28, 28) into readings (batch, 10)."""

    def __init__(self, method: str) -> None:
        super().__init__()
        torchoptics.set_default_spacing(PITCH)
        torchoptics.set_default_wavelength(WAVELENGTH)
        phases = [Parameter(torch.zeros(PIXELS, PIXELS)) for _ in range(MASKS)]
        masks = [PhaseModulator(phase, z=GAP * number) for number, phase in enumerate(phases, 1)]
        self.system = System(*masks, LinearDetector(device.region_masks(), z=GAP * (MASKS + 1)))
        # Of the angular spectrum: 100 points on each side of 200.
        self.options = {"propagation_method": method, "asm_pad": PIXELS // 2 if method == "ASM" else None}

    def forward(self, images: Tensor) -> Tensor:
        return self.system(Field(device.object_plane(images)), **self.options)


def main() -> None:
    options = harness.parser(__doc__)
    options.add_argument("--method", choices=("DIM", "ASM"), default="DIM")
    options.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    options = options.parse_args()
    torchoptics.set_default_dtype(getattr(torch, options.dtype))
    model = DiffractiveNetwork(options.method)
    tolerance = {"tolerance": 1e-4} if options.method == "DIM" else {}
    variant = f"{options.method}, {options.dtype}"
    harness.main("torchoptics", version("torchoptics"), variant, model, options, pixel_model="point", **tolerance)


if __name__ == "__main__":
    main()
