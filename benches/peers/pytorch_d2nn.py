"""The default device in plain PyTorch: checked against d2nn, timed, or trained.

python pytorch_d2nn.py --data FOLDER [--batch 32 --threads 2]     times a forward pass and a training step
python pytorch_d2nn.py --data FOLDER --check --d2nn PROGRAM       compares the readings of a trained device
python pytorch_d2nn.py --data FOLDER --test-set                   classifies all test images
python pytorch_d2nn.py --data FOLDER --train --until 0.88         trains, and logs test accuracy against seconds
"""

from __future__ import annotations

import argparse
import time

import torch
from torch import Tensor, nn
from torch.fft import fft2, fftfreq, ifft2

import device
import harness
from device import GAP, MASKS, PADDED, PITCH, PIXELS, WAVELENGTH

NAME, VARIANT = "PyTorch", "fft2, complex64"


def transfer_function(pixel_model: str) -> Tensor:
    """The transfer function of a gap: the sampled Rayleigh-Sommerfeld response, and square pixels if wanted."""
    offset = fftfreq(PADDED, 1 / (PADDED * PITCH), dtype=torch.float64)
    r = (offset[:, None] ** 2 + offset**2 + GAP**2).sqrt()
    k = 2 * torch.pi / WAVELENGTH
    response = GAP / r * (1 / r - 1j * k) * torch.exp(1j * k * r) / (2 * torch.pi * r)
    transfer = fft2(response * PITCH**2)
    if pixel_model == "square":
        aperture = torch.sinc(fftfreq(PADDED, dtype=torch.float64))
        transfer = transfer * aperture[:, None] * aperture
    return transfer.to(torch.complex64)


class DiffractiveNetwork(nn.Module):
    """Five phase masks, six gaps, ten regions; turns images (batch, 28, 28) into readings (batch, 10)."""

    def __init__(self, pixel_model: str = "square") -> None:
        super().__init__()
        self.phases = nn.ParameterList(torch.zeros(PIXELS, PIXELS) for _ in range(MASKS))
        self.register_buffer("transfer", transfer_function(pixel_model))
        self.register_buffer("regions", device.region_masks().flatten(1).T * PITCH**2)

    def cross(self, field: Tensor) -> Tensor:
        """Carries a field across a gap."""
        return ifft2(fft2(field, (PADDED, PADDED)) * self.transfer)[..., :PIXELS, :PIXELS]

    def forward(self, images: Tensor) -> Tensor:
        field = self.cross(device.object_plane(images).to(torch.complex64))
        for phase in self.phases:
            field = self.cross(field * torch.polar(torch.ones_like(phase), phase))
        intensity = torch.view_as_real(field).square().sum(-1)
        return intensity.flatten(1) @ self.regions


def accuracy(model: nn.Module, images: Tensor, labels: Tensor, batch: int = 32) -> float:
    """Share of right answers."""
    with torch.inference_mode():
        right = [(model(x).argmax(1) == y).sum() for x, y in zip(images.split(batch), labels.split(batch))]
    return sum(right).item() / len(labels)


def test_set(model: nn.Module, options: argparse.Namespace) -> None:
    """Classifies all test images with trained masks."""
    device.set_masks(model, device.load_masks(options.device))
    images, labels = device.load_images(options.data, "t10k")
    accuracy(model, images[: 2 * options.batch], labels[: 2 * options.batch], options.batch)
    began = time.perf_counter()
    share = accuracy(model, images, labels, options.batch)
    seconds = time.perf_counter() - began
    ms = round(1e3 * seconds / len(labels), 4)
    figures = {"images": len(labels), "seconds": round(seconds, 2), "ms_a_sample": ms, "accuracy": share, "rounds": 1}
    figures |= {"peak_mb": round(harness.peak_mb(), 1)}
    harness.report(NAME, torch.__version__, VARIANT, options, "test set", **figures)


def train(model: nn.Module, options: argparse.Namespace) -> None:
    """Trains as `d2nn train` does by default: Adam, cosine, flips; seconds are those of the steps alone."""
    torch.manual_seed(options.seed)
    wall = time.perf_counter()
    images, labels = device.load_images(options.data, "train", options.images)
    test = device.load_images(options.data, "t10k", options.test_images)
    optimiser = torch.optim.Adam(model.parameters(), lr=options.learning_rate, fused=True)
    steps_an_epoch = -(-len(labels) // options.batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, options.epochs * steps_an_epoch)
    seconds, step, ended = 0.0, 0, None
    for _ in range(options.epochs):
        total, seen = 0.0, 0
        for chosen in torch.randperm(len(labels)).split(options.batch):
            began = time.perf_counter()
            flipped = torch.rand(len(chosen), 1, 1) < 0.5
            batch = torch.where(flipped, images[chosen].flip(-1), images[chosen])
            optimiser.zero_grad()
            value = device.loss(model(batch), labels[chosen])
            value.backward()
            optimiser.step()
            schedule.step()
            total, seen, step = total + value.item() * len(chosen), seen + len(chosen), step + 1
            seconds += time.perf_counter() - began
            if step == options.epochs * steps_an_epoch:
                ended = "epochs"
            elif time.perf_counter() - wall > options.max_seconds:
                ended = "time"
            if step % options.every and not ended:
                continue
            share = accuracy(model, *test)
            if share >= options.until:
                ended = "accuracy"
            figures = {"step": step, "epoch": round(step / steps_an_epoch, 4), "seconds": round(seconds, 2)}
            figures |= {"training_loss": round(total / seen, 5), "test_accuracy": share, "test_images": len(test[1])}
            figures |= {"peak_mb": round(harness.peak_mb(), 1), "ended": ended}
            harness.report(NAME, torch.__version__, VARIANT, options, "training", **figures)
            if ended:
                return


def main() -> None:
    options = harness.parser(__doc__.splitlines()[0])
    options.add_argument("--pixel-model", choices=("square", "point"), default="square")
    options.add_argument("--test-set", action="store_true", help="classify all test images, and end")
    options.add_argument("--train", action="store_true", help="train, and end")
    options.add_argument("--until", type=float, default=1.0, help="test accuracy that ends a training")
    options.add_argument("--max-seconds", type=float, default=float("inf"), help="wall-clock time that ends a training")
    options.add_argument("--every", type=int, default=1000, help="steps between two looks at the test images")
    options.add_argument("--epochs", type=int, default=12, help="of the whole schedule")
    options.add_argument("--learning-rate", type=float, default=0.03, help="at the start, radians")
    options.add_argument("--images", type=int, default=54000, help="training images, the first ones")
    options.add_argument("--test-images", type=int, default=10000, help="test images, the first ones")
    options.add_argument("--seed", type=int, default=1)
    options = options.parse_args()
    model = DiffractiveNetwork(options.pixel_model)
    torch.set_num_threads(options.threads)
    if options.test_set:
        test_set(model, options)
    elif options.train:
        train(model, options)
    else:
        check = {"pixel_model": options.pixel_model, "tolerance": 1e-4}
        harness.main(NAME, torch.__version__, VARIANT, model, options, **check)


if __name__ == "__main__":
    main()
