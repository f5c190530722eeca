// Drawing. The painter knows pixels, colours and the window in time; it never changes music.
// Notes and probabilities are written as pixels into a layer that is kept while the window only moves:
// 100,000 of them take milliseconds.

const GUTTER = 54;
const RULER = 34;
const REFERENCE = 20;
const CHORDS = 18;
const LANE = 26;
const PROB = 24;
const OVERVIEW = 30;
const GAP = 4;
// Cividis: soft to loud, unlikely to likely
const SCALE = ["#00224e", "#2a3f6d", "#575d6d", "#7d7c78", "#a59c74", "#d2c060", "#fee838"];
const NICE_STEPS_S = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200];

function readTheme(element) {
  // What the variables of theme.css come to here, without holes: a canvas has nothing behind it
  const probe = make("span", { hidden: true });
  element.append(probe);
  const pick = (name) => {
    probe.style.color = `var(--staria-${name})`;
    return getComputedStyle(probe).color;
  };
  const ink = pick("ink");
  const behind = backdrop(element, ink);
  const paper = solid(behind, pick("paper"));
  const theme = {
    paper,
    raised: solid(behind, pick("panel")),
    line: solid(paper, pick("line")),
    ink: solid(paper, ink),
    faint: solid(paper, pick("faint")),
    accent: solid(paper, pick("accent")),
    font: getComputedStyle(element).fontFamily,
  };
  probe.remove();
  theme.dark = luminance(theme.paper) < 0.4;
  return theme;
}

function backdrop(element, ink) {
  // What is painted behind an element; where no element says it, ink of a colour that can be read on it
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (painted(colour)[3] === 255) return colour;
  }
  return luminance(ink) > 0.5 ? "#1e1e1e" : "#ffffff";
}

function painted(...colours) {
  // Colours over each other, as a canvas paints them: [r, g, b, opacity]
  painted.context ??= make("canvas", { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const { context } = painted;
  context.clearRect(0, 0, 1, 1);
  for (const colour of colours) {
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
  }
  return [...context.getImageData(0, 0, 1, 1).data];
}

const solid = (...colours) => `rgb(${painted(...colours).slice(0, 3).join(" ")})`;

function channels(colour) {
  // Any colour that a canvas knows, as [r, g, b]
  const known = (channels.known ??= new Map());
  if (!known.has(colour)) known.set(colour, painted("#ffffff", colour).slice(0, 3));
  return known.get(colour);
}

const luminance = (colour) => {
  const [r, g, b] = channels(colour);
  return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
};
const pixelOf = (colour) => {
  const [r, g, b] = channels(colour);
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
};
const mixed = (colour, share, towards = 255) =>
  `#${channels(colour)
    .map((c) =>
      Math.round(c + (towards - c) * share)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
const lifted = (colour, least, share = 0) =>
  luminance(mixed(colour, share)) < least && share < 0.6
    ? lifted(colour, least, share + 0.05)
    : mixed(colour, share);
const legible = (palette, theme) =>
  theme.dark
    ? Object.fromEntries(Object.entries(palette).map(([name, colour]) => [name, lifted(colour, 0.42)]))
    : palette; // On a dark page, dark colours are mixed with white
const inkOn = (colour) => (luminance(colour) > 0.42 ? "#111111" : "#ffffff");

const clockText = (time, step = 1) => {
  const digits = step >= 1 ? 0 : (step * 10) % 1 ? 2 : 1;
  const rounded = Number(time.toFixed(digits));
  const minutes = Math.floor(rounded / 60);
  return `${minutes}:${(rounded - 60 * minutes).toFixed(digits).padStart(digits ? digits + 3 : 2, "0")}`;
};

class Painter {
  constructor(base, overlay) {
    this.base = base;
    this.overlay = overlay;
    this.window = { start: 0, end: 1 };
    this.layer = null;
  }

  resize(width, height, { probs, reference, chords }) {
    this.ratio = window.devicePixelRatio || 1;
    for (const canvas of [this.base, this.overlay]) {
      canvas.width = Math.round(width * this.ratio);
      canvas.height = Math.round(height * this.ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      canvas.getContext("2d").setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    }
    const lanes = probs ? 5 * PROB + GAP : 0;
    const given = RULER + (chords ? CHORDS : 0);
    const lane = given + (reference ? REFERENCE : 0);
    const top = lane + LANE;
    this.area = {
      left: GUTTER,
      width: Math.max(20, width - GUTTER),
      chords,
      given: reference ? given : -1,
      lane,
      top,
      height: Math.max(40, height - top - lanes - OVERVIEW - GAP),
      full: height,
      lanes,
    };
    this.area.probs = this.area.top + this.area.height + GAP;
    this.area.overview = height - OVERVIEW;
    this.forget();
  }

  forget() {
    this.layer = this.overviewImage = null;
  }

  x(time) {
    return (
      this.area.left + ((time - this.window.start) / (this.window.end - this.window.start)) * this.area.width
    );
  }
  time(x) {
    return (
      this.window.start + ((x - this.area.left) / this.area.width) * (this.window.end - this.window.start)
    );
  }
  row() {
    return this.area.height / (this.data.highPitch - this.data.lowPitch + 1);
  }
  y(pitch) {
    return this.area.top + (this.data.highPitch - pitch) * this.row();
  }
  pitch(y) {
    return this.data.highPitch - Math.floor((y - this.area.top) / this.row());
  }
  overviewTime(x) {
    return clamp((x - this.area.left) / this.area.width, 0, 1) * this.end;
  }
  colourOf(label) {
    return this.palette[label] ?? this.palette.N;
  }

  // ---- which colour each note has: made when colours change, not when the window moves -----------
  colourNotes(colourBy, sections) {
    const { data } = this;
    const scale = (value) => clamp(Math.floor(value * SCALE.length), 0, SCALE.length - 1);
    const names = [...LETTERS, "N"];
    let colours = names.map((name) => this.colourOf(name));
    let key;
    if (colourBy === "velocity") {
      colours = this.scale;
      key = (i) => scale(data.velocity[i] / 128);
    } else if (colourBy === "probability" && data.hasProbs) {
      colours = [...this.scale, this.palette.N];
      key = (i) => (data.best[i] ? scale((data.best[i] - 0.25) / 0.75) : SCALE.length);
    } else if (colourBy === "instrument") {
      colours = this.instrumentColours();
      key = (i) => clamp(data.instrument[i], 0, 10);
    } else if (colourBy === "label") key = (i) => (data.label[i] ? data.label[i] - 1 : 4);
    else {
      let k = 0;
      key = (i) => {
        // Notes and sections are both sorted: one walk
        while (k < sections.length && sections[k][1] <= data.onset[i]) k++;
        const name = k < sections.length && sections[k][0] <= data.onset[i] ? sections[k][2] : "N";
        return LETTERS.includes(name) ? LETTERS.indexOf(name) : 4;
      };
    }
    const pixels = Uint32Array.from(colours, pixelOf);
    this.pixel = new Uint32Array(data.n);
    for (let i = 0; i < data.n; i++) this.pixel[i] = pixels[key(i)];
    this.forget();
  }

  get scale() {
    return this.theme.dark ? SCALE.map((colour) => lifted(colour, 0.3)) : SCALE;
  }
  instrumentColours() {
    return Array.from(
      { length: 11 },
      (_, k) => `hsl(${(210 + k * 131) % 360} 60% ${this.theme.dark ? 62 : 42}%)`,
    );
  }

  // ---- pixels ---------------------------------------------------------------------------------
  paintNotes(image, { start, scale, top, row, least = 1, gap = 0 }) {
    // Into 32-bit pixels: from `start` on, `scale` pixels a second, `row` pixels a pitch
    const { data, pixel } = this;
    const wide = image.width;
    const out = new Uint32Array(image.data.buffer);
    const [first, last] = data.between(start, start + wide / scale);
    const edge = new Int32Array(129);
    // Lower edge of each pitch
    for (let k = 0; k < 129; k++) edge[k] = Math.round(top + (data.highPitch - k + 1) * row);
    const lift = row >= 4 ? 1 : 0;
    for (let i = first; i < last; i++) {
      const from = (data.onset[i] - start) * scale;
      const to = from + data.duration[i] * scale;
      const pitch = data.pitch[i];
      const left = Math.max(0, Math.round(from));
      const right = Math.min(wide, Math.max(Math.round(from) + least, Math.round(to) - gap));
      const colour = pixel[i];
      const low = Math.min(image.height, Math.max(edge[pitch + 1] + least, edge[pitch] - lift));
      for (let y = edge[pitch + 1]; y < low; y++) {
        for (let at = y * wide + left, stop = y * wide + right; at < stop; at++) out[at] = colour;
      }
    }
  }

  paintProbs(image, { start, scale, top }) {
    // Mean of the notes of each pixel, held until the next note
    const { data } = this;
    const wide = image.width;
    const out = new Uint32Array(image.data.buffer);
    const sums = new Float32Array(5 * wide);
    const counts = new Uint32Array(wide);
    const [first, last] = data.between(start, start + wide / scale);
    for (let i = Math.max(0, first - 1); i < last; i++) {
      const column = clamp(Math.floor((data.onset[i] - start) * scale), 0, wide - 1);
      for (let k = 0; k < 4; k++) sums[5 * column + k] += data.probs[4 * i + k];
      sums[5 * column + 4] += data.uncertainty[i];
      counts[column]++;
    }
    const back = pixelOf(this.stripe());
    const inks = [...LETTERS, "N"].map((letter) => pixelOf(this.colourOf(letter)));
    const unit = PROB * this.ratio;
    const ends = Math.ceil((this.data.end - start) * scale);
    for (let k = 0; k < 5; k++) {
      const high = Math.round(top + k * unit + 3 * this.ratio);
      const low = Math.round(top + (k + 1) * unit - 3 * this.ratio);
      for (let column = 0, held = 0; column < wide; column++) {
        if (counts[column]) held = sums[5 * column + k] / counts[column];
        const level = column < ends ? low - Math.round(held * (low - high)) : low;
        for (let y = high; y < low; y++) out[y * wide + column] = y < level ? back : inks[k];
      }
    }
  }

  stripe() {
    return mixed(this.theme.paper, 0.045, this.theme.dark ? 255 : 0);
  }

  layerOf(start, span, scale) {
    const { area, ratio } = this;
    const wide = Math.max(1, Math.ceil(span * scale));
    const tall = Math.round((area.height + area.lanes) * ratio);
    if (this.pixels?.width === wide && this.pixels.height === tall) this.pixels.data.fill(0);
    else this.pixels = new ImageData(wide, tall); // Kept: a window that zooms needs it in every frame
    const image = this.pixels;
    const canvas = this.layer?.canvas ?? document.createElement("canvas");
    if (canvas.width !== wide) canvas.width = wide;
    if (canvas.height !== tall) canvas.height = tall;
    const row = this.row() * ratio;
    this.paintNotes(image, {
      start,
      scale,
      top: 0,
      row,
      least: Math.max(1, Math.round(1.5 * ratio)),
      gap: 1,
    });
    if (this.data.hasProbs) this.paintProbs(image, { start, scale, top: (area.height + GAP) * ratio });
    canvas.getContext("2d").putImageData(image, 0, 0);
    return { canvas, start, end: start + span, scale };
  }

  drawLayer(c) {
    // A window that moves is cut out of a wider layer; one that zooms gets a layer of its own
    const {
      area,
      ratio,
      window: { start, end },
    } = this;
    const span = end - start;
    const scale = Math.round(area.width * ratio) / span;
    const same = this.layer && Math.abs(this.layer.scale / scale - 1) < 1e-7;
    if (!same || this.layer.start > start + 1e-9 || this.layer.end < end - 1e-9) {
      this.layer = same ? this.layerOf(start - span / 2, 2 * span, scale) : this.layerOf(start, span, scale);
    }
    const tall = this.layer.canvas.height;
    const wide = Math.round(area.width * ratio);
    c.drawImage(
      this.layer.canvas,
      Math.round((start - this.layer.start) * scale),
      0,
      wide,
      tall,
      area.left,
      area.top,
      wide / ratio,
      tall / ratio,
    );
  }

  // ---- the frame ------------------------------------------------------------------------------
  draw(sections, reference, focus) {
    const began = performance.now();
    const c = this.base.getContext("2d");
    const { area, theme } = this;
    c.fillStyle = theme.paper;
    c.fillRect(0, 0, area.left + area.width, area.full);
    c.font = `11px ${theme.font}`;
    c.textBaseline = "middle";
    c.save();
    c.beginPath();
    c.rect(area.left, 0, area.width, area.overview - GAP);
    c.clip();
    this.drawGrid(c);
    if (area.given >= 0) this.drawBlocks(c, reference, area.given, REFERENCE - 3, -1);
    if (area.chords) this.drawChords(c);
    this.drawSections(c, sections, focus);
    if (area.chords) this.drawEnds(c);
    this.drawLayer(c);
    c.restore();
    this.drawKeys(c);
    this.drawOverview(c, sections);
    return performance.now() - began;
  }

  drawGrid(c) {
    const {
      area,
      theme,
      data,
      window: { start, end },
    } = this;
    const wanted = ((end - start) * 80) / area.width;
    const step = NICE_STEPS_S.find((s) => s >= wanted) ?? 3600;
    const first = firstAtLeast(data.bars, start);
    const last = firstAtLeast(data.bars, end);
    c.fillStyle = this.stripe();
    for (let pitch = data.lowPitch; pitch <= data.highPitch; pitch++) {
      if ([1, 3, 6, 8, 10].includes(pitch % 12)) {
        c.fillRect(area.left, this.y(pitch), area.width, this.row());
      }
    }
    const every = Math.max(1, 2 ** Math.ceil(Math.log2(Math.max(1, ((last - first) * 40) / area.width))));
    c.textAlign = "left";
    this.drawBeats(c, start, end);
    for (let k = Math.ceil(first / every) * every; k < last; k += every) {
      const x = this.x(data.bars[k]);
      c.fillStyle = theme.line;
      c.fillRect(x, area.top, 1, area.height);
      c.fillRect(x, 18, 1, RULER - 18);
      c.fillStyle = theme.faint;
      c.fillText(String(k + 1), x + 4, 25);
    }
    c.fillStyle = theme.ink;
    for (let k = Math.ceil(start / step); k * step < end; k++) {
      c.fillRect(this.x(k * step), 0, 1, 7);
      c.fillText(clockText(k * step, step), this.x(k * step) + 4, 8);
    }
  }

  drawBeats(c, start, end) {
    // Where there is room for them
    const { area, theme, data } = this;
    const first = firstAtLeast(data.beats, start);
    const last = firstAtLeast(data.beats, end);
    if ((last - first) * 16 > area.width) return;
    c.globalAlpha = 0.45;
    c.fillStyle = theme.line;
    for (let k = first; k < last; k++) c.fillRect(this.x(data.beats[k]), area.top, 1, area.height);
    c.globalAlpha = 1;
  }

  drawChords(c) {
    // Names where they have room, and a line where a chord begins
    const { area, theme } = this;
    c.textAlign = "left";
    let free = -Infinity;
    for (const [start, end, name] of this.chords ?? []) {
      const left = this.x(start);
      const right = this.x(end);
      if (right < area.left || left > area.left + area.width) continue;
      c.fillStyle = theme.line;
      if (right - left > 6) c.fillRect(left, RULER, 1, CHORDS - 4);
      const at = Math.max(left, area.left) + 3;
      const wide = c.measureText(name).width;
      if (at < free || at + wide > right + 12) continue;
      c.fillStyle = theme.ink;
      c.fillText(name, at, RULER + CHORDS / 2 - 1);
      free = at + wide + 4;
    }
  }

  drawEnds(c) {
    // In which key a section ends, and whether it closes: a double bar where it does
    const { area } = this;
    c.textAlign = "right";
    c.font = `10px ${this.theme.font}`;
    for (const [start, end, label, key, closes] of this.ends ?? []) {
      const right = this.x(end);
      const wide = right - Math.max(this.x(start), area.left);
      c.fillStyle = inkOn(this.colourOf(label));
      const y = area.lane + LANE / 2 - 1;
      if (closes && wide > 12) for (const off of [4, 8]) c.fillRect(right - off, area.lane + 4, 1.5, LANE - 10);
      const { width } = c.measureText(key);
      if (wide < width + 60) continue;
      c.fillStyle = this.colourOf(label); // Not over the pattern
      c.fillRect(right - width - (closes ? 16 : 10), area.lane + 2, width + 8, LANE - 6);
      c.fillStyle = inkOn(this.colourOf(label));
      c.fillText(key, right - (closes ? 12 : 6), y);
    }
    c.font = `11px ${this.theme.font}`;
  }

  pattern(c, label) {
    // So that blocks can be told apart without their colours, and without room for a letter
    this.patterns ??= new Map();
    if (this.patterns.has(label)) return this.patterns.get(label);
    const tile = document.createElement("canvas");
    const t = tile.getContext("2d");
    tile.width = tile.height = 8;
    t.strokeStyle = t.fillStyle = inkOn(this.colourOf(label));
    t.globalAlpha = 0.3;
    const line = (...points) => {
      t.beginPath();
      t.moveTo(points[0], points[1]);
      t.lineTo(points[2], points[3]);
      t.stroke();
    };
    if (label === "B") {
      line(-2, 6, 6, -2);
      line(2, 10, 10, 2);
    } else if (label === "C") t.fillRect(2, 2, 3, 3);
    else if (label === "D") {
      line(0, 2.5, 8, 2.5);
      line(0, 6.5, 8, 6.5);
    } else if (label !== "A") {
      line(0, 0, 8, 8);
      line(8, 0, 0, 8);
    }
    this.patterns.set(label, c.createPattern(tile, "repeat"));
    return this.patterns.get(label);
  }

  drawBlocks(c, sections, top, tall, focus) {
    const { area, theme } = this;
    c.textAlign = "center";
    sections.forEach(([start, end, label], k) => {
      const left = this.x(start);
      const width = this.x(end) - left;
      if (left + width < area.left || left > area.left + area.width) return;
      const colour = this.colourOf(label);
      const from = Math.max(left, area.left);
      const to = Math.min(left + width, area.left + area.width);
      const middle = (from + to) / 2;
      c.fillStyle = colour;
      c.fillRect(left + 0.5, top, Math.max(1, width - 1), tall);
      c.fillStyle = this.pattern(c, label);
      c.fillRect(left + 0.5, top, Math.max(1, width - 1), tall);
      if (width > 14) {
        c.fillStyle = colour;
        c.fillRect(middle - 8, top, 16, tall);
        c.fillStyle = inkOn(colour);
        c.font = `bold ${tall > 18 ? 13 : 11}px ${theme.font}`;
        c.fillText(label === "N" ? "–" : label, middle, top + tall / 2 + 0.5);
      }
      if (k === focus) {
        c.strokeStyle = theme.ink;
        c.lineWidth = 3;
        c.strokeRect(left + 2, top + 1.5, Math.max(1, width - 4), tall - 3);
      }
    });
    c.font = `11px ${theme.font}`;
  }

  drawSections(c, sections, focus) {
    const { area, theme } = this;
    for (const [start, end, label] of sections) {
      const left = this.x(start);
      const width = this.x(end) - left;
      if (left + width < area.left || left > area.left + area.width) continue;
      c.globalAlpha = theme.dark ? 0.16 : 0.1;
      c.fillStyle = this.colourOf(label);
      c.fillRect(left, area.top, width, area.height);
      c.globalAlpha = 1;
    }
    this.drawBlocks(c, sections, area.lane + 1, LANE - 4, focus);
  }

  drawKeys(c) {
    const { area, theme, data } = this;
    const name = (text, y) => c.fillText(text, area.left - 6, y);
    c.fillStyle = theme.raised;
    c.fillRect(0, 0, area.left, area.full);
    c.fillStyle = theme.line;
    c.fillRect(area.left - 1, 0, 1, area.full);
    c.textAlign = "right";
    c.fillStyle = theme.faint;
    name("time", 9);
    name(data.bars.length ? "bar" : "", 26);
    name("form", area.lane + LANE / 2 - 1);
    if (area.chords) name("chord", RULER + CHORDS / 2 - 1);
    if (area.given >= 0) name("given", area.given + REFERENCE / 2 - 1);
    for (let pitch = data.lowPitch; pitch <= data.highPitch; pitch++) {
      if (pitch % 12 === 0) {
        name(pitchName(pitch), this.y(pitch) + this.row() / 2);
        c.fillRect(area.left - 4, this.y(pitch) + this.row() - 1, 4, 1);
      }
    }
    if (data.hasProbs) {
      ["p(A)", "p(B)", "p(C)", "p(D)", "unsure"].forEach((text, k) =>
        name(text, area.probs + (k + 0.5) * PROB),
      );
    }
    c.textAlign = "left";
  }

  drawOverview(c, sections) {
    const { area, theme } = this;
    this.overviewImage ??= this.paintOverview();
    c.drawImage(this.overviewImage, area.left, area.overview, area.width, OVERVIEW);
    for (const [start, end, label] of sections) {
      c.fillStyle = this.colourOf(label);
      c.fillRect(
        area.left + (start / this.end) * area.width,
        area.overview,
        Math.max(1, ((end - start) / this.end) * area.width - 1),
        4,
      );
    }
    const left = area.left + (this.window.start / this.end) * area.width;
    const right = area.left + (this.window.end / this.end) * area.width;
    c.fillStyle = theme.dark ? "#00000099" : "#ffffffaa";
    c.fillRect(area.left, area.overview, left - area.left, OVERVIEW);
    c.fillRect(right, area.overview, area.left + area.width - right, OVERVIEW);
    c.strokeStyle = theme.faint;
    c.lineWidth = 1;
    c.strokeRect(left + 0.5, area.overview + 0.5, Math.max(3, right - left) - 1, OVERVIEW - 1);
  }

  paintOverview() {
    const { area, data, ratio } = this;
    const canvas = document.createElement("canvas");
    const c = canvas.getContext("2d");
    canvas.width = Math.round(area.width * ratio);
    canvas.height = Math.round(OVERVIEW * ratio);
    const image = c.createImageData(canvas.width, canvas.height);
    new Uint32Array(image.data.buffer).fill(pixelOf(this.theme.raised));
    this.paintNotes(image, {
      start: 0,
      scale: canvas.width / this.end,
      top: 6 * ratio,
      row: ((OVERVIEW - 8) * ratio) / (data.highPitch - data.lowPitch + 1),
    });
    c.putImageData(image, 0, 0);
    return canvas;
  }

  drawOverlay({ selection, cursor, hover, draft }) {
    const c = this.overlay.getContext("2d");
    const { area, theme, data } = this;
    c.clearRect(0, 0, area.left + area.width, area.full);
    c.save();
    c.beginPath();
    c.rect(area.left, 0, area.width, area.overview - GAP);
    c.clip();
    for (const span of [selection, draft].filter((s) => s && s.length === 2)) {
      const left = this.x(span[0]);
      const wide = this.x(span[1]) - left;
      c.globalAlpha = 0.18;
      c.fillStyle = theme.accent;
      c.fillRect(left, 0, wide, area.overview);
      c.globalAlpha = 1;
      c.fillRect(left, 0, 1, area.overview);
      c.fillRect(left + wide, 0, 1, area.overview);
    }
    if (hover >= 0) {
      const left = this.x(data.onset[hover]);
      c.strokeStyle = theme.ink;
      c.lineWidth = 1.5;
      c.strokeRect(
        left - 1,
        this.y(data.pitch[hover]) - 1,
        Math.max(3, this.x(data.onset[hover] + data.duration[hover]) - left) + 1,
        Math.max(3, this.row()) + 1,
      );
    }
    c.fillStyle = theme.accent;
    c.fillRect(this.x(cursor) - 0.75, 0, 1.5, area.overview - GAP);
    c.beginPath();
    c.moveTo(this.x(cursor) - 5, 0);
    c.lineTo(this.x(cursor) + 5, 0);
    c.lineTo(this.x(cursor), 7);
    c.fill();
    c.restore();
    c.fillStyle = theme.accent;
    c.fillRect(area.left + (cursor / this.end) * area.width - 0.5, area.overview, 1.5, OVERVIEW);
  }
}
