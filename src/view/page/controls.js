// The bench: sliders with numbers beside them, a set for each plane.

const UNITS = [['m', 1], ['mm', 1e-3], ['µm', 1e-6], ['nm', 1e-9]];

/** The unit in which `length` is at least 0.1. */
export function unitOf(length) {
  return UNITS.find(([, metres]) => length >= 0.0999 * metres) ?? UNITS[UNITS.length - 1];
}

/** A step of 1, 2 or 5 in the last place, about `size`. */
function roundStep(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  return [5, 2, 1].map((digit) => digit * power).find((step) => step <= size * 1.0001) ?? power;
}

/** A slider with a number, tied to a value; `changed` is told each new one. */
function slider({ id, name, unit, most, least = -most, step, value, neutral, changed }) {
  const row = document.createElement('div');
  row.className = 'slider';
  const label = Object.assign(document.createElement('label'), { textContent: name, htmlFor: id, title: 'Double-click: back' });
  const range = Object.assign(document.createElement('input'), { type: 'range', id });
  const number = Object.assign(document.createElement('input'), { type: 'number', className: 'value' });
  number.setAttribute('aria-label', `${name}, ${unit || 'number'}`);
  number.id = `${id}-number`;
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  for (const input of [range, number]) Object.assign(input, { min: least, max: most, step });
  number.step = 'any';
  const put = (next) => {
    range.value = next;
    number.value = Number(next.toFixed(digits + 1));
    row.classList.toggle('changed', next !== neutral);
  };
  const take = (text, origin) => {
    const next = Number(text);
    if (text === '' || !Number.isFinite(next)) return;
    const kept = Math.min(most, Math.max(least, next));
    if (origin !== number) put(kept);
    else {
      range.value = kept;
      row.classList.toggle('changed', kept !== neutral);
    }
    changed(kept);
  };
  range.addEventListener('input', () => take(range.value, range));
  number.addEventListener('input', () => take(number.value, number));
  number.addEventListener('change', () => take(number.value, range));
  label.addEventListener('dblclick', () => take(String(neutral), range));
  put(value);
  row.append(label, range, number, Object.assign(document.createElement('span'), { className: 'unit', textContent: unit }));
  return row;
}

const upright = () => ({ y: 0, x: 0, z: 0, rotation: 0, on: true });

export class Bench {
  constructor(device, changed) {
    this.device = device;
    this.tell = changed;
    this.selected = 0;
    this.#clear();
    this.#layCommon();
    this.#layTabs();
    this.#layPlacement();
    document.getElementById('reset').addEventListener('click', () => this.reset());
  }

  #clear() {
    this.masks = Array.from({ length: this.device.masks }, upright);
    this.detector = { y: 0, x: 0, z: 0 };
    this.wavelength = 0;
    this.extinction = this.device.extinction;
  }

  reset() {
    this.#clear();
    this.#layCommon();
    this.#layTabs();
    this.#layPlacement();
    this.#changed();
  }

  /** As a request has it. */
  settings() {
    const { y, x, z } = this.detector;
    const settings = { masks: this.masks, detector: [y, x, z], wavelength: this.wavelength };
    if (this.device.modulation === 'phase' && this.extinction !== this.device.extinction) settings.extinction = this.extinction;
    return settings;
  }

  isMoved(plane) {
    const { y, x, z, rotation = 0, on = true } = this.masks[plane] ?? this.detector;
    return y !== 0 || x !== 0 || z !== 0 || rotation !== 0 || !on;
  }

  #changed() {
    const planes = Array.from({ length: this.masks.length + 1 }, (_, plane) => plane);
    for (const plane of planes) {
      const tab = document.getElementById(`tab-${plane}`).parentElement;
      tab.classList.toggle('changed', this.isMoved(plane));
      tab.classList.toggle('off', this.masks[plane]?.on === false);
    }
    document.getElementById('reset').disabled =
      this.wavelength === 0 && this.extinction === this.device.extinction && !planes.some((plane) => this.isMoved(plane));
    this.tell();
  }

  #layCommon() {
    const { device } = this;
    const [unit, metres] = unitOf(device.wavelength);
    const length = () => `${((device.wavelength * (1 + this.wavelength)) / metres).toPrecision(4)} ${unit}`;
    const shown = Object.assign(document.createElement('p'), { className: 'quiet small', id: 'wavelength-shown' });
    const tell = () => {
      const kappa = this.extinction;
      const turn = Math.exp((-4 * Math.PI * kappa) / (device.refractive_index - 1));
      shown.textContent = `${length()}` +
        (device.modulation === 'phase' ? `; ${(100 * turn).toPrecision(3)} % of the light passes the height of a full turn` : '');
    };
    const rows = [
      slider({
        id: 'wavelength', name: 'Wavelength', unit: '%', most: 5, step: 0.05, neutral: 0, value: 100 * this.wavelength,
        changed: (percent) => {
          this.wavelength = percent / 100;
          tell();
          this.#changed();
        },
      }),
    ];
    if (device.modulation === 'phase') {
      rows.push(slider({
        id: 'extinction', name: 'Absorption κ', unit: '', least: 0, most: Math.max(0.1, 2 * device.extinction), step: 0.001,
        neutral: device.extinction, value: this.extinction,
        changed: (kappa) => {
          this.extinction = kappa;
          tell();
          this.#changed();
        },
      }));
    }
    tell();
    document.getElementById('common').replaceChildren(...rows, shown);
  }

  #layTabs() {
    const tabs = Array.from({ length: this.masks.length + 1 }, (_, plane) => {
      const isMask = plane < this.masks.length;
      const label = document.createElement('label');
      const input = Object.assign(document.createElement('input'), {
        type: 'radio', name: 'plane', id: `tab-${plane}`, checked: plane === this.selected,
      });
      input.setAttribute('aria-label', isMask ? `Mask ${plane + 1}` : 'Detector');
      input.addEventListener('change', () => {
        this.selected = plane;
        this.#layPlacement();
      });
      label.append(input, Object.assign(document.createElement('span'), { textContent: isMask ? plane + 1 : 'Det.' }));
      return label;
    });
    document.getElementById('tabs').replaceChildren(...tabs);
  }

  #layPlacement() {
    const { device, selected } = this;
    const isMask = selected < this.masks.length;
    const plane = isMask ? this.masks[selected] : this.detector;
    const rows = [];
    if (isMask) {
      const box = Object.assign(document.createElement('input'), { type: 'checkbox', id: 'on', checked: plane.on });
      box.addEventListener('change', () => {
        plane.on = box.checked;
        this.#changed();
      });
      const label = Object.assign(document.createElement('label'), { className: 'toggle' });
      label.append(box, `Mask ${selected + 1} is on the bench`);
      rows.push(label);
    } else {
      rows.push(Object.assign(document.createElement('p'), { className: 'quiet small', textContent: 'The detector plane with its regions' }));
    }
    const [unit, metres] = unitOf(device.pitch);
    const aside = roundStep((6 * device.pitch) / metres);
    const length = (axis, unit, metres, most, step) => slider({
      id: `place-${axis}`, name: axis, unit, most, step, neutral: 0, value: plane[axis] / metres,
      changed: (value) => {
        plane[axis] = value * metres;
        this.#changed();
      },
    });
    for (const axis of ['x', 'y']) rows.push(length(axis, unit, metres, aside, aside / 200));
    // Neighbours move too: a little less than half of a gap keeps all planes apart.
    const [gapUnit, gapMetres] = unitOf(Math.min(...device.gaps));
    const along = roundStep((0.45 * Math.min(...device.gaps)) / gapMetres);
    rows.push(length('z', gapUnit, gapMetres, along, along / 200));
    if (isMask) {
      rows.push(slider({
        id: 'place-rotation', name: 'turn', unit: '°', most: 10, step: 0.1, neutral: 0, value: (180 / Math.PI) * plane.rotation,
        changed: (degrees) => {
          plane.rotation = (Math.PI / 180) * degrees;
          this.#changed();
        },
      }));
    }
    document.getElementById('placement').replaceChildren(...rows);
  }
}
