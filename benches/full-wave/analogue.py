"""A whole device in two dimensions, trained by a model and judged with every plate solved in full wave.

    analogue.py OUT.csv FOLDER [DEVICE ...]   writes and prints the table of docs/full-wave.md
    analogue.py OUT.csv FOLDER --weights MODEL PIXEL GAP WEIGHT ...
                                              the same of devices trained in a model with these weights of steepness,
                                              judged by training images: to choose a weight by
    analogue.py OUT.csv FOLDER --fine [DEVICE ...]
                                              the same by full wave on finer meshes, to say how far the usual ones can
                                              be trusted
    analogue.py OUT.csv FOLDER --printable [--fine]
                                              the same of devices like layers/fashion-400ghz-printable
    analogue.py --check                       gradients against finite differences

FOLDER keeps the phases of trained devices, so that one more row does not train all others again.

Masks, images and detector are rows: images of Fashion-MNIST, 28 x 28, as means over 11 x 11 squares, one after another along x, by
amplitude or by phase. They are those of Debian's package dataset-fashion-mnist: 60,000 to train with, all 10,000 test images to judge by.
TE; light goes one way from plate to plate, and both ways in them.
"""

import gzip
import sys
import time
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import numpy as np
import scipy.fft as fft

import fdfd
import filing
import models
import sheets
from modes import axial, likeness
from plates import BASE, FULL_TURN, WAVELENGTH, Plate, order
from table import extrapolated

IMAGES = Path("/usr/share/datasets/fashion-mnist")
PIXELS = 128
# Plate without relief on both sides of the pixels; the frame there is opaque.
MARGIN = 4
# Values along a side of an image.
SIDE = 11
CLASSES = 10
# Pixels of a region of the detector, and from one to the next.
REGION, PITCH = 8, 12
TEMPERATURE = 20.0
BATCH = 4000
RATE = 0.1
# Cells of the two meshes, by the pixel. With finer ones a plate of 0.4 mm, random or trained, has C >= 0.995 and by the coarser
# pair 0.98; pixels of 0.8 mm send light less far aside, and so have to do with that.
CELLS = {0.4: (0.05, 0.04), 0.8: (0.2 / 3, 0.05)}
FINER = {0.4: (0.04, 0.4 / 15), 0.8: (0.05, 0.8 / 24)}


@dataclass(frozen=True)
class Device:
    """How one is trained: by which model, on from that with thin plates, and the weight of the steepness of its reliefs. What
    its plates are. The phase of the brightest value of an image, where 0 is an image by amplitude; values are shown to the power
    gamma."""

    model: str
    pixel: float
    gap: float
    steepness: float = 0.0
    masks: int = 5
    base: float = BASE
    extinction: float = 0.0
    phase: float = 0.0
    gamma: float = 1.0

    @property
    def name(self):
        return self.model + (f", steepness {self.steepness}" if self.steepness else "")

    @property
    def file(self):
        printable = f", {self.masks} plates to print" if self.extinction else ""
        return f"{self.name}, {self.pixel} mm, {self.gap} mm{printable}.npy"

    def plate(self, heights):
        return Plate("", heights, self.pixel, base=self.base, extinction=self.extinction)


# Steps of training; the others begin where the thin one ends.
STEPS = {"thin": 400, "equivalent": 200, "sliced": 200, "sheets": 200, "sheets, both ways": 150}
SHEETS = {"sheets": (8, 1), "sheets, both ways": (8, 3)}
DEVICES = [
    Device("thin", 0.4, 30),
    Device("equivalent", 0.4, 30),
    Device("sliced", 0.4, 30),
    Device("sheets", 0.4, 30),
    Device("sheets, both ways", 0.4, 30),
    Device("sliced", 0.4, 30, 10.0),
    Device("thin", 0.8, 120),
    Device("sliced", 0.8, 120),
    Device("sliced", 0.8, 120, 1.0),
    Device("sliced", 0.8, 120, 3.0),
]
# What plates and phases layers/fashion-400ghz-printable has, and its gap between plates.
TO_PRINT = {"masks": 4, "base": 0.6, "extinction": 0.03, "phase": np.pi, "gamma": 0.5}
PRINTABLE = [
    Device("thin", 0.8, 199, **TO_PRINT),
    Device("sliced", 0.8, 199, **TO_PRINT),
    Device("sliced", 0.8, 199, 4.0, **TO_PRINT),
]


@cache
def images(kind, phase, gamma):
    """Values of images, each image of length 1, and labels."""
    with gzip.open(IMAGES / f"{kind}-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28).astype(np.float32)
    with gzip.open(IMAGES / f"{kind}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    edges = np.linspace(0, 28, SIDE + 1)
    low, high = edges[:-1, None], edges[1:, None]
    pixel = np.arange(28)
    means = (np.clip(high, pixel, pixel + 1) - np.clip(low, pixel, pixel + 1)).astype(np.float32)
    values = np.einsum("ay,nyx,bx->nab", means, pixels, means, optimize=True).reshape(len(pixels), -1)
    brightest = 255 * (28 / SIDE) ** 2
    values = (values / np.float32(brightest)) ** np.float32(gamma)
    if phase:
        values = np.exp(1j * np.float32(phase) * values)
    return values / np.linalg.norm(values, axis=1, keepdims=True), labels


class Steps:
    """The steps by which `model` crosses a plate: factors of waves, factors of samples as functions of their heights, with the
    slopes, or sheets."""

    def __init__(self, model, plate, precision=np.complex64):
        self.steps = []
        count = plate.heights.size * plate.oversample
        n, turn = plate.complex_index, 2j * np.pi / plate.wavelength
        samples, length = plate.sample, plate.wavelength
        waves = lambda step: self.steps.append(("waves", fft.fft(step(fft.ifft(np.ones(count, complex))))))
        if model == "thin":
            kept = np.exp(-2 * np.pi * plate.extinction * plate.base / length)
            waves(lambda field: kept * models.way(field, samples, length, 1.0, plate.base))
            self.steps.append(("samples", partial(turned, turn * (n - 1), 0.0, plate.highest)))
            waves(lambda field: models.way(field, samples, length, 1.0, plate.highest))
        elif model in SHEETS:
            self.steps.append(("sheets", Sheets(plate, count, sheets.FITTED[SHEETS[model]], precision)))
        else:
            slices = {"equivalent": 1, "sliced": 4}[model]
            slice_, middle = plate.highest / slices, (plate.index + 1) / 2
            waves(lambda field: models.slab(field, samples, length, n, plate.base))
            for number in range(slices):
                way = slice_ / (2 if number == 0 else 1)
                waves(lambda field: models.way(field, samples, length, middle, way))
                factor = partial(turned, turn * (n - 1), number * slice_, slice_)
                self.steps.append(("samples", factor))
            waves(lambda field: models.way(field, samples, length, middle, slice_ / 2))

def turned(by_height, foot, slice_, heights):
    """Phase of what of the relief is in a slice, and its slope."""
    filled = np.clip(heights - foot, 0, slice_)
    factor = np.exp(by_height * filled)
    # A top on the foot of a slice moves into it.
    return factor, by_height * factor * ((heights >= foot) & (heights < foot + slice_))


class Sheets:
    """A plate as sheets (sheets.py) in TE, and back from the gradient."""

    def __init__(self, plate, count, chosen, precision):
        relief = sheets.Relief(plate, sheets.Waves((count,), plate.sample), chosen, "y")
        self.plate, self.chosen, self.relief = plate, chosen, relief
        self.slice_ = plate.highest / chosen.sheets
        narrow = lambda factor: np.asarray(factor).astype(precision)
        self.precision = precision
        self.gets = narrow(relief.taper * relief.spread)
        self.own = narrow(relief.taper * relief.wavenumber**2 * relief.itself - relief.local["y"])
        self.sends, self.on = narrow(relief.sent), narrow(relief.whole)
        self.enters, self.returns = narrow(relief.half * relief.through_base[0]), narrow(relief.from_base[0])
        self.turns = narrow(relief.from_top[0])
        self.leaves = [narrow(weight * relief.through_top[0] / relief.half) for weight in chosen.weights]

    def factors(self, heights):
        """What each sheet multiplies its light by, and the slope by the height."""
        for number in range(self.chosen.sheets):
            share = np.clip(heights / self.slice_ - number, 0, 1)
            moved = 1e-5
            slope = (self._factor(share + moved) - self._factor(share - moved)) / (2 * moved * self.slice_)
            inside = np.floor(heights / self.slice_) == number
            yield self._factor(share).astype(self.precision), slope * inside

    def _factor(self, share):
        permittivity = 1 + (self.plate.index**2 - 1) * share
        strength = sheets.contrast(permittivity, self.chosen.permittivity, self.relief.wavenumber, self.slice_)
        return strength / (1 - self.relief.local["y"] * strength)

    def order(self, number):
        return range(self.chosen.sheets) if number % 2 == 0 else range(self.chosen.sheets - 1, -1, -1)

    def forward(self, heights, field, tape):
        factors = list(self.factors(heights))
        count, sent = self.chosen.sheets, fft.fft(field)
        sheet, met, lights = [None] * count, [[0] * count, [0] * count], []
        behind, end = 0, None
        for number, relaxation in enumerate(self.chosen.relaxation):
            back = number % 2
            # Half ways cancel where light turns: both are to the next sheet.
            light = self.turns * end if back else self.enters * sent + (0 if end is None else self.returns * end)
            for at in self.order(number):
                met[back][at] = light
                inside = self.gets * (met[0][at] + met[1][at])
                if number:
                    inside += self.own * sheet[at]
                inside = fft.ifft(inside)
                lights.append(inside)
                found = fft.fft(inside * factors[at][0])
                sheet[at] = sheet[at] + np.float32(relaxation) * (found - sheet[at]) if number else found
                light = (light + self.sends * sheet[at]) * self.on
            end = light
            if not back:
                behind = behind + self.leaves[number // 2] * light
        if tape is not None:
            tape.append((lights, factors))
        return fft.ifft(behind)

    def backward(self, field, tape):
        lights, factors = tape.pop()
        count, behind = self.chosen.sheets, fft.fft(field)
        by_sheet, by_met, by_end, by_sent, by_height = [0] * count, [[0] * count, [0] * count], 0, 0, 0
        for number in reversed(range(len(self.chosen.relaxation))):
            back, relaxation = number % 2, np.float32(self.chosen.relaxation[number] if number else 1)
            light = by_end if back else by_end + self.leaves[number // 2].conj() * behind
            for at in reversed(self.order(number)):
                light = self.on.conj() * light
                by_sheet[at] = by_sheet[at] + self.sends.conj() * light
                inside = fft.ifft(relaxation * by_sheet[at])
                factor, slope = factors[at]
                by_height = by_height + ((lights.pop() * inside.conj()).sum(axis=0) * slope).real
                inside = fft.fft(inside * factor.conj())
                by_sheet[at] = (1 - relaxation) * by_sheet[at] + self.own.conj() * inside
                for way in by_met:
                    way[at] = way[at] + self.gets.conj() * inside
                light, by_met[back][at] = light + by_met[back][at], 0
            if back:
                by_end = self.turns.conj() * light
            else:
                by_sent = by_sent + self.enters.conj() * light
                by_end = self.returns.conj() * light
        return fft.ifft(by_sent), by_height


def forward(steps, heights, field, tape=None):
    for kind, *step in steps:
        if kind == "waves":
            field = fft.ifft(fft.fft(field) * step[0].astype(field.dtype))
        elif kind == "samples":
            factor, slope = step[0](heights)
            if tape is not None:
                tape.append((field, factor, slope))
            field = field * factor.astype(field.dtype)
        else:
            field = step[0].forward(heights, field, tape)
    return field


def backward(steps, field, tape):
    """From the gradient by the field behind (of conjugates) to that by the field in front and by the height of each sample."""
    by_height = 0
    for kind, *step in reversed(steps):
        if kind == "waves":
            field = fft.ifft(fft.fft(field) * step[0].conj().astype(field.dtype))
            continue
        if kind == "sheets":
            field, slope = step[0].backward(field, tape)
            by_height = by_height + slope
            continue
        before, factor, slope = tape.pop()
        by_height = by_height + ((before * field.conj()).sum(axis=0) * slope).real
        field = field * factor.conj().astype(field.dtype)
    return field, by_height


class Bench:
    """Where everything is: object, plates with their frames and detector in cells of the same width."""

    def __init__(self, device):
        self.device = device
        whole = PIXELS + 2 * MARGIN
        self.plate = device.plate(np.zeros(whole))
        self.per_pixel = self.plate.oversample
        self.samples = whole * self.per_pixel
        pixel = np.repeat(np.arange(-MARGIN, PIXELS + MARGIN), self.per_pixel)
        self.open = ((pixel >= 0) & (pixel < PIXELS)).astype(np.float32)
        first = (PIXELS - SIDE**2) // 2
        self.object = (pixel - first == np.arange(SIDE**2)[:, None]).astype(np.complex64)
        edge = (PIXELS - (CLASSES - 1) * PITCH - REGION) // 2
        self.regions = [slice((MARGIN + edge + c * PITCH) * self.per_pixel, None) for c in range(CLASSES)]
        self.regions = [slice(region.start, region.start + REGION * self.per_pixel) for region in self.regions]
        base, highest = self.plate.base, self.plate.highest
        ways = [device.gap - base, *[device.gap - base - highest] * (device.masks - 1), device.gap - highest]
        self.gaps = [self._gap(way) for way in ways]

    def _gap(self, way):
        """Free space in a window of twice the width, in the band that it can hold (Matsushima & Shimobaba, Opt. Express 17,
        19662 (2009))."""
        window = 2 * self.samples
        f = fft.fftfreq(window, self.plate.sample)
        widest = 1 / (WAVELENGTH * np.hypot(2 * way / (window * self.plate.sample), 1))
        return np.where(abs(f) < widest, np.exp(2j * np.pi * way * axial(f**2, WAVELENGTH)), 0)

    def cross(self, field, gap):
        window = 2 * self.samples
        return fft.ifft(fft.fft(field, window) * gap.astype(field.dtype))[:, : self.samples]

    def return_(self, field, gap):
        window = 2 * self.samples
        return fft.ifft(fft.fft(field, window) * gap.conj().astype(field.dtype))[:, : self.samples]

    def heights(self, phases):
        relief = np.mod(phases, 2 * np.pi) / (2 * np.pi) * FULL_TURN
        return np.repeat(np.pad(relief, ((0, 0), (MARGIN, MARGIN))), self.per_pixel, axis=1)

    def behind(self, through):
        """Fields on the detector of every value of an image; `through`(number, field) is what a plate does."""
        field = self.object
        for number in range(self.device.masks):
            field = self.open * through(number, self.open * self.cross(field, self.gaps[number]))
        return self.cross(field, self.gaps[-1])

    def forms(self, behind):
        """What a region reads, as a matrix between the values of an image."""
        return np.stack([behind[:, region].conj() @ behind[:, region].T for region in self.regions])


def readings(forms, values):
    # Of real values the imaginary part of a form reads nothing.
    forms = forms if np.iscomplexobj(values) else forms.real
    return np.stack([((values.conj() @ form) * values).sum(axis=1).real for form in forms], axis=1)


def cross_entropy(read, labels):
    """Of the shares of the regions, and its slopes by the readings."""
    total = read.sum(axis=1, keepdims=True)
    logits = TEMPERATURE * read / total
    logits = logits - logits.max(axis=1, keepdims=True)
    likely = np.exp(logits)
    likely /= likely.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    loss = -np.log(likely[rows, labels]).mean()
    likely[rows, labels] -= 1
    slopes = TEMPERATURE * likely / len(labels)
    return loss, (slopes - (slopes * read).sum(axis=1, keepdims=True) / total) / total


def gradient(bench, steps, phases, values, labels):
    """Loss, and its slope by each phase."""
    heights = bench.heights(phases)
    masks = bench.device.masks
    tapes = [[] for _ in range(masks)]
    behind = bench.behind(lambda number, field: forward(steps, heights[number], field, tapes[number]))
    loss, slopes = cross_entropy(readings(bench.forms(behind), values), labels)
    back = np.zeros_like(behind)
    for number, region in enumerate(bench.regions):
        weights = (values.conj() * slopes[:, number : number + 1]).T @ values
        back[:, region] = 2 * weights.astype(values.dtype) @ behind[:, region]
    by_height = np.empty((masks, bench.samples))
    back = bench.return_(back, bench.gaps[-1])
    for number in reversed(range(masks)):
        back, by_height[number] = backward(steps, bench.open * back, tapes[number])
        back = bench.return_(bench.open * back, bench.gaps[number])
    by_pixel = by_height.reshape(masks, -1, bench.per_pixel).sum(axis=2)[:, MARGIN:-MARGIN]
    steep = bench.device.steepness / ((PIXELS - 1) * masks)
    relief = np.mod(phases, 2 * np.pi) / (2 * np.pi) * FULL_TURN
    step = np.diff(relief, axis=1) / bench.device.pixel
    loss += steep * (step**2).sum()
    slope = 2 * steep * step / bench.device.pixel
    by_pixel[:, 1:] += slope
    by_pixel[:, :-1] -= slope
    return loss, by_pixel * FULL_TURN / (2 * np.pi)


def trained(device, folder):
    """The phases of a device, from `folder` if it has them."""
    path = Path(folder) / device.file
    if not path.exists():
        phases = train(device, folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, phases)
    return np.load(path)


def train(device, folder):
    values, labels = images("train", device.phase, device.gamma)
    draw = np.random.default_rng(1)
    if device.model == "thin":
        phases = np.pi + draw.normal(0, 0.3, (device.masks, PIXELS))
    else:
        phases = trained(replace(device, model="thin", steepness=0.0), folder)
    bench, count = Bench(device), STEPS[device.model]
    steps = Steps(device.model, bench.plate).steps
    first, second = np.zeros_like(phases), np.zeros_like(phases)
    # Adam, with a cosine from its rate to nothing.
    for step in range(count):
        chosen = draw.choice(len(values), BATCH, replace=False)
        loss, slope = gradient(bench, steps, phases, values[chosen], labels[chosen])
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope**2
        mean, spread = first / (1 - 0.9 ** (step + 1)), second / (1 - 0.99 ** (step + 1))
        phases -= RATE * (1 + np.cos(np.pi * step / count)) / 2 * mean / (np.sqrt(spread) + 1e-8)
        if step % 50 == 49:
            print(f"{device.name}, {device.pixel} mm, step {step + 1}: {loss:.4f}", file=sys.stderr, flush=True)
    return phases


class FullWave:
    """A plate as a matrix from the waves on its front face to those behind it, extrapolated from two meshes."""

    def __init__(self, plate, steepest, meshes):
        last = order(plate.width)
        self.numbers = np.arange(-last, last + 1)
        self.seen = np.flatnonzero(abs(self.numbers) / plate.width * WAVELENGTH < steepest)
        found = []
        for h in meshes:
            solver = fdfd.Solver(plate, h, "te")
            found.append(np.stack([solver.solve((self.numbers == self.numbers[at]) + 0j) for at in self.seen]))
        self.matrix = extrapolated(*found, meshes)

    def through(self, field):
        samples = field.shape[1]
        turned = np.exp(-1j * np.pi * self.numbers / samples)
        waves = fft.fft(field)[:, self.numbers] * turned / samples
        spectrum = np.zeros(field.shape, complex)
        spectrum[:, self.numbers] = waves[:, self.seen] @ self.matrix * turned.conj() * samples
        return fft.ifft(spectrum)


def judged(bench, phases, values, labels, meshes):
    """Accuracy by each model and in full wave, and how like fields and readings are."""
    relief = np.pad(np.mod(phases, 2 * np.pi) / (2 * np.pi) * FULL_TURN, ((0, 0), (MARGIN, MARGIN)))
    plates = [bench.device.plate(heights) for heights in relief]
    rows = lambda function: lambda number, field: np.stack([function(plates[number], row) for row in field])
    ways = {name: rows(model) for name, model in models.MODELS.items()}
    # Sheets that scatter are of plastic that does not absorb.
    for (count, passes), chosen in [] if bench.device.extinction else list(sheets.FITTED.items())[1:]:
        ways[f"{count} sheets, {passes} passes"] = partial(in_sheets, plates, chosen)
    aperture = PIXELS * bench.device.pixel
    # Light from one edge of a plate to the other edge of the next, and a little more.
    steepest = aperture / np.hypot(aperture, bench.device.gap) + 0.02
    matrices = [FullWave(plate, steepest, meshes[bench.device.pixel]) for plate in plates]
    ways["full wave"] = lambda number, field: matrices[number].through(field)
    found = {name: bench.behind(way) for name, way in ways.items()}
    read = {name: readings(bench.forms(field), values) for name, field in found.items()}
    shares = {name: both / both.sum(axis=1, keepdims=True) for name, both in read.items()}
    true = values[:200] @ found["full wave"]
    row = {f"accuracy, {name}": float(np.mean(both.argmax(axis=1) == labels)) for name, both in read.items()}
    for name in list(ways)[:-1]:
        field = values[:200] @ found[name]
        row[f"C, {name}"] = float(np.mean([likeness(*pair) for pair in zip(field, true)]))
        pair = shares[name].ravel(), shares["full wave"].ravel()
        row[f"shares, {name}"] = float(np.corrcoef(*pair)[0, 1])
    return row


def in_sheets(plates, chosen, number, field):
    return sheets.mixed(sheets.in_line(plates[number], "te", field, chosen), chosen)


def check():
    """Gradients of each model against differences."""
    draw = np.random.default_rng(2)
    wrong = False
    devices = [Device(model, 0.4, 30, 0.5) for model in STEPS]
    for device in [*devices, *(replace(device, **TO_PRINT) for device in devices[:3])]:
        model, (values, labels) = device.model, images("t10k", device.phase, device.gamma)
        bench = Bench(device)
        bench.object = bench.object.astype(complex)
        steps = Steps(model, bench.plate, complex).steps
        phases = draw.uniform(0.1, 6, (device.masks, PIXELS))
        direction = draw.normal(size=phases.shape)
        loss = lambda move: gradient(bench, steps, phases + move * direction, values[:200], labels[:200])
        slope = (loss(0.0)[1] * direction).sum()
        difference = (loss(1e-5)[0] - loss(-1e-5)[0]) / 2e-5
        error = abs(slope / difference - 1)
        # Differences over 1e-5 rad are good to 1e-5 or so, and a top may cross a slice.
        wrong |= error > 1e-3
        print(f"{device.file[:-4]}: slope {slope:.6g}, differences {difference:.6g}")
    if wrong:
        sys.exit("a gradient is not the slope of the loss")


def main():
    if sys.argv[1] == "--check":
        return check()
    folder, *which = sys.argv[2:]
    meshes = FINER if "--fine" in which else CELLS
    if which[:1] == ["--weights"]:
        model, pixel, gap, *weights = which[1:]
        chosen = [Device(model, float(pixel), int(gap), float(weight)) for weight in weights]
        kind, count = "train", 10_000
    else:
        chosen = PRINTABLE if "--printable" in which else DEVICES
        chosen = [chosen[int(number)] for number in which if number.isdigit()] or chosen
        kind, count = "t10k", None
    with open(sys.argv[1], "w", newline="") as file:
        for device in chosen:
            began = time.time()
            phases = trained(device, folder)
            ready = time.time()
            values, labels = (part[:count] for part in images(kind, device.phase, device.gamma))
            row = {"trained in": device.name, "pixel, mm": device.pixel, "gap, mm": device.gap}
            row |= judged(Bench(device), phases, values, labels, meshes)
            row["rms step, rad"] = float(np.sqrt((np.diff(np.mod(phases, 2 * np.pi), axis=1) ** 2).mean()))
            if file.tell() == 0:
                print("| trained in | pixel, gap | " + " | ".join(key[10:] for key in row if key.startswith("accuracy")) + " |")
            filing.add(row, file)
            cells = [f"{100 * value:.1f}" for key, value in row.items() if key.startswith("accuracy")]
            print(f"| {device.name} | {device.pixel}, {device.gap} mm | " + " | ".join(cells) + " |", flush=True)
            print(f"{ready - began:.0f} s to train, {time.time() - ready:.0f} s to judge", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
