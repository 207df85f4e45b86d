// From bytes to colours. A byte is 255 times the fourth root of an intensity.

const FLOOR = 40; // decibels below the brightest that are still shown

const SCALES = {
  amplitude: (root) => root * root,
  linear: (root) => root ** 4,
  decibel: (root) => Math.max(0, 1 + (40 * Math.log10(Math.max(root, 1e-6))) / FLOOR),
};

export const LEGEND = { amplitude: ['0', 'brightest'], linear: ['0', 'brightest'], decibel: [`−${FLOOR} dB`, '0 dB'] };

const pack = ([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r;

export class Painter {
  constructor(colours) {
    this.colours = colours;
    this.scale = 'amplitude';
    this.turns = Uint32Array.from(colours.phase, pack);
    this.choose('amplitude');
  }

  choose(scale) {
    this.scale = scale;
    this.brightness = Float32Array.from({ length: 256 }, (_, level) => SCALES[scale](level / 255));
    this.levels = Uint32Array.from(this.brightness, (share) => pack(this.colours.intensity[Math.round(255 * share)]));
    // Hue for the phase, lightness for the intensity: a little lighter, for a colour is darker than white.
    this.lightness = this.brightness.map((share) => share ** 0.7);
    this.hues = Array.from({ length: 256 }, (_, turn) => hue(turn / 256));
  }

  #image(canvas, { rows, columns }) {
    if (canvas.width !== columns || canvas.height !== rows) {
      canvas.width = columns;
      canvas.height = rows;
    }
    const context = canvas.getContext('2d');
    const image = context.createImageData(columns, rows);
    return { context, image, points: new Uint32Array(image.data.buffer) };
  }

  intensity(canvas, picture) {
    const { context, image, points } = this.#image(canvas, picture);
    const { level } = picture;
    for (let n = 0; n < points.length; n += 1) points[n] = this.levels[level[n]];
    context.putImageData(image, 0, 0);
  }

  field(canvas, picture) {
    const { context, image, points } = this.#image(canvas, picture);
    const { level, phase } = picture;
    for (let n = 0; n < points.length; n += 1) {
      const [r, g, b] = this.hues[phase[n]];
      const share = this.lightness[level[n]];
      points[n] = (255 << 24) | ((b * share) << 16) | ((g * share) << 8) | (r * share);
    }
    context.putImageData(image, 0, 0);
  }

  /** A mask: phases as turns, amplitudes as greys. */
  mask(canvas, mask, isPhase) {
    const { context, image, points } = this.#image(canvas, mask);
    mask.points.forEach((point, n) => {
      // Beside a small mask stands an opaque holder.
      if (point === null) points[n] = pack([0, 0, 0]);
      else points[n] = isPhase ? this.turns[point] : pack([point, point, point]);
    });
    context.putImageData(image, 0, 0);
  }

  legend(canvas, kind) {
    const { context, image, points } = this.#image(canvas, { rows: 1, columns: 256 });
    for (let n = 0; n < 256; n += 1) {
      points[n] = kind === 'mask' ? this.turns[n] : kind === 'phase' ? pack(this.hues[n]) : pack(this.colours.intensity[n]);
    }
    context.putImageData(image, 0, 0);
  }
}

/** A colour of the circle, equally light all around: Oklch with lightness 0.8 and chroma 0.125. */
function hue(turn) {
  const [a, b] = [0.125 * Math.cos(2 * Math.PI * turn), 0.125 * Math.sin(2 * Math.PI * turn)];
  const l = (0.8 + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (0.8 - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (0.8 - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((linear) => {
    const value = Math.min(1, Math.max(0, linear));
    return Math.round(255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055));
  });
}
