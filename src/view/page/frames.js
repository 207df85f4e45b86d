// Frames from the simulation: at most one is on its way, and the newest wish wins.

/** Splits a frame into its header and its pictures. */
function parse(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const data = 4 + length;
  const pictures = new Map();
  for (const picture of header.pictures) {
    const points = picture.rows * picture.columns;
    pictures.set(picture.name, {
      ...picture,
      level: new Uint8Array(buffer, data + picture.level, points),
      phase: picture.phase === undefined ? null : new Uint8Array(buffer, data + picture.phase, points),
    });
  }
  return { ...header, pictures };
}

/** The reason a reply gives for a refusal. */
export async function reason(reply) {
  try {
    return (await reply.json()).error;
  } catch {
    return `${reply.status} ${reply.statusText}`;
  }
}

export class Frames {
  /**
   * @param compose makes a request body from the state of the page; show is given frames, and fail reasons; stir is
   * called when what is shown is no longer the newest.
   */
  constructor({ compose, show, fail, stir, samples }) {
    Object.assign(this, { compose, show, fail, stir, samples });
    this.busy = false;
    this.wanted = false;
    this.rest = 0;
    this.side = 0;
    this.cost = 0;
  }

  /** Something has changed. */
  want() {
    this.wanted = true;
    this.stir();
    clearTimeout(this.rest);
    // While things move, one sample a pixel; when they rest, the grid of the design and the side view.
    this.rest = setTimeout(() => this.settle(), 200);
    if (!this.busy) this.next(false);
  }

  settle() {
    if (this.busy) {
      this.rest = setTimeout(() => this.settle(), 50);
    } else {
      this.next(true);
    }
  }

  async next(resting) {
    this.busy = true;
    this.wanted = false;
    const fine = resting && this.samples > 1;
    // The side view moves along as long as that is quick.
    const side = resting || this.cost + this.side < 40;
    const asked = performance.now();
    try {
      const reply = await fetch('/frame', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ ...this.compose(), fine, side }),
      });
      if (reply.ok) {
        const frame = parse(await reply.arrayBuffer());
        frame.round = performance.now() - asked;
        if (!fine) {
          this.cost = frame.milliseconds.plan + frame.milliseconds.frame;
          if (side) this.side = frame.milliseconds.side;
        }
        frame.resting = resting && !this.wanted;
        this.show(frame);
      } else {
        this.fail(await reason(reply));
      }
    } catch (error) {
      this.fail(error instanceof TypeError ? 'd2nn does not answer any more: is it still running?' : String(error));
    }
    this.busy = false;
    if (this.wanted) this.next(false);
  }
}
