// What stands beside the roll: the self-similarity matrix, and the list of tokens. Each is linked to
// the roll both ways.

const HEAT = ["#ffffff", "#dce9f3", "#8db9d8", "#2f7db5", "#08306b"];
const ROW_PX = 20;
const LISTEN_S = 4;

function heatPixels(dark) {
  // 256 colours from alike to unalike: the same as in the printed figures, from dark to light on a dark page
  const stops = (dark ? ["#0b1220", "#12324f", "#2f7db5", "#8db9d8", "#f2f8fd"] : HEAT).map(channels);
  return Uint32Array.from({ length: 256 }, (_, value) => {
    const at = (value / 255) * (stops.length - 1);
    const k = Math.min(stops.length - 2, Math.floor(at));
    const share = at - k;
    const [r, g, b] = stops[k].map((c, j) => Math.round(c + (stops[k + 1][j] - c) * share));
    return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
  });
}

class MatrixPane {
  // A cell compares two instants; clicking it plays both places, one after the other
  constructor(view) {
    this.view = view;
    this.canvas = make("canvas", {
      className: "staria-matrix",
      tabIndex: 0,
      aria: {
        role: "application",
        label: "Self-similarity matrix: arrow keys choose two places, Enter plays both",
      },
    });
    this.caption = make("div", { className: "staria-caption", aria: { role: "status", live: "polite" } });
    this.root = make("div", { className: "staria-pane" }, [this.canvas, this.caption]);
    this.cell = null;
    this.canvas.onpointermove = (event) => {
      if (!this.playing) this.point(this.cellAt(event));
    };
    this.canvas.onclick = (event) => {
      this.point(this.cellAt(event));
      this.play();
    };
    this.canvas.onkeydown = (event) => this.key(event);
  }

  load() {
    const bytes = new Uint8Array(bytesOf(this.view.model.get("similarity")));
    this.n = Math.round(Math.sqrt(bytes.length));
    this.values = bytes;
    this.hop = this.view.model.get("similarity_hop_s");
    this.cell = null;
    this.there = this.n > 1;
    this.root.hidden = !this.there;
  }

  dress(theme) {
    if (!this.there) return;
    const image = new ImageData(this.n, this.n);
    const out = new Uint32Array(image.data.buffer);
    const colours = heatPixels(theme.dark);
    const { n, values } = this;
    const sorted = Uint8Array.from(values).sort();
    const low = sorted[Math.floor(sorted.length * 0.05)];
    const high = Math.max(low + 1, sorted[sorted.length - 1]);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        out[(n - 1 - i) * n + j] =
          colours[clamp(Math.round(((values[i * n + j] - low) / (high - low)) * 255), 0, 255)];
      }
    }
    this.picture = make("canvas", { width: n, height: n });
    this.picture.getContext("2d").putImageData(image, 0, 0);
    this.draw();
  }

  resize(side) {
    const ratio = window.devicePixelRatio || 1;
    this.side = side;
    this.canvas.width = this.canvas.height = Math.round(side * ratio);
    this.canvas.style.width = this.canvas.style.height = `${side}px`;
    this.canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    this.draw();
  }

  at(time) {
    return clamp(time / (this.n * this.hop), 0, 1) * this.side;
  }

  draw() {
    if (!this.there || !this.picture || !this.side) return;
    const c = this.canvas.getContext("2d");
    const { side, view } = this;
    const { theme } = view.painter;
    const { cursor } = view.state;
    const { start, end } = view.painter.window;
    c.imageSmoothingEnabled = false;
    c.drawImage(this.picture, 0, 0, side, side);
    for (const [from] of view.sections.slice(1)) {
      for (const [colour, wide] of [
        ["#ffffff", 1.6],
        ["#222222", 0.6],
      ]) {
        c.fillStyle = colour;
        c.fillRect(this.at(from), 0, wide, side);
        c.fillRect(0, side - this.at(from), side, wide);
      }
    }
    c.strokeStyle = theme.faint;
    c.lineWidth = 1;
    c.strokeRect(
      this.at(start) + 0.5,
      side - this.at(end) + 0.5,
      this.at(end) - this.at(start) - 1,
      this.at(end) - this.at(start) - 1,
    );
    c.fillStyle = "#d55e00";
    c.fillRect(this.at(cursor), 0, 1.5, side);
    c.fillRect(0, side - this.at(cursor), side, 1.5);
    if (!this.cell) return;
    const unit = Math.max(7, side / this.n);
    const [i, j] = this.cell;
    c.strokeStyle = "#d55e00";
    c.lineWidth = 2;
    c.strokeRect(
      ((j + 0.5) / this.n) * side - unit / 2,
      side - ((i + 0.5) / this.n) * side - unit / 2,
      unit,
      unit,
    );
  }

  cellAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const index = (share) => clamp(Math.floor(share * this.n), 0, this.n - 1);
    return [index(1 - (event.clientY - box.top) / box.height), index((event.clientX - box.left) / box.width)];
  }

  point(cell) {
    this.cell = cell;
    const [i, j] = cell.map((k) => k * this.hop);
    const value = this.values[cell[0] * this.n + cell[1]] / 255;
    this.caption.textContent = `${clockText(i, 0.1)} against ${clockText(j, 0.1)}: ${value.toFixed(2)}`;
    this.draw();
  }

  play() {
    const places = [...this.cell].sort((a, b) => a - b).map((k) => k * this.hop);
    const spans = [...new Set(places)].map((from) => [from, Math.min(from + LISTEN_S, this.view.end)]);
    this.view.put({ cell_s: this.cell.map((k) => k * this.hop) });
    this.playing = true;
    this.view.playSpans(spans, () => {
      this.playing = false;
    });
  }

  key(event) {
    const [i, j] = this.cell ?? [0, 0];
    const steps = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const size = event.shiftKey ? 8 : 1;
    if (steps) {
      this.point([clamp(i + steps[0] * size, 0, this.n - 1), clamp(j + steps[1] * size, 0, this.n - 1)]);
    } else if ((event.key === "Enter" || event.key === " ") && this.cell) this.play();
    else return;
    event.preventDefault();
  }
}

class TokenPane {
  // Only the rows in sight are in the page: a long piece has 300,000
  constructor(view) {
    this.view = view;
    this.rows = make("div", { className: "staria-rows" });
    this.list = make(
      "div",
      {
        className: "staria-tokens",
        tabIndex: 0,
        aria: {
          role: "listbox",
          label: "Tokens: up and down go through them, Enter goes to the place on the roll",
        },
      },
      [this.rows],
    );
    this.root = make("div", { className: "staria-pane" }, [
      make("div", { className: "staria-caption", textContent: "position · id · token" }),
      this.list,
    ]);
    this.chosen = -1;
    this.marked = [];
    this.list.onscroll = () => this.draw();
    this.list.onclick = (event) => {
      const row = event.target.closest("[data-at]");
      if (row) this.choose(Number(row.dataset.at));
    };
    this.list.onkeydown = (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20 }[event.key];
      if (step) this.choose(clamp(this.chosen + step, 0, this.n - 1), true);
      else if (event.key === "Enter" && this.chosen >= 0) this.view.jump(this.timeOf(this.chosen));
      else return;
      event.preventDefault();
    };
  }

  load() {
    this.n = this.view.data.nTokens;
    this.there = this.n > 0 && this.view.model.get("list_tokens");
    this.root.hidden = !this.there;
    this.chosen = -1;
    this.marked = [];
    this.rows.style.height = `${this.n * ROW_PX}px`;
  }

  dress() {
    this.draw();
  }
  resize(side, tall) {
    this.root.style.width = `${side}px`;
    this.list.style.height = `${tall - 20}px`;
    this.draw();
  }
  timeOf(at) {
    const { data } = this.view;
    const note = data.tokenNote[at];
    return note >= 0 ? data.onset[note] : data.tokenMs[at] / 1000;
  }

  choose(at, scroll = false) {
    // From the list to the roll
    this.chosen = at;
    const note = this.view.data.tokenNote[at];
    this.marked = note >= 0 ? this.view.data.tokensOf(note) : [at];
    if (scroll) this.show(at);
    this.draw();
    this.view.showNote(note, this.timeOf(at));
    this.view.put({ token: at });
    this.view.say(`Token ${at}: ${this.wordOf(at)}`);
  }

  mark(note) {
    // From the roll to the list
    this.marked = this.view.data.tokensOf(note);
    if (this.marked.length) this.show(this.marked[0]);
    this.draw();
  }

  show(at) {
    const { scrollTop, clientHeight } = this.list;
    const y = at * ROW_PX;
    if (y < scrollTop || y > scrollTop + clientHeight - 3 * ROW_PX) {
      this.list.scrollTop = Math.max(0, y - clientHeight / 3);
    }
  }
  wordOf(at) {
    const id = this.view.data.tokenId[at];
    return this.view.data.words[id] ?? String(id);
  }

  draw() {
    if (!this.there) return;
    const { data, painter } = this.view;
    const first = Math.max(0, Math.floor(this.list.scrollTop / ROW_PX) - 2);
    const last = Math.min(this.n, first + Math.ceil((this.list.clientHeight || 400) / ROW_PX) + 4);
    const rows = [];
    for (let at = first; at < last; at++) {
      const note = data.tokenNote[at];
      const label = note >= 0 ? data.label[note] : 0;
      const chip = make("span", {
        className: "staria-dot",
        textContent: label ? LETTERS[label - 1] : "",
      });
      if (label && painter.palette) {
        chip.style.background = painter.colourOf(LETTERS[label - 1]);
        chip.style.color = inkOn(painter.colourOf(LETTERS[label - 1]));
      }
      const row = make(
        "div",
        {
          id: `${this.view.id}-token-${at}`,
          className: `staria-row${this.marked.includes(at) ? " staria-marked" : ""}`,
          dataset: { at },
          aria: { role: "option", selected: String(at === this.chosen) },
        },
        [
          chip,
          make("span", { className: "staria-number", textContent: at }),
          make("span", { className: "staria-number", textContent: data.tokenId[at] }),
          make("span", { textContent: this.wordOf(at) }),
        ],
      );
      row.style.top = `${at * ROW_PX}px`;
      rows.push(row);
    }
    this.rows.replaceChildren(...rows);
    if (this.chosen >= first && this.chosen < last) {
      this.list.setAttribute("aria-activedescendant", `${this.view.id}-token-${this.chosen}`);
    } else this.list.removeAttribute("aria-activedescendant");
  }
}
