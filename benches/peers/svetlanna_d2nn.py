"""The default device in SVETlANNa, as far as its elements go; README.md says what differs."""

from __future__ import annotations

import warnings
from importlib.metadata import version

import torch
from svetlanna import LinearOpticalSetup, Parameter, SimulationParameters, Wavefront
from svetlanna.detector import Detector
from svetlanna.elements import DiffractiveLayer, FreeSpace
from torch import Tensor, nn

import device
import harness
from device import GAP, MASKS, PADDED, PITCH, PIXELS, WAVELENGTH


class DiffractiveNetwork(nn.Module):
    """Five phase masks, six gaps, ten regions; turns images (batch, 28, 28) into readings (batch, 10)."""

    def __init__(self, method: str) -> None:
        super().__init__()
        axis = (torch.arange(PIXELS) - (PIXELS - 1) / 2) * PITCH
        plane = SimulationParameters(x=axis, y=axis, wavelength=WAVELENGTH)
        padding = {"total_paddings_x": PADDED - PIXELS, "total_paddings_y": PADDED - PIXELS}
        elements = [FreeSpace(plane, GAP, method, **padding)]
        for _ in range(MASKS):
            elements.append(DiffractiveLayer(plane, Parameter(torch.zeros(PIXELS, PIXELS))))
            elements.append(FreeSpace(plane, GAP, method, **padding))
        self.setup = LinearOpticalSetup([*elements, Detector(plane)])
        self.register_buffer("regions", device.region_masks().flatten(1).T * PITCH**2)

    def forward(self, images: Tensor) -> Tensor:
        intensity = self.setup(Wavefront(device.object_plane(images).to(torch.complex64)))
        return intensity.flatten(1) @ self.regions


def main() -> None:
    options = harness.parser(__doc__)
    options.add_argument("--method", choices=("zpRSC", "zpASM"), default="zpRSC")
    options = options.parse_args()
    warnings.filterwarnings("ignore", message="In the zpASM method")  # the gap is at the limit it warns of
    model = DiffractiveNetwork(options.method)
    harness.main("SVETlANNa", version("svetlanna"), options.method, model, options, pixel_model="point")


if __name__ == "__main__":
    main()
