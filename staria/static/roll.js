// The view of one widget: it joins the data, the painter, the player and the traits that Python sees.

const HELP = "Space plays. Ctrl+wheel, pinch, + and − zoom; drag, wheel with Shift, ← → move; 0 shows all. Drag on the ruler to select, Esc clears. "
  + "Click a section, then A–D relabels it, N takes the label away, Delete removes it, M joins it with the next, S splits at the cursor; "
  + "double-click splits, drag a boundary to move it (Alt: off the notes), drag over empty lane to draw one. Ctrl+Z undoes, [ and ] go from section to section.";

function make(tag, properties = {}, children = []) {
  const { dataset, aria, ...rest } = properties, element = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries(aria ?? {})) element.setAttribute(name === "role" ? name : `aria-${name}`, value);
  Object.assign(element.dataset, dataset ?? {});
  element.append(...children);
  return element;
}

class RollView {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.player = new Player();
    this.history = new History();
    this.state = { selection: model.get("selection"), cursor: 0, hover: -1, focus: -1, draft: null, pointers: new Map() };
    this.build();
    this.painter = new Painter(this.base, this.overlay);
    this.listen();
    this.load();
  }

  // ---- elements -------------------------------------------------------------------------------
  build() {
    const button = (text, label, act) => make("button", { type: "button", textContent: text, title: label, aria: { label }, onclick: act });
    this.playButton = button("▶", "Play (space)", () => this.toggle());
    this.loopBox = make("input", { type: "checkbox", aria: { label: "Repeat the selection" } });
    this.speed = make("select", { title: "Speed", aria: { label: "Speed" } }, [0.5, 0.75, 1, 1.5].map((s) => make("option", { value: s, textContent: `${s}×`, selected: s === 1 })));
    this.colour = make("select", { title: "Colour notes by", aria: { label: "Colour notes by" }, onchange: () => this.put({ colour_by: this.colour.value }) });
    this.clock = make("output", { className: "staria-clock", aria: { label: "Position" } });
    this.legend = make("span", { className: "staria-legend", aria: { label: "Colours" } });
    this.caption = make("span", { className: "staria-title" });
    this.status = make("div", { className: "staria-status", aria: { role: "status", live: "polite" } });
    this.tip = make("div", { className: "staria-tip", hidden: true, aria: { hidden: "true" } });
    const bar = make("div", { className: "staria-bar", aria: { role: "toolbar", label: "Piano roll" } }, [
      this.playButton, this.clock, make("label", { title: "Repeat the selection" }, [this.loopBox, "loop"]), this.speed,
      button("−", "Zoom out (−)", () => this.zoom(1.6)), button("+", "Zoom in (+)", () => this.zoom(1 / 1.6)), button("⤢", "Show the whole piece (0)", () => this.fit()),
      button("↶", "Undo (Ctrl+Z)", () => this.undo()), button("↷", "Redo (Ctrl+Shift+Z)", () => this.redo()), this.colour, this.legend, this.caption,
      button("?", "Keys and gestures", () => { this.help.hidden = !this.help.hidden; }),
    ]);
    this.help = make("div", { className: "staria-help", textContent: HELP, hidden: true });
    this.base = make("canvas", { className: "staria-base", aria: { hidden: "true" } });
    this.overlay = make("canvas", { className: "staria-overlay", tabIndex: 0, aria: { role: "application", roledescription: "piano roll" } });
    this.stage = make("div", { className: "staria-stage", dataset: { lmSuppressShortcuts: "true" } }, [this.base, this.overlay, this.tip]);
    this.root = make("div", { className: "staria-roll", dataset: { lmSuppressShortcuts: "true" } }, [bar, this.help, this.stage, this.status]);
    this.el.append(this.root);
  }

  listen() {
    const on = (target, names, act, options) => { for (const name of names.split(" ")) target.addEventListener(name, act, options); };
    on(this.overlay, "pointerdown", (event) => this.press(event));
    on(this.overlay, "pointermove", (event) => this.drag(event));
    on(this.overlay, "pointerup pointercancel", (event) => this.release(event));
    on(this.overlay, "pointerleave", () => this.point(-1));
    on(this.overlay, "dblclick", (event) => this.doubleClick(event));
    on(this.overlay, "wheel", (event) => this.wheel(event), { passive: false });
    on(this.overlay, "keydown", (event) => this.key(event));
    on(this.root, "keydown", (event) => event.stopPropagation());
    const follow = { "change:note_rows change:prob_rows change:bar_rows": () => this.load(), "change:sections": () => this.recolour(),
      "change:colour_by change:palette": () => this.recolour(), "change:title": () => this.describe(), "change:height": () => this.resize(),
      "change:selection": () => { this.state.selection = this.model.get("selection"); this.later(); } };
    for (const [names, act] of Object.entries(follow)) this.model.on(names, act);
    this.sizes = new ResizeObserver(() => { this.resize(); this.dress(); });   // The first call comes when the page takes the view in: only now are its colours known
    this.sizes.observe(this.stage);
    this.themes = new MutationObserver(() => this.dress());
    this.themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
    this.leave = () => { for (const [names, act] of Object.entries(follow)) this.model.off(names, act); };
  }

  close() { this.leave(); this.sizes.disconnect(); this.themes.disconnect(); this.player.close(); cancelAnimationFrame(this.frame); }

  // ---- from Python, to Python -----------------------------------------------------------------
  get sections() { return this.model.get("sections"); }

  put(values) { for (const [name, value] of Object.entries(values)) this.model.set(name, value); this.model.save_changes(); }

  load() {
    this.player.stop();
    this.data = this.painter.data = new RollData(this.model.get("note_rows"), this.model.get("prob_rows"), this.model.get("bar_rows"));
    const ends = this.sections.map(([, end]) => end);
    this.end = this.painter.end = Math.max(this.data.end, ...ends, 1);
    Object.assign(this.state, { cursor: 0, hover: -1, focus: -1 });
    this.player.from = 0;
    this.history = new History();
    const ways = ["section", ...(this.model.get("labelled") ? ["label"] : []), "velocity", "instrument", ...(this.data.hasProbs ? ["certainty"] : [])];
    this.colour.replaceChildren(...ways.map((way) => make("option", { value: way, textContent: way })));
    this.painter.window = { start: 0, end: this.end };
    this.resize();
    if (this.root.isConnected) this.dress();
    this.describe();
  }

  dress() { this.painter.theme = readTheme(this.root); this.recolour(); }

  recolour() {
    if (!this.painter.theme) return;
    this.painter.palette = legible(this.model.get("palette"), this.painter.theme);
    const by = this.colour.value = this.model.get("colour_by");
    this.painter.regroup(by, this.sections);
    const chips = { velocity: ["soft", ...TOUCH_SCALE, "loud"], certainty: ["unsure", ...TOUCH_SCALE, "sure"], instrument: [] }[by];
    const chip = (colour, text = "") => make("span", { className: "staria-chip", textContent: text, style: `background:${colour};color:${inkOn(colour)}` });
    const names = [...LETTERS.filter((letter) => this.sections.some((s) => s[2] === letter) || this.data.label.includes(LETTERS.indexOf(letter) + 1)), "N"];
    this.legend.replaceChildren(...(chips ?? names).map((item) => (chips ? (item.startsWith("#") ? chip(item) : make("span", { textContent: item })) : chip(this.painter.colourOf(item), item === "N" ? "none" : item))));
    this.later(true);
  }

  describe() {
    const form = this.sections.map((s) => s[2]).filter((label) => label !== "N").join(""), title = this.model.get("title");
    this.caption.textContent = title;
    this.overlay.setAttribute("aria-label", `Piano roll${title ? ` of ${title}` : ""}: ${this.data.n} notes, ${clockText(this.end)}${form ? `, form ${form}` : ""}. ${HELP}`);
  }

  say(text) { this.status.textContent = text; }

  // ---- the frame ------------------------------------------------------------------------------
  resize() {
    const width = this.stage.clientWidth;
    if (!width) return;
    this.painter.resize(width, this.model.get("height"), this.data.hasProbs);
    this.painter.overviewImage = null;
    this.stage.style.height = `${this.model.get("height")}px`;
    this.later(true);
  }

  later(all = false) {                  // Many changes, one frame
    this.stale ||= all;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.painter.area || !this.painter.theme) return;
      if (this.stale) { this.root.dataset.drawMs = this.painter.draw(this.sections, this.state.focus).toFixed(2); this.stale = false; }
      this.painter.drawOverlay(this.state);
      this.clock.textContent = `${clockText(this.state.cursor, 0.1)} / ${clockText(this.end)}${this.data.bars.length ? ` · bar ${this.data.barAt(this.state.cursor)}` : ""}`;
      Object.assign(this.root.dataset, { start: this.painter.window.start, end: this.painter.window.end, cursor: this.state.cursor });
    });
  }

  look(start, end) {                    // Show [start, end), kept inside the piece
    const span = clamp(end - start, 0.25, this.end), from = clamp(start, 0, this.end - span);
    this.painter.window = { start: from, end: from + span };
    this.later(true);
  }

  zoom(factor, at = null) {
    const { start, end } = this.painter.window;
    const inside = this.state.cursor >= start && this.state.cursor < end, centre = at ?? (inside ? this.state.cursor : (start + end) / 2);
    const span = clamp((end - start) * factor, 0.25, this.end), share = (centre - start) / (end - start);
    this.look(centre - share * span, centre + (1 - share) * span);
  }

  pan(seconds) { const { start, end } = this.painter.window; this.look(start + seconds, end + seconds); }
  fit() { this.look(0, this.end); }

  // ---- playing --------------------------------------------------------------------------------
  toggle() {
    if (this.player.playing) { this.player.stop(); this.played(); return; }
    const { selection } = this.state, chosen = selection.length === 2;
    const [from, to] = chosen ? selection : [this.state.cursor >= this.end - 0.05 ? 0 : this.state.cursor, this.end];
    this.player.start(this.data, from, to, { speed: Number(this.speed.value), loop: chosen && this.loopBox.checked, onEnd: () => this.played() });
    this.playButton.textContent = "■";
    this.playButton.setAttribute("aria-label", "Stop (space)");
    this.put({ playing: true });
    const follow = () => {
      if (!this.player.playing) return;
      this.state.cursor = this.player.now();
      const { start, end } = this.painter.window;
      if (this.state.cursor > end || this.state.cursor < start) this.look(this.state.cursor, this.state.cursor + end - start);
      this.later();
      requestAnimationFrame(follow);
    };
    follow();
  }

  played() {
    this.playButton.textContent = "▶";
    this.playButton.setAttribute("aria-label", "Play (space)");
    this.state.cursor = this.player.now();
    this.put({ playing: false, cursor_s: this.state.cursor });
    this.later();
  }

  jump(time) {
    const again = this.player.playing;
    if (again) this.player.stop();
    this.state.cursor = this.player.from = clamp(time, 0, this.end);
    if (again) { this.select([]); this.toggle(); }
    this.put({ cursor_s: this.state.cursor });
    this.later();
  }

  select(span) { this.state.selection = span; this.put({ selection: span }); this.later(); }

  // ---- editing --------------------------------------------------------------------------------
  edit(sections, focus = this.state.focus) {
    if (sections === this.sections) return;
    this.history.remember(this.before ?? this.sections);
    this.before = null;
    this.replace(sections, focus);
  }

  replace(sections, focus = -1) { this.put({ sections }); this.focus(Math.min(focus, sections.length - 1)); this.recolour(); this.describe(); }
  undo() { const sections = this.history.undo(this.sections); if (sections) this.replace(sections); }
  redo() { const sections = this.history.redo(this.sections); if (sections) this.replace(sections); }

  focus(k) {
    this.state.focus = k;
    if (k >= 0) { const [start, end, label] = this.sections[k]; this.say(`Section ${k + 1} of ${this.sections.length}: ${label}, ${clockText(start, 0.1)} to ${clockText(end, 0.1)}`); } else this.say("");
    this.later(true);
  }

  // ---- pointer, wheel, keys -------------------------------------------------------------------
  place(event) {
    const box = this.overlay.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top, { area } = this.painter;
    const zone = y >= area.overview ? "overview" : y < RULER ? "ruler" : y < RULER + LANE ? "lane" : y < area.top + area.height ? "roll" : "probs";
    return { x, y, zone, time: clamp(this.painter.time(x), 0, this.end), slack: 6 * (this.painter.window.end - this.painter.window.start) / area.width };
  }

  press(event) {
    if (event.button > 0) return;
    const at = this.place(event), { pointers } = this.state;
    this.overlay.focus({ preventScroll: true });
    this.overlay.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, at);
    if (pointers.size === 2) { this.gesture = null; return; }
    this.gesture = { ...at, window: { ...this.painter.window }, moved: false };
    if (at.zone === "overview") this.centre(at);
    else if (at.zone === "ruler" || (at.zone === "roll" && event.shiftKey)) this.gesture.zone = "ruler";
    else if (at.zone === "lane") {
      this.gesture.boundary = boundaryNear(this.sections, at.time, at.slack);
      this.before = this.sections;
      if (!this.gesture.boundary) this.focus(sectionAt(this.sections, at.time));
    }
  }

  centre({ x }) {
    const middle = this.painter.overviewTime(x), half = (this.painter.window.end - this.painter.window.start) / 2;
    this.look(middle - half, middle + half);
  }

  drag(event) {
    const at = this.place(event), { pointers } = this.state, { gesture } = this;
    if (!pointers.has(event.pointerId)) return this.hover(at);
    if (pointers.size === 2) return this.pinch(event, at);
    if (!gesture) return;
    gesture.moved ||= Math.abs(at.x - gesture.x) > 3;
    if (!gesture.moved) return;
    this.point(-1);
    if (gesture.zone === "overview") this.centre(at);
    else if (gesture.zone === "ruler") this.state.selection = [Math.min(gesture.time, at.time), Math.max(gesture.time, at.time)];
    else if (gesture.zone === "lane" && gesture.boundary) {
      const onset = this.data.nearestOnset(at.time), to = !event.altKey && Math.abs(onset - at.time) <= at.slack ? onset : at.time;
      this.model.set("sections", moved(this.before, gesture.boundary, to, this.end));      // Python hears of it on release
      this.painter.regroup(this.colour.value, this.sections);
      this.stale = true;
    } else if (gesture.zone === "lane" && sectionAt(this.sections, gesture.time) < 0) this.state.draft = [Math.min(gesture.time, at.time), Math.max(gesture.time, at.time)];
    else {
      const seconds = (gesture.x - at.x) / this.painter.area.width * (gesture.window.end - gesture.window.start);
      this.look(gesture.window.start + seconds, gesture.window.end + seconds);
    }
    this.later();
  }

  release(event) {
    const { pointers, draft } = this.state, { gesture } = this;
    pointers.delete(event.pointerId);
    if (!gesture || pointers.size) { this.gesture = null; return; }
    this.gesture = null;
    if (gesture.zone === "ruler" && gesture.moved) this.select(this.state.selection);
    else if (!gesture.moved && ["ruler", "roll", "probs"].includes(gesture.zone)) this.jump(gesture.time);
    else if (draft) { this.state.draft = null; const sections = drawn(this.sections, ...draft, "N"); this.edit(sections, sectionAt(sections, (draft[0] + draft[1]) / 2)); }
    else if (gesture.boundary && gesture.moved) { const after = this.sections, { boundary: { right, left } } = gesture; this.history.remember(this.before); this.before = null; this.replace([...after], right >= 0 ? right : left); }
    this.before = null;
    this.later();
  }

  pinch(event, at) {
    const { pointers } = this.state, [a, b] = [...pointers.values()];
    const apart = Math.abs(a.x - b.x), middle = this.painter.time((a.x + b.x) / 2);
    pointers.set(event.pointerId, at);
    const [c, d] = [...pointers.values()];
    if (apart > 4 && Math.abs(c.x - d.x) > 4) this.zoom(apart / Math.abs(c.x - d.x), middle);
  }

  wheel(event) {                        // A plain wheel scrolls the notebook until the roll has the focus
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX, focused = document.activeElement === this.overlay;
    const span = this.painter.window.end - this.painter.window.start;
    if (event.ctrlKey || event.metaKey || (focused && Math.abs(event.deltaY) > Math.abs(sideways))) this.zoom(Math.exp(clamp(event.deltaY, -120, 120) * (event.ctrlKey && Math.abs(event.deltaY) < 20 ? 0.02 : 0.003)), this.place(event).time);
    else if (sideways) this.pan(sideways / this.painter.area.width * span);
    else return;
    event.preventDefault();
  }

  doubleClick(event) {
    const at = this.place(event);
    if (at.zone === "lane") this.edit(split(this.sections, at.time), sectionAt(this.sections, at.time));
    if (at.zone === "roll") { const k = sectionAt(this.sections, at.time); if (k >= 0) this.select(this.sections[k].slice(0, 2)); }
  }

  key(event) {
    const span = this.painter.window.end - this.painter.window.start, { focus } = this.state, ctrl = event.ctrlKey || event.metaKey;
    const step = (by) => { if (this.sections.length) { const k = clamp(focus + by, 0, this.sections.length - 1); this.focus(k); const [a, b] = this.sections[k]; if (a < this.painter.window.start || b > this.painter.window.end) this.look(a - span * 0.1, a + span * 0.9); } };
    const plain = {
      " ": () => this.toggle(), "+": () => this.zoom(1 / 1.6), "=": () => this.zoom(1 / 1.6), "-": () => this.zoom(1.6), "0": () => this.fit(),
      ArrowLeft: () => this.pan(-span / 8), ArrowRight: () => this.pan(span / 8), PageUp: () => this.pan(-span), PageDown: () => this.pan(span),
      Home: () => this.jump(0), End: () => this.look(this.end - span, this.end), "[": () => step(-1), "]": () => step(1),
      Escape: () => { this.select([]); this.focus(-1); }, s: () => this.edit(split(this.sections, this.state.cursor), sectionAt(this.sections, this.state.cursor)),
    };
    if (focus >= 0) {
      for (const letter of [...LETTERS, "N"]) plain[letter.toLowerCase()] = () => this.edit(relabelled(this.sections, focus, letter));
      plain.Delete = plain.Backspace = () => this.edit(without(this.sections, focus), -1);
      plain.m = () => this.edit(mergedWithNext(this.sections, focus));
      plain.Enter = () => this.select(this.sections[focus].slice(0, 2));
    }
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = ctrl ? { z: () => (event.shiftKey ? this.redo() : this.undo()), y: () => this.redo() }[name] : plain[name];
    if (!act) return;
    act();
    event.preventDefault();
  }

  // ---- pointing -------------------------------------------------------------------------------
  hover(at) {
    const near = at.zone === "lane" && boundaryNear(this.sections, at.time, at.slack);
    this.overlay.style.cursor = { roll: "grab", ruler: "text", lane: near ? "ew-resize" : "pointer", overview: "move", probs: "default" }[at.zone];
    this.point(at.zone === "roll" ? this.data.noteAt(at.time, this.painter.pitch(at.y), at.slack / 3) : -1, at);
  }

  point(i, at) {
    if (i !== this.state.hover) { this.state.hover = i; this.later(); }
    this.tip.hidden = i < 0;
    if (i < 0) return;
    const { data } = this, start = data.onset[i], bar = data.barAt(start), k = sectionAt(this.sections, start);
    const lines = [`${pitchName(data.pitch[i])}  ${start.toFixed(2)}–${(start + data.duration[i]).toFixed(2)} s${bar ? `, bar ${bar}` : ""}`,
      `velocity ${data.velocity[i]}, ${this.model.get("instruments")[data.instrument[i]] ?? "piano"}`];
    const heard = data.label[i] && this.model.get("labelled") ? `label ${LETTERS[data.label[i] - 1]}` : "";
    const section = k >= 0 ? `section ${this.sections[k][2]}` : "";
    if (heard || section) lines.push([section, heard].filter(Boolean).join(", "));
    if (data.hasProbs) lines.push(LETTERS.map((letter, c) => `p(${letter}) ${data.probs[4 * i + c].toFixed(2)}`).join("  "));
    this.tip.textContent = lines.join("\n");
    const left = at.x + 14 + this.tip.offsetWidth > this.stage.clientWidth ? at.x - 14 - this.tip.offsetWidth : at.x + 14;
    Object.assign(this.tip.style, { left: `${Math.max(0, left)}px`, top: `${Math.min(at.y + 14, this.stage.clientHeight - this.tip.offsetHeight)}px` });
  }
}

export default {
  render({ model, el }) {
    const view = new RollView(model, el);
    return () => view.close();
  },
};
