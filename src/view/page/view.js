// The page: what the user sets goes to the simulation, and what comes back is shown.

import { Bench, unitOf } from './controls.js';
import { Frames, reason } from './frames.js';
import { Pad } from './pad.js';
import { LEGEND, Painter } from './pictures.js';

const element = (id) => document.getElementById(id);
const make = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};
const svg = (tag, attributes) => {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

async function json(path) {
  const reply = await fetch(path);
  if (!reply.ok) throw new Error(await reason(reply));
  return reply.json();
}

const device = await json('/device');
const painter = new Painter(device.colours);
const masks = new Map(); // pictures of masks, by network and number
let subject = { truth: null };
let shown = 'detector'; // the plane that is enlarged
let latest = null; // the frame on the page
let frameCount = 0;

const pad = new Pad(element('pad'), device.image, () => {
  subject = { truth: null };
  element('subject').textContent = pad.values.some((value) => value > 0) ? 'Your drawing' : 'An empty page: draw something.';
  frames.want();
});
const frames = new Frames({
  samples: device.samples,
  compose: () => ({
    image: Array.from(pad.values),
    bench: bench.settings(),
    phase: element('show').value === 'phase',
    network: element('network').value === '' ? null : Number(element('network').value),
  }),
  show: showFrame,
  stir: () => (document.body.dataset.resting = false),
  fail: (why) => {
    element('problem').textContent = why;
    element('problem').hidden = false;
  },
});
const bench = new Bench(device, () => frames.want());

// --- the device

element('name').textContent = device.name;
document.title = `${device.name} – d2nn view`;
{
  const [unit, metres] = unitOf(device.wavelength);
  const [pitchUnit, pitchMetres] = unitOf(device.pitch);
  element('about').textContent =
    `${device.masks} ${device.masks === 1 ? 'mask' : 'masks'} ${device.own_pixels ? 'with pixels of their own on planes ' : ''}of ${device.rows} × ${device.columns} pixels of ${Number((device.pitch / pitchMetres).toPrecision(4))} ${pitchUnit}, ` +
    `light of ${Number((device.wavelength / metres).toPrecision(4))} ${unit}`;
}
if (device.networks > 1) {
  element('network-label').hidden = false;
  element('network').append(
    make('option', { value: '', textContent: 'that answers' }),
    ...Array.from({ length: device.networks }, (_, n) => make('option', { value: n, textContent: `${n + 1} of ${device.networks}` })),
  );
} else {
  element('network').append(make('option', { value: '', textContent: '' }));
}

// --- planes and detector

const planeNames = ['object', ...Array.from({ length: device.masks }, (_, mask) => `mask ${mask + 1}`), 'detector'];
const title = (name) =>
  name === 'object' ? 'Object' : name === 'detector' ? 'Detector' :
    element('show').value === 'mask' ? `Mask ${name.slice(5)}` : `Behind mask ${name.slice(5)}`;
const thumbs = new Map(planeNames.map((name) => {
  const canvas = make('canvas', { width: device.columns, height: device.rows });
  const caption = make('span', { textContent: title(name) });
  const button = make('button', { type: 'button', className: 'plane', title: `Enlarge: ${title(name)}` }, canvas, caption);
  button.setAttribute('aria-pressed', name === shown);
  button.addEventListener('click', () => {
    shown = name;
    for (const [other, { button }] of thumbs) button.setAttribute('aria-pressed', other === shown);
    repaint();
  });
  return [name, { button, canvas, caption }];
}));
element('planes').append(...Array.from(thumbs.values(), ({ button }) => button));

const regions = element('regions');
regions.setAttribute('viewBox', `0 0 ${device.columns} ${device.rows}`);
const perClass = device.scheme === 'differential' ? 2 : 1;
const classesEach = device.classes.length / device.networks;
const outlines = device.regions.map((region) => {
  const size = Math.min(region.width, region.height);
  const box = svg('rect', { x: region.column, y: region.row, width: region.width, height: region.height });
  const mark = svg('text', {
    x: region.column + region.width / 2, y: region.row - size * 0.16, 'font-size': Math.max(size * 0.62, device.rows / 40),
  });
  mark.textContent = region.mark;
  const group = svg('g', {});
  group.append(box, mark);
  regions.append(group);
  return { group, mark };
});

// --- bars

const bars = device.classes.map((name, number) => {
  const bar = make('span', { className: 'bar' });
  const value = make('span', { className: 'value' });
  const row = make('li', {}, make('span', { className: 'class', textContent: /^\d$/.test(name) ? name : `${number} ${name}` }),
    make('span', { className: perClass === 2 ? 'track signed' : 'track' }, bar), value);
  element('bars').append(row);
  return { row, bar, value };
});
if (device.forms_image) {
  element('bars').hidden = true;
  element('answer-line').hidden = true;
  element('seen-box').hidden = false;
}

function showFrame(frame) {
  latest = frame;
  element('problem').hidden = true;
  if (!device.forms_image) showAnswer(frame);
  else {
    painter.intensity(element('seen'), frame.pictures.get('seen'));
    element('similarity').textContent = frame.similarity.toFixed(3);
  }
  const share = (part) => (frame.power.object > 0 ? `${((100 * part) / frame.power.object).toPrecision(3)} %` : '–');
  element('power').textContent = `Of the object’s light ${share(frame.power.detector)} reaches the detector plane` +
    `${device.networks > 1 ? ' of this network' : ''}, ${share(frame.power.regions)} ${device.forms_image ? 'the image' : 'the regions'}.`;
  const { plan, frame: light, side } = frame.milliseconds;
  element('timing').textContent =
    `${frame.samples} × ${frame.samples} samples a pixel: ${(plan + light).toFixed(1)} ms${side > 0 ? `, side view ${side.toFixed(1)} ms` : ''}`;
  element('simulated').textContent = device.samples === 1 ? '' :
    `Simulated with ${frame.samples} × ${frame.samples} samples a pixel: 1 × 1 while things move, ` +
    `${device.samples} × ${device.samples} when they rest.`;
  frameCount += 1;
  repaint();
  Object.assign(document.body.dataset, { state: 'ready', frames: frameCount, samples: frame.samples, resting: frame.resting });
}

function showAnswer(frame) {
  const dark = frame.readings.every((reading) => reading === 0);
  element('answer').textContent = dark ? '–' : device.classes[frame.answer];
  element('brief').textContent = dark ? '–' : device.classes[frame.answer];
  document.body.dataset.answer = dark ? '' : frame.answer;
  const { truth } = subject;
  element('verdict').textContent = dark || truth === null ? '' : truth === frame.answer ? '✓ right' : `✗ it is ${device.classes[truth]}`;
  element('verdict').className = dark || truth === null ? 'quiet' : truth === frame.answer ? 'right' : 'wrong';
  const most = Math.max(...frame.scores, 1e-9);
  const total = frame.readings.reduce((sum, reading) => sum + reading, 0);
  bars.forEach(({ row, bar, value }, number) => {
    const score = frame.scores[number];
    row.classList.toggle('answer', !dark && number === frame.answer);
    row.classList.toggle('truth', number === truth);
    row.dataset.score = score;
    if (perClass === 2) {
      bar.style.left = `${50 + 50 * Math.min(0, score)}%`;
      bar.style.width = `${50 * Math.abs(score)}%`;
      value.textContent = score.toFixed(2).replace('-', '−');
      const part = (n) => (total > 0 ? `${((100 * frame.readings[2 * number + n]) / total).toFixed(1)} %` : '–');
      row.title = `for it ${part(0)}, against it ${part(1)} of the light in the regions`;
    } else {
      bar.style.width = `${(100 * score) / Math.max(most, 0.4)}%`;
      value.textContent = `${(100 * score).toFixed(1)} %`;
    }
  });
  outlines.forEach(({ group, mark }, n) => {
    const number = frame.network * classesEach + Math.floor(n / perClass);
    mark.textContent = perClass === 2 ? `${number}${n % 2 === 0 ? '+' : '−'}` : number;
    group.setAttribute('class', [
      !dark && number === frame.answer ? 'answer' : '', number === truth ? 'truth' : '', perClass === 2 && n % 2 === 1 ? 'against' : '',
    ].join(' '));
  });
}

function paint(canvas, name) {
  const what = element('show').value;
  const number = /^mask (\d+)$/.exec(name)?.[1];
  if (what === 'mask' && number) {
    const key = `${latest.network}/${number - 1}`;
    const mask = masks.get(key);
    if (mask) painter.mask(canvas, mask, device.modulation !== 'amplitude');
    else if (!masks.has(key)) {
      masks.set(key, null);
      json(`/mask/${key}`).then((mask) => {
        masks.set(key, mask);
        repaint();
      });
    }
    return;
  }
  const picture = latest.pictures.get(name);
  if (what === 'phase' && picture.phase) painter.field(canvas, picture);
  else painter.intensity(canvas, picture);
}

function repaint() {
  if (!latest) return;
  const what = element('show').value;
  for (const [name, { canvas, caption, button }] of thumbs) {
    paint(canvas, name);
    caption.textContent = title(name);
    const mask = /^mask (\d+)$/.exec(name)?.[1];
    button.classList.toggle('off', mask !== undefined && !bench.masks[mask - 1].on);
  }
  paint(element('large'), shown);
  const kind = what === 'mask' && !shown.startsWith('mask') ? 'intensity' : what;
  regions.classList.toggle('hidden', shown !== 'detector');
  element('large-name').textContent = title(shown);
  painter.legend(element('legend'), kind);
  const ends = kind === 'intensity' ? LEGEND[painter.scale] : device.modulation === 'amplitude' && kind === 'mask' ? ['0', '1'] : ['0', '2π'];
  [element('legend-low').textContent, element('legend-high').textContent] = ends;
  if (latest.pictures.has('side')) showSide(latest.pictures.get('side'));
}

// --- the side view

const positions = () => {
  const shifts = [0, ...bench.masks.map((mask) => mask.z), bench.detector.z];
  let z = 0;
  return [0, ...device.gaps.map((gap) => (z += gap))].map((place, plane) => place + shifts[plane]);
};
const across = make('canvas');

function showSide(side) {
  // Each gap has as many columns: they are stretched to its length.
  painter.intensity(across, side);
  const canvas = element('side');
  const [width, height] = [960, side.rows];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  const places = positions();
  const length = places[places.length - 1];
  const at = (z) => (width * z) / length;
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = 'high';
  places.slice(1).forEach((end, gap) => {
    const start = places[gap];
    context.drawImage(across, gap * device.slices, 0, device.slices, side.rows, at(start), 0, at(end) - at(start), height);
  });
  const marks = element('side-marks');
  marks.setAttribute('viewBox', `0 0 ${width} ${device.rows}`);
  marks.replaceChildren(...places.slice(1, -1).map((z, mask) => {
    const { y, on } = bench.masks[mask];
    const middle = device.rows / 2 + y / device.pitch;
    return svg('line', {
      x1: at(z), x2: at(z), y1: middle - device.rows / 2, y2: middle + device.rows / 2, class: on ? '' : 'off',
    });
  }));
  element('side-names').replaceChildren(...places.map((z, plane) => {
    const name = plane === 0 ? 'object' : plane === places.length - 1 ? 'detector' : `${plane}`;
    const label = make('span', { textContent: name });
    label.style.left = `${(100 * z) / length}%`;
    return label;
  }));
  const [unit, metres] = unitOf(length);
  element('side-caption').textContent =
    `The plane x = 0 through the axis, ${Number((length / metres).toPrecision(4))} ${unit} from the object to the detector; light goes to the right.`;
}

// --- choosing an image

const labels = device.labels;
async function showTestImage(number) {
  const wanted = Math.min(labels.length - 1, Math.max(0, number));
  element('number').value = wanted;
  const { image, label } = await json(`/image/${wanted}`);
  if (Number(element('number').value) !== wanted) return; // another one has been chosen meanwhile
  pad.set(image);
  subject = { truth: device.forms_image ? null : label };
  element('subject').textContent = `Test image ${wanted}: ${/^\d$/.test(classNames[label]) ? 'a ' : ''}${classNames[label]}`;
  frames.want();
}
const classNames = device.class_names;
const ofClass = (number) => element('of-class').value === '' || labels[number] === Number(element('of-class').value);
function step(direction) {
  let number = Number(element('number').value);
  for (let tries = 0; tries < labels.length; tries += 1) {
    number = (number + direction + labels.length) % labels.length;
    if (ofClass(number)) return showTestImage(number);
  }
  return undefined;
}
if (labels.length > 0) {
  element('test-images').hidden = false;
  element('number').max = labels.length - 1;
  element('of-class').append(...classNames.map((name, number) => make('option', { value: number, textContent: name })));
  element('number').addEventListener('input', () => {
    if (element('number').value !== '') showTestImage(Math.round(Number(element('number').value)));
  });
  element('of-class').addEventListener('change', () => ofClass(Number(element('number').value)) || step(1));
  element('previous').addEventListener('click', () => step(-1));
  element('next').addEventListener('click', () => step(1));
  element('random').addEventListener('click', () => {
    element('number').value = Math.floor(Math.random() * labels.length);
    step(1);
  });
}

async function openPicture(file) {
  if (!file) return;
  const reply = await fetch('/picture', { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: file });
  if (!reply.ok) {
    element('subject').textContent = `${file.name}: ${await reason(reply)}`;
    return;
  }
  const { image, fitted } = await reply.json();
  pad.set(image);
  subject = { truth: null };
  element('subject').textContent = `${file.name}: ${fitted}`;
  frames.want();
}
element('file').addEventListener('change', () => openPicture(element('file').files[0]));
document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  event.preventDefault();
  openPicture(event.dataTransfer.files[0]);
});

// --- switches

for (const tool of document.getElementsByName('tool')) tool.addEventListener('change', () => (pad.tool = tool.value));
element('width').addEventListener('input', () => {
  pad.width = Number(element('width').value);
  element('width-value').textContent = pad.width;
});
element('clear').addEventListener('click', () => pad.clear());
element('show').addEventListener('change', () => (element('show').value === 'phase' ? frames.want() : repaint()));
element('scale').addEventListener('change', () => {
  painter.choose(element('scale').value);
  repaint();
});
element('network').addEventListener('change', () => frames.want());

if (labels.length > 0) await showTestImage(0);
else frames.want();
