// The object: an image of a few values a side, drawn with the mouse, a finger or the keyboard.

export class Pad {
  constructor(canvas, [rows, columns], changed) {
    Object.assign(this, { canvas, rows, columns, changed });
    this.values = new Uint8Array(rows * columns);
    this.tool = 'brush';
    // A twelfth of the image, as the strokes of digits are wide.
    this.width = Math.max(2.5, (2.5 * Math.max(rows, columns)) / 28);
    this.cursor = null;
    canvas.width = columns;
    canvas.height = rows;
    canvas.style.aspectRatio = `${columns} / ${rows}`;
    canvas.addEventListener('pointerdown', (event) => this.#down(event));
    canvas.addEventListener('pointermove', (event) => this.#move(event));
    for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, () => (this.last = null));
    canvas.addEventListener('keydown', (event) => this.#key(event));
    canvas.addEventListener('blur', () => this.#point(null));
    this.draw();
  }

  /** Replaces the image. */
  set(values) {
    this.values = Uint8Array.from(values);
    this.draw();
  }

  clear() {
    this.values.fill(0);
    this.draw();
    this.changed();
  }

  draw() {
    const context = this.canvas.getContext('2d');
    const image = context.createImageData(this.columns, this.rows);
    const points = new Uint32Array(image.data.buffer);
    this.values.forEach((value, n) => (points[n] = (255 << 24) | (value * 0x10101)));
    if (this.cursor) {
      const at = this.cursor[0] * this.columns + this.cursor[1];
      points[at] = (255 << 24) | (0xbf << 16) | (0xd4 << 8) | 0x2d;
    }
    context.putImageData(image, 0, 0);
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left - this.canvas.clientLeft, event.clientY - box.top - this.canvas.clientTop];
    return [(y / this.canvas.clientHeight) * this.rows, (x / this.canvas.clientWidth) * this.columns];
  }

  #down(event) {
    if (event.button > 0) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.cursor = null;
    this.last = this.#place(event);
    this.erasing = this.tool === 'eraser' || event.shiftKey;
    this.#stroke(this.last, this.last);
  }

  #move(event) {
    if (!this.last) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const step of events.length > 0 ? events : [event]) {
      const place = this.#place(step);
      this.#stroke(this.last, place);
      this.last = place;
    }
  }

  /** A line of the brush's width with soft edges. */
  #stroke([y0, x0], [y1, x1]) {
    const radius = this.width / 2;
    const reach = radius + 1;
    const [dy, dx] = [y1 - y0, x1 - x0];
    const square = dy * dy + dx * dx;
    const from = (a, b) => Math.max(0, Math.floor(Math.min(a, b) - reach));
    const to = (a, b, side) => Math.min(side - 1, Math.ceil(Math.max(a, b) + reach));
    for (let row = from(y0, y1); row <= to(y0, y1, this.rows); row += 1) {
      for (let column = from(x0, x1); column <= to(x0, x1, this.columns); column += 1) {
        const [y, x] = [row + 0.5 - y0, column + 0.5 - x0];
        const along = square > 0 ? Math.min(1, Math.max(0, (y * dy + x * dx) / square)) : 0;
        const distance = Math.hypot(y - along * dy, x - along * dx);
        const cover = Math.round(255 * Math.min(1, Math.max(0, radius + 0.5 - distance)));
        const at = row * this.columns + column;
        this.values[at] = this.erasing
          ? Math.min(this.values[at], 255 - cover)
          : Math.max(this.values[at], cover);
      }
    }
    this.draw();
    this.changed();
  }

  #point(cursor) {
    this.cursor = cursor;
    this.draw();
  }

  #key(event) {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const middle = [this.rows >> 1, this.columns >> 1];
    if (step) {
      const clamp = (at, side) => Math.min(side - 1, Math.max(0, at));
      const [y, x] = this.cursor ?? middle;
      this.#point(this.cursor ? [clamp(y + step[0], this.rows), clamp(x + step[1], this.columns)] : middle);
    } else if ([' ', 'Enter', 'Backspace', 'Delete'].includes(event.key)) {
      const [y, x] = this.cursor ?? middle;
      this.erasing = this.tool === 'eraser' || !(event.key === ' ' || event.key === 'Enter');
      this.#stroke([y + 0.5, x + 0.5], [y + 0.5, x + 0.5]);
      this.#point([y, x]);
    } else {
      return;
    }
    event.preventDefault();
  }
}
