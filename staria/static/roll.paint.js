// Drawing. The painter knows pixels, colours and the window in time; it never changes music.

const GUTTER = 52, RULER = 22, LANE = 26, PROB = 24, OVERVIEW = 30, GAP = 4;
const TOUCH_SCALE = ["#00224e", "#2a3f6d", "#575d6d", "#7d7c78", "#a59c74", "#d2c060", "#fee838"];   // Cividis: soft to loud, or unsure to sure
const NICE_STEPS_S = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200];

function readTheme(element) {
  const style = getComputedStyle(element), pick = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
  const theme = {
    paper: pick("--jp-layout-color0", "#ffffff"), raised: pick("--jp-layout-color1", "#ffffff"), line: pick("--jp-border-color2", "#d0d0d0"),
    ink: pick("--jp-ui-font-color1", "#222222"), faint: pick("--jp-ui-font-color2", "#666666"), accent: pick("--jp-brand-color1", "#1976d2"),
    font: pick("--jp-ui-font-family", "system-ui, sans-serif"),
  };
  theme.dark = luminance(theme.paper) < 0.4;
  return theme;
}

function luminance(colour) {
  const probe = luminance.probe ??= document.createElement("canvas").getContext("2d");
  probe.fillStyle = "#ffffff"; probe.fillStyle = colour;
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(probe.fillStyle.slice(at, at + 2), 16) / 255);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function legible(palette, theme) {      // On a dark page, dark colours of the palette are mixed with white until they can be told from it
  if (!theme.dark) return palette;
  const lifted = (colour, share = 0) => {
    const mixed = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)).map((c) => Math.round(c + (255 - c) * share).toString(16).padStart(2, "0"));
    return luminance(`#${mixed.join("")}`) < 0.42 && share < 0.6 ? lifted(colour, share + 0.05) : `#${mixed.join("")}`;
  };
  return Object.fromEntries(Object.entries(palette).map(([name, colour]) => [name, lifted(colour)]));
}

const inkOn = (colour) => (luminance(colour) > 0.42 ? "#111111" : "#ffffff");
const clockText = (time, step = 1) => {
  const minutes = Math.floor(time / 60), rest = time - 60 * minutes, digits = step >= 1 ? 0 : (step * 10) % 1 ? 2 : 1;
  return `${minutes}:${rest.toFixed(digits).padStart(digits ? digits + 3 : 2, "0")}`;
};

class Painter {
  constructor(base, overlay) { this.base = base; this.overlay = overlay; this.window = { start: 0, end: 1 }; this.groups = []; }

  resize(width, height, hasProbs) {
    const ratio = window.devicePixelRatio || 1;
    for (const canvas of [this.base, this.overlay]) {
      canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`; canvas.style.height = `${height}px`;
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    const below = (hasProbs ? 5 * PROB + GAP : 0) + OVERVIEW + GAP, top = RULER + LANE;
    this.area = { left: GUTTER, width: Math.max(20, width - GUTTER), top, height: Math.max(40, height - top - below), full: height };
    this.area.probs = this.area.top + this.area.height + GAP;
    this.area.overview = height - OVERVIEW;
  }

  x(time) { return this.area.left + (time - this.window.start) / (this.window.end - this.window.start) * this.area.width; }
  time(x) { return this.window.start + (x - this.area.left) / this.area.width * (this.window.end - this.window.start); }
  row() { return this.area.height / (this.data.highPitch - this.data.lowPitch + 1); }
  y(pitch) { return this.area.top + (this.data.highPitch - pitch) * this.row(); }
  pitch(y) { return this.data.highPitch - Math.floor((y - this.area.top) / this.row()); }
  overviewTime(x) { return clamp((x - this.area.left) / this.area.width, 0, 1) * this.end; }
  colourOf(label) { return this.palette[label] ?? this.palette.N; }

  regroup(colourBy, sections) {         // One list of notes a colour, made when colours change, not when the window moves
    const { data } = this, scale = (value) => clamp(Math.floor(value * TOUCH_SCALE.length), 0, TOUCH_SCALE.length - 1);
    const names = [...LETTERS, "N"];
    let colours = names.map((name) => this.colourOf(name)), key;
    if (colourBy === "velocity") { colours = TOUCH_SCALE; key = (i) => scale(data.velocity[i] / 128); }
    else if (colourBy === "certainty" && data.hasProbs) { colours = TOUCH_SCALE; key = (i) => scale(1 - data.uncertainty(i)); }
    else if (colourBy === "instrument") { colours = Array.from({ length: 11 }, (_, k) => `hsl(${(210 + k * 131) % 360} 60% ${this.theme.dark ? 62 : 42}%)`); key = (i) => clamp(data.instrument[i], 0, 10); }
    else if (colourBy === "label") key = (i) => (data.label[i] ? data.label[i] - 1 : 4);
    else {
      let k = 0;
      key = (i) => {                    // Notes and sections are both sorted: one walk
        while (k < sections.length && sections[k][1] <= data.onset[i]) k++;
        const name = k < sections.length && sections[k][0] <= data.onset[i] ? sections[k][2] : "N";
        return LETTERS.includes(name) ? LETTERS.indexOf(name) : 4;
      };
    }
    this.groups = data.groups(key, colours.length).map((index, k) => ({ index, colour: colours[k], onset: data.onset }));
    this.overviewImage = null;
  }

  draw(sections, focus) {
    const began = performance.now(), c = this.base.getContext("2d"), { area, theme } = this;
    c.fillStyle = theme.paper; c.fillRect(0, 0, area.left + area.width, area.full);
    c.font = `11px ${theme.font}`; c.textBaseline = "middle";
    c.save(); c.beginPath(); c.rect(area.left, 0, area.width, area.overview - GAP); c.clip();
    this.drawGrid(c); this.drawSections(c, sections, focus); this.drawNotes(c);
    if (this.data.hasProbs) this.drawProbs(c);
    c.restore();
    this.drawKeys(c); this.drawOverview(c, sections);
    return performance.now() - began;
  }

  drawGrid(c) {
    const { area, theme, data, window: { start, end } } = this, wanted = (end - start) * 80 / area.width;
    const step = NICE_STEPS_S.find((s) => s >= wanted) ?? 3600;
    c.fillStyle = theme.dark ? "#ffffff0a" : "#0000000a";
    for (let pitch = data.lowPitch; pitch <= data.highPitch; pitch++)
      if ([1, 3, 6, 8, 10].includes(pitch % 12)) c.fillRect(area.left, this.y(pitch), area.width, this.row());
    const bars = data.bars.filter((at) => at >= start && at < end);
    const every = Math.max(1, 2 ** Math.ceil(Math.log2(Math.max(1, bars.length * 34 / area.width))));
    c.fillStyle = theme.line; c.textAlign = "left";
    const first = firstAtLeast(data.bars, start);
    bars.forEach((at, k) => { if ((first + k) % every === 0) c.fillRect(this.x(at), area.top, 1, area.height); });
    c.fillStyle = theme.faint;
    for (let k = Math.ceil(start / step); k * step < end; k++) {
      c.fillRect(this.x(k * step), RULER - 6, 1, 6);
      c.fillText(clockText(k * step, step), this.x(k * step) + 4, RULER / 2);
    }
  }

  drawSections(c, sections, focus) {
    const { area, theme } = this;
    c.textAlign = "center";
    sections.forEach(([start, end, label], k) => {
      const left = this.x(start), width = this.x(end) - left;
      if (left + width < area.left || left > area.left + area.width) return;
      const colour = this.colourOf(label);
      c.globalAlpha = theme.dark ? 0.16 : 0.1; c.fillStyle = colour; c.fillRect(left, area.top, width, area.height);
      c.globalAlpha = 1; c.fillRect(left + 0.5, RULER + 2, Math.max(1, width - 1), LANE - 5);
      if (k === focus) { c.strokeStyle = theme.ink; c.lineWidth = 2; c.strokeRect(left + 1.5, RULER + 3, Math.max(1, width - 3), LANE - 7); }
      if (width > 14) {
        const from = Math.max(left, area.left), to = Math.min(left + width, area.left + area.width);
        c.fillStyle = inkOn(colour); c.font = `bold 13px ${theme.font}`; c.fillText(label === "N" ? "–" : label, (from + to) / 2, RULER + LANE / 2);
      }
    });
    c.font = `11px ${theme.font}`;
  }

  drawNotes(c) {
    const { area, data, window: { start, end } } = this, scale = area.width / (end - start), tall = Math.max(2, this.row() - 0.7);
    const [first, last] = data.between(start, end);
    c.save(); c.beginPath(); c.rect(area.left, area.top, area.width, area.height); c.clip();
    for (const { index, colour } of this.groups) {
      c.fillStyle = colour;
      for (let k = firstAtLeast(index, first); k < index.length && index[k] < last; k++) {
        const i = index[k];
        c.fillRect(this.x(data.onset[i]), this.y(data.pitch[i]), Math.max(1.5, data.duration[i] * scale - 0.6), tall);
      }
    }
    c.restore();
  }

  drawProbs(c) {                        // Mean probability of the notes of each pixel, held until the next note
    const { area, theme, data, window: { start, end } } = this, wide = Math.ceil(area.width);
    const sums = Array.from({ length: 5 }, () => new Float32Array(wide)), counts = new Uint32Array(wide);
    const [first, last] = data.between(start, end);
    for (let i = Math.max(0, first - 1); i < last; i++) {
      const column = clamp(Math.floor(this.x(data.onset[i]) - area.left), 0, wide - 1);
      for (let k = 0; k < 4; k++) sums[k][column] += data.probs[4 * i + k];
      sums[4][column] += data.uncertainty(i);
      counts[column]++;
    }
    [...LETTERS, "N"].forEach((letter, k) => {
      const bottom = area.probs + (k + 1) * PROB - 3, tall = PROB - 6;
      c.fillStyle = theme.dark ? "#ffffff0a" : "#0000000a"; c.fillRect(area.left, bottom - tall, area.width, tall);
      c.fillStyle = k < 4 ? this.colourOf(letter) : theme.faint;
      for (let column = 0, held = 0; column < wide; column++) {
        if (counts[column]) held = sums[k][column] / counts[column];
        c.fillRect(area.left + column, bottom - held * tall, 1, held * tall);
      }
    });
  }

  drawKeys(c) {
    const { area, theme, data } = this;
    c.fillStyle = theme.raised; c.fillRect(0, 0, area.left, area.full);
    c.fillStyle = theme.line; c.fillRect(area.left - 1, 0, 1, area.full);
    c.textAlign = "right"; c.fillStyle = theme.faint;
    c.fillText("time", area.left - 6, RULER / 2); c.fillText("form", area.left - 6, RULER + LANE / 2);
    for (let pitch = data.lowPitch; pitch <= data.highPitch; pitch++)
      if (pitch % 12 === 0) { c.fillText(pitchName(pitch), area.left - 6, this.y(pitch) + this.row() / 2); c.fillRect(area.left - 4, this.y(pitch) + this.row() - 1, 4, 1); }
    if (data.hasProbs) ["p(A)", "p(B)", "p(C)", "p(D)", "unsure"].forEach((name, k) => c.fillText(name, area.left - 6, area.probs + (k + 0.5) * PROB));
  }

  drawOverview(c, sections) {
    const { area, theme } = this, ratio = window.devicePixelRatio || 1;
    this.overviewImage ??= this.paintOverview(sections, ratio);
    c.drawImage(this.overviewImage, area.left, area.overview, area.width, OVERVIEW);
    const left = area.left + this.window.start / this.end * area.width, right = area.left + this.window.end / this.end * area.width;
    c.fillStyle = theme.dark ? "#00000099" : "#ffffffaa";
    c.fillRect(area.left, area.overview, left - area.left, OVERVIEW); c.fillRect(right, area.overview, area.left + area.width - right, OVERVIEW);
    c.strokeStyle = theme.faint; c.lineWidth = 1; c.strokeRect(left + 0.5, area.overview + 0.5, Math.max(3, right - left) - 1, OVERVIEW - 1);
  }

  paintOverview(sections, ratio) {
    const { area, data, theme } = this, image = document.createElement("canvas"), c = image.getContext("2d");
    image.width = area.width * ratio; image.height = OVERVIEW * ratio; c.scale(ratio, ratio);
    c.fillStyle = theme.raised; c.fillRect(0, 0, area.width, OVERVIEW);
    const scale = area.width / this.end, row = (OVERVIEW - 8) / (data.highPitch - data.lowPitch + 1);
    for (const { index, colour } of this.groups) {
      c.fillStyle = colour;
      for (const i of index) c.fillRect(data.onset[i] * scale, 6 + (data.highPitch - data.pitch[i]) * row, Math.max(1, data.duration[i] * scale), Math.max(1, row));
    }
    for (const [start, end, label] of sections) { c.fillStyle = this.colourOf(label); c.fillRect(start * scale, 0, (end - start) * scale - 1, 4); }
    return image;
  }

  drawOverlay({ selection, cursor, hover, draft }) {
    const c = this.overlay.getContext("2d"), { area, theme, data } = this;
    c.clearRect(0, 0, area.left + area.width, area.full);
    c.save(); c.beginPath(); c.rect(area.left, 0, area.width, area.overview - GAP); c.clip();
    for (const span of [selection, draft].filter((s) => s && s.length === 2)) {
      const left = this.x(span[0]), wide = this.x(span[1]) - left;
      c.globalAlpha = 0.16; c.fillStyle = theme.accent; c.fillRect(left, 0, wide, area.overview);
      c.globalAlpha = 1; c.fillRect(left, 0, 1, area.overview); c.fillRect(left + wide, 0, 1, area.overview);
    }
    if (hover >= 0) {
      c.strokeStyle = theme.ink; c.lineWidth = 1.5;
      c.strokeRect(this.x(data.onset[hover]) - 1, this.y(data.pitch[hover]) - 1, Math.max(3, this.x(data.onset[hover] + data.duration[hover]) - this.x(data.onset[hover])) + 1, Math.max(3, this.row()) + 1);
    }
    c.fillStyle = theme.accent; c.fillRect(this.x(cursor) - 0.75, 0, 1.5, area.overview - GAP);
    c.beginPath(); c.moveTo(this.x(cursor) - 5, 0); c.lineTo(this.x(cursor) + 5, 0); c.lineTo(this.x(cursor), 7); c.fill();
    c.restore();
  }
}
