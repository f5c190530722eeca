// Why a note was written, below the roll: how likely each was, and, for the one that is chosen, which notes of its
// letter's snippet it read, as ribbons from the note to them.

const WHY_LANE = 14; // Pixels: how likely each note was
const WHY_RIBBONS = 54;
const WHY_SNIPPET = 84;
const WHY_FIGURES = 5; // Of each note: nats, guided, instead, returns, nothing
const MOST_NATS = 10; // The darkest shade
const LEAST_READ = 0.01; // A thinner ribbon is not drawn

class WhyPane {
  constructor(view) {
    this.view = view;
    this.asked = 0;
    this.open = false;
    this.facts = null;
    this.note = -1;
    this.button = button("Why", "Show how likely each note was, and what of its snippet it read", () => this.toggle());
    this.button.setAttribute("aria-expanded", "false");
    this.caption = make("div", { className: "staria-caption", aria: { role: "status", live: "polite" } });
    this.canvas = make("canvas", {
      className: "staria-why-canvas",
      tabIndex: 0,
      aria: {
        role: "application",
        roledescription: "reasons",
        label: "Why: left and right go from note to note, Enter plays the note, space plays or stops",
      },
      onclick: (event) => this.click(event),
      onkeydown: (event) => this.key(event),
    });
    this.root = make("div", { className: "staria-why", hidden: true }, [this.canvas, this.caption]);
  }

  toggle() {
    this.open = !this.open;
    this.root.hidden = !this.open;
    this.button.setAttribute("aria-expanded", String(this.open));
    if (this.open) this.ask();
  }

  load() {
    // Another piece, or more of it: what was known holds no longer
    this.button.hidden = !this.view.model.get("can_explain");
    this.facts = null;
    this.note = -1;
    delete this.root.dataset.notes;
    clearTimeout(this.soon);
    if (this.open) this.soon = setTimeout(() => this.ask(), SHEET_PAUSE_MS);
  }

  ask() {
    const { model } = this.view;
    if (!model.get("can_explain")) return;
    if (model.comm_live === false) {
      this.caption.textContent = "no reasons: is the kernel running?";
      return;
    }
    this.caption.textContent = "the model reads the piece once more …";
    this.asked++;
    model.send({ do: "why", number: this.asked });
  }

  came({ why, number, problem }, views) {
    if (number !== this.asked || !this.open) return;
    if (problem) {
      this.caption.textContent = problem;
      return;
    }
    const [figures, read] = views.map((each) => new Float32Array(bytesOf(each)));
    this.facts = { ...why, figures, read, most: figures.length ? read.length / (figures.length / WHY_FIGURES) : 0 };
    this.root.dataset.notes = figures.length / WHY_FIGURES;
    this.caption.textContent = "Dark notes were unlikely. Click a note, here or on the roll, to see what it read.";
    this.view.later();
  }

  figure(i, k) {
    return this.facts.figures[WHY_FIGURES * i + k];
  }

  letterOf(i) {
    const k = sectionAt(this.view.sections, this.view.data.onset[i]);
    return this.facts.letters[i] ?? (k < 0 ? "" : this.view.sections[k][2]);
  }

  // ---- drawing ------------------------------------------------------------------------------------
  draw() {
    if (!this.open) return;
    const { painter, data } = this.view;
    const { theme, area } = painter;
    const wide = area.left + area.width;
    const tall = WHY_LANE + WHY_RIBBONS + WHY_SNIPPET;
    const ratio = window.devicePixelRatio || 1;
    const { canvas } = this;
    Object.assign(canvas.style, { width: `${wide}px`, height: `${tall}px` });
    canvas.width = Math.round(wide * ratio);
    canvas.height = Math.round(tall * ratio);
    const c = canvas.getContext("2d");
    c.scale(ratio, ratio);
    c.fillStyle = theme.paper;
    c.fillRect(0, 0, wide, tall);
    c.font = "11px system-ui, sans-serif";
    c.textBaseline = "middle";
    c.fillStyle = theme.faint;
    c.fillText("unlikely", 4, WHY_LANE / 2 + 1);
    if (!this.facts || this.root.dataset.notes !== String(data.n)) return;
    this.drawLane(c);
    if (this.note >= 0) this.drawNote(c);
  }

  drawLane(c) {
    const { painter, data } = this.view;
    const { start, end } = painter.window;
    c.fillStyle = painter.theme.ink;
    for (let i = 0; i < data.n; i++) {
      if (data.onset[i] > end || data.onset[i] + data.duration[i] < start) continue;
      const x = Math.max(painter.area.left, painter.x(data.onset[i]));
      c.globalAlpha = clamp(this.figure(i, 0) / MOST_NATS, 0.03, 1);
      c.fillRect(x, 2, Math.max(2, painter.x(data.onset[i] + Math.min(data.duration[i], 0.25)) - x), WHY_LANE - 4);
    }
    c.globalAlpha = 1;
  }

  drawNote(c) {
    const { painter, data } = this.view;
    const i = this.note;
    const letter = this.letterOf(i);
    const colour = painter.colourOf(letter);
    const at = clamp(painter.x(data.onset[i]), painter.area.left, painter.area.left + painter.area.width);
    c.strokeStyle = painter.theme.ink;
    c.strokeRect(at - 1, 0.5, 4, WHY_LANE - 1);
    const notes = this.facts.snippets[letter] ?? [];
    if (!notes.length) {
      c.fillStyle = painter.theme.faint;
      c.fillText(`${letter} has no snippet: it was left to the model`, painter.area.left, WHY_LANE + WHY_RIBBONS / 2);
      return;
    }
    const top = WHY_LANE + WHY_RIBBONS;
    const length = Math.max(...notes.map(([onset, duration]) => onset + duration), 0.1);
    const pitches = notes.map(([, , pitch]) => pitch);
    const low = Math.min(...pitches);
    const row = (WHY_SNIPPET - 8) / (Math.max(...pitches) - low + 1);
    const x = (time) => painter.area.left + (time / length) * painter.area.width;
    const y = (pitch) => top + WHY_SNIPPET - 4 - (pitch - low + 1) * row;
    c.fillStyle = painter.theme.faint;
    c.fillText(`snippet ${letter}`, 2, top + 8);
    const weights = notes.map((_, k) => this.facts.read[i * this.facts.most + k]);
    const most = Math.max(...weights, 1e-6);
    notes.forEach(([onset, duration, pitch], k) => {
      c.fillStyle = colour;
      c.globalAlpha = 0.4 + 0.6 * (weights[k] / most);
      c.fillRect(x(onset), y(pitch), Math.max(2, x(onset + duration) - x(onset) - 1), Math.max(2, row - 1));
      if (weights[k] < LEAST_READ) return;
      c.globalAlpha = 0.25 + 0.65 * (weights[k] / most);
      c.strokeStyle = colour;
      c.lineWidth = 1 + 6 * weights[k];
      const to = x(onset) + 2;
      c.beginPath();
      c.moveTo(at, WHY_LANE);
      c.bezierCurveTo(at, WHY_LANE + WHY_RIBBONS * 0.6, to, WHY_LANE + WHY_RIBBONS * 0.4, to, y(pitch));
      c.stroke();
    });
    c.globalAlpha = 1;
    c.lineWidth = 1;
  }

  // ---- choosing -----------------------------------------------------------------------------------
  choose(i, play = false) {
    if (!this.open || !this.facts || i < 0 || i >= this.view.data.n) return;
    this.note = i;
    this.root.dataset.note = i;
    this.caption.textContent = this.words(i);
    if (play) {
      const { data } = this.view;
      this.view.playSpans([[data.onset[i], data.onset[i] + data.duration[i]]]);
    }
    this.view.later();
  }

  words(i) {
    const { data } = this.view;
    const letter = this.letterOf(i);
    const [nats, guided, instead, returns, nothing] = [0, 1, 2, 3, 4].map((k) => this.figure(i, k));
    const bar = data.barAt(data.onset[i]);
    const chance = Math.exp(nats);
    const whole = Math.round(chance).toLocaleString("en");
    const likely = chance < 1e6 ? `one in ${chance < 20 ? chance.toFixed(1) : whole}` : "less than one in a million";
    const notes = this.facts.snippets[letter] ?? [];
    const weights = notes.map((_, k) => this.facts.read[i * this.facts.most + k]);
    const share = weights.reduce((sum, weight) => sum + weight, 0);
    const best = weights.indexOf(Math.max(...weights));
    const per = (value) => `${Math.round(100 * value)} %`;
    const parts = [
      `${pitchName(data.pitch[i])}${bar ? `, bar ${bar}` : ""}: ${nats.toFixed(1)} nats, ${likely}.`,
      notes.length
        ? `It read ${letter}'s snippet for ${per(share)}, most at ${notes[best][0].toFixed(1)} s ` +
          `(${pitchName(notes[best][2])}, ${per(weights[best])})` +
          `${returns >= 0.005 ? `, earlier sections of ${letter} for ${per(returns)}` : ""}` +
          `${nothing >= 0.005 ? `, nothing for ${per(nothing)}` : ""}.`
        : `${letter} has no snippet.`,
    ];
    if (this.facts.guidance !== 1) {
      const times = Math.exp(Math.abs(guided));
      const way = guided >= 0 ? "more" : "less";
      const led =
        times < 1.05
          ? "Guidance left its key as likely as it was"
          : `Guidance made its key ${times.toFixed(1)} times ${way} likely`;
      const other =
        instead === data.pitch[i] ? "it was the likeliest without, too" : `without, ${pitchName(instead)} was likeliest`;
      parts.push(`${led}; ${other}.`);
    }
    return parts.join(" ");
  }

  click(event) {
    if (!this.facts) return;
    const { painter, data } = this.view;
    const time = painter.time(event.offsetX);
    let best = -1;
    for (let i = 0; i < data.n; i++) {
      if (best < 0 || Math.abs(data.onset[i] - time) < Math.abs(data.onset[best] - time)) best = i;
    }
    this.choose(best, true);
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && this.facts) {
      const i = clamp(this.note < 0 ? 0 : this.note + step, 0, this.view.data.n - 1);
      this.view.showNote(i, this.view.data.onset[i]);
      this.choose(i);
    } else if (event.key === "Enter") this.choose(this.note, true);
    else if (event.key === " ") this.view.toggle();
    else return;
    event.preventDefault();
  }
}
