// The view of one widget: it joins the data, the painter, the player and the traits that Python sees.

// All rolls of the page: one sounds at a time, and one hands over to the next
const { rolls } = shared;
const MOST_SAID = 8; // Sections
const SAID_AFTER_MS = 400; // What is shown is said when keys rest

class RollView {
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.id = `staria-${Math.random().toString(36).slice(2)}`;
    this.player = new Player();
    this.history = new History();
    this.state = { selection: model.get("selection"), cursor: 0, hover: -1, focus: -1, draft: null };
    this.matrix = new MatrixPane(this);
    this.tokens = new TokenPane(this);
    this.sheet = new SheetPane(this);
    this.why = new WhyPane(this);
    this.build();
    this.painter = new Painter(this.base, this.overlay);
    this.hands = new Hands(this);
    this.listen();
    this.load(false);
    rolls.add(this);
  }

  // ---- elements -------------------------------------------------------------------------------
  build() {
    const group = (label, children) =>
      make("span", { className: "staria-group", aria: { role: "group", label } }, children);
    this.playButton = button("▶", "Play (space)", () => this.toggle());
    this.loopBox = make("input", { type: "checkbox", aria: { label: "Repeat the selection" } });
    this.pedalBox = make("input", { type: "checkbox", aria: { label: "Hold the pedal: notes ring on" } });
    this.speed = make(
      "select",
      { title: "Speed", aria: { label: "Speed" } },
      [0.5, 0.75, 1, 1.25, 1.5, 2].map((s) =>
        make("option", { value: s, textContent: `${s}×`, selected: s === 1 }),
      ),
    );
    this.colour = make("select", {
      title: "Colour notes by",
      aria: { label: "Colour notes by" },
      onchange: () => this.put({ colour_by: this.colour.value }),
    });
    this.chordButton = button("Chords", "Show chords, and each section's key and cadence", () => this.toggleChords());
    this.chordButton.setAttribute("aria-pressed", "false");
    this.clock = make("span", {
      className: "staria-clock",
      aria: { role: "timer", live: "off", label: "Position" },
    });
    this.legend = make("span", { className: "staria-legend", aria: { role: "group", label: "Colours" } });
    this.caption = make("div", { className: "staria-title" });
    [this.helpButton, this.help] = keyList("Keys and gestures (?)", GESTURES);
    this.compare = button("A/B", "Compare: the next roll goes on from here (X)", () => this.handOver());
    this.saveButton = button("Save", "Save the sections as a section file", () => this.save());
    this.status = make("div", { className: "staria-status", aria: { role: "status", live: "polite" } });
    this.tip = make("div", { className: "staria-tip", hidden: true, aria: { hidden: "true" } });
    const bar = make("div", { className: "staria-bar", aria: { role: "toolbar", label: "Piano roll" } }, [
      group("Playing", [
        this.playButton,
        this.clock,
        make("label", { title: "Repeat the selection" }, [this.loopBox, "loop"]),
        make("label", { title: "Hold the pedal: notes ring on" }, [this.pedalBox, "pedal"]),
        this.speed,
        this.compare,
      ]),
      group("View", [
        button("−", "Zoom out (−)", () => this.zoom(1.6)),
        button("+", "Zoom in (+)", () => this.zoom(1 / 1.6)),
        button("All", "Show the whole piece (0)", () => this.fit()),
        this.colour,
        this.sheet.button,
        this.why.button,
        this.chordButton,
      ]),
      group("Sections", [
        this.legend,
        button("Split", "Split the section at the cursor (S)", () => this.split()),
        button("Join", "Join the chosen section with the next (M)", () => this.merge()),
        button("Undo", "Undo (Ctrl+Z)", () => this.undo()),
        button("Redo", "Redo (Ctrl+Shift+Z)", () => this.redo()),
        this.saveButton,
      ]),
      this.helpButton,
    ]);
    this.base = make("canvas", { className: "staria-base", aria: { hidden: "true" } });
    this.overlay = make("canvas", {
      className: "staria-overlay",
      tabIndex: 0,
      aria: { role: "application", roledescription: "piano roll" },
    });
    this.stage = make("div", { className: "staria-stage" }, [this.base, this.overlay, this.tip]);
    this.root = make("div", { className: "staria-roll", dataset: { lmSuppressShortcuts: "true" } }, [
      this.caption,
      bar,
      this.help,
      make("div", { className: "staria-body" }, [this.stage, this.matrix.root, this.tokens.root]),
      this.why.root,
      this.sheet.root,
      this.status,
    ]);
    this.el.append(this.root);
  }

  listen() {
    // Letters are for the roll, not for the notebook
    this.root.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "?") this.helpButton.click();
    });
    const warm = () => {
      this.player.warm();
      this.piano().catch(() => {}); // It is said when someone wants to hear it
    };
    this.root.addEventListener("pointerdown", warm, true);
    this.root.addEventListener("keydown", warm, true);
    const follow = {
      "change:note_rows change:prob_rows change:bar_rows change:token_rows change:similarity": () =>
        this.loadSoon(),
      "change:chords change:ends": () => this.chordsCame(),
      "change:sections change:reference": () => this.sectionsCame(),
      "change:colour_by change:palette": () => this.recolour(),
      "change:title": () => this.describe(),
      "change:height": () => this.resize(),
      "change:selection": () => {
        this.state.selection = this.model.get("selection");
        this.later();
      },
      "change:section": () => {
        this.state.focus = Math.min(this.model.get("section"), this.sections.length - 1);
        this.later(true);
      },
      "change:cursor_s": () => this.cursorCame(),
      "change:can_explain": () => this.why.load(),
      "msg:custom": (message, views) => this.heard(message, views),
    };
    for (const [names, act] of Object.entries(follow)) this.model.on(names, act);
    this.sizes = new ResizeObserver(([entry]) => {
      // The first call comes when the page takes the view in: only now are its colours known
      if (entry.contentRect.width === this.wide) return;
      this.wide = entry.contentRect.width;
      this.resize();
      this.dress();
    });
    this.sizes.observe(this.root);
    // Whatever a page changes on its root when its theme changes
    const repaint = () => this.dressAnew();
    this.themes = new MutationObserver(repaint);
    for (const root of [document.documentElement, document.body]) {
      this.themes.observe(root, { attributes: true });
    }
    this.scheme = window.matchMedia("(prefers-color-scheme: dark)");
    this.scheme.addEventListener("change", repaint);
    this.leave = () => {
      this.scheme.removeEventListener("change", repaint);
      for (const [names, act] of Object.entries(follow)) this.model.off(names, act);
    };
  }

  close() {
    this.leave();
    this.sizes.disconnect();
    this.themes.disconnect();
    this.player.close();
    clearTimeout(this.soon);
    cancelAnimationFrame(this.frame);
    rolls.delete(this);
  }

  // ---- from Python, to Python -----------------------------------------------------------------
  get sections() {
    return this.model.get("sections");
  }

  put(values) {
    for (const [name, value] of Object.entries(values)) this.model.set(name, value);
    this.model.save_changes();
  }

  loadSoon() {
    // Several traits arrive together: one load
    if (this.loading) return;
    this.loading = true;
    queueMicrotask(() => {
      this.loading = false;
      this.load(this.model.get("keep_view"));
    });
  }

  load(keepView) {
    const before = this.end;
    this.data = this.painter.data = new RollData(this.model);
    this.end = this.painter.end = Math.max(
      this.data.end,
      ...this.sections.map(([, end]) => end),
      this.model.get("length_s"),
      1,
    );
    this.state.hover = -1;
    if (keepView && this.painter.area) {
      const { start, end } = this.painter.window;
      if (start <= 0 && end >= before - 1e-6) this.fit();
      else this.look(start, end);
      if (this.player.playing) this.player.data = this.data;
    } else {
      this.player.stop();
      this.player.from = this.state.cursor = 0;
      this.state.focus = -1;
      this.state.selection = this.model.get("selection");
      this.history = new History();
      this.painter.window = { start: 0, end: this.end };
    }
    const ways = [
      "section",
      ...(this.model.get("labelled") ? ["label"] : []),
      "velocity",
      "instrument",
      ...(this.data.hasProbs ? ["probability"] : []),
    ];
    this.colour.replaceChildren(...ways.map((way) => make("option", { value: way, textContent: way })));
    this.compare.hidden = !this.model.get("group");
    for (const pane of [this.matrix, this.tokens]) pane.load();
    this.sheet.askSoon();
    this.why.load();
    this.resize();
    if (this.root.isConnected) this.dress();
    this.describe();
  }

  sectionsCame() {
    // Set by Python
    this.state.focus = Math.min(this.model.get("section"), this.sections.length - 1);
    const lanes =
      this.painter.area && this.painter.area.given >= 0 !== this.model.get("reference").length > 0;
    if (lanes) this.resize();
    this.recolour();
    this.describe();
    this.sheet.askSoon(); // Its letters stand where the sections begin
  }

  cursorCame() {
    const to = this.model.get("cursor_s");
    if (!this.player.playing && Math.abs(to - this.state.cursor) > 1e-6) {
      this.state.cursor = this.player.from = to;
      this.reveal(to);
      this.later();
    }
  }

  heard(message, views) {
    if (message?.say) this.say(message.say);
    if (message?.play) this.playSpans(message.play);
    if (message?.sheet) this.sheet.came(message);
    if (message?.why) this.why.came(message, views);
  }

  toggleChords() {
    const show_chords = !this.model.get("show_chords");
    this.chordButton.setAttribute("aria-pressed", String(show_chords));
    this.put({ show_chords });
    this.resize();
  }

  chordsCame() {
    this.painter.chords = this.model.get("chords");
    this.painter.ends = this.model.get("ends");
    this.root.dataset.chords = this.painter.chords.map(([, , name]) => name).join(" ");
    this.root.dataset.ends = this.painter.ends.map((end) => `${end[3]}${end[4] ? " ‖" : ""}`).join(", ");
    this.resize();
  }

  chordAt(time) {
    const found = (this.painter.chords ?? []).find(([start, end]) => start <= time && time < end);
    return found ? found[2] : "";
  }

  dressAnew() {
    // Only where colours have changed: pages change their root for other reasons, too
    if (!this.root.isConnected) return;
    const theme = readTheme(this.root);
    if (JSON.stringify(theme) !== JSON.stringify(this.painter.theme)) this.dress();
  }

  dress() {
    this.painter.theme = readTheme(this.root);
    this.painter.patterns = null;
    this.tip.style.background = this.painter.theme.paper;
    this.recolour();
    for (const pane of [this.matrix, this.tokens]) pane.dress(this.painter.theme);
  }

  recolour() {
    if (!this.painter.theme) return;
    this.painter.palette = legible(this.model.get("palette"), this.painter.theme);
    const wanted = this.model.get("colour_by");
    const by = (this.colour.value = [...this.colour.options].some((option) => option.value === wanted)
      ? wanted
      : "section");
    this.painter.colourNotes(by, this.sections);
    this.drawLegend(by);
    this.tokens.draw();
    this.sheet.dress();
    this.later(true);
  }

  drawLegend(by) {
    // Letters are buttons: they relabel the chosen section
    const chip = (colour, text = "") =>
      make("span", {
        className: "staria-chip",
        textContent: text,
        style: `background:${colour};color:${inkOn(colour)}`,
      });
    const word = (text) => make("span", { textContent: text });
    const letters = [...LETTERS, "N"].map((name) =>
      make("button", {
        type: "button",
        className: "staria-letter",
        textContent: name === "N" ? "none" : name,
        onclick: () => this.relabel(name),
        title: `Label the chosen section ${name === "N" ? "as none" : name} (${name})`,
        aria: { label: `Label the chosen section ${name === "N" ? "as none" : name}` },
        style: `background:${this.painter.colourOf(name)};color:${inkOn(this.painter.colourOf(name))}`,
      }),
    );
    const used = [...new Set(this.data.instrument)].sort((a, b) => a - b);
    const names = this.model.get("instruments");
    const colours = this.painter.instrumentColours();
    const scale = { velocity: ["soft", "loud"], probability: ["p 0.25", "1"] }[by];
    const extra = scale
      ? [word(scale[0]), ...this.painter.scale.map((colour) => chip(colour)), word(scale[1])]
      : by === "instrument"
        ? used.flatMap((k) => [chip(colours[k]), word(names[k] ?? "")])
        : [];
    this.legend.replaceChildren(...letters, ...extra);
  }

  describe() {
    const form = this.sections
      .map((s) => s[2])
      .filter((label) => label !== "N")
      .join("");
    const title = this.model.get("title");
    this.caption.textContent = title;
    this.caption.hidden = !title;
    const name = `Piano roll${title ? ` of ${title}` : ""}`;
    const facts = `${this.data.n} notes, ${clockText(this.end)}${form ? `, form ${form}` : ""}`;
    this.overlay.setAttribute("aria-label", `${name}: ${facts}. Press ? for its keys, W to hear what is shown.`);
  }

  words() {
    // What a person sees, for one who does not
    const { data, sections, state } = this;
    const { start, end } = this.painter.window;
    const [first, last] = data.between(start, end);
    const span = (from, to) => `${clockText(from, 0.1)} to ${clockText(to, 0.1)}`;
    const said = [`Shown: ${span(start, end)} of ${clockText(this.end)}`];
    if (last > first) {
      let [low, high] = [127, 0];
      for (let i = first; i < last; i++) {
        low = Math.min(low, data.pitch[i]);
        high = Math.max(high, data.pitch[i]);
      }
      said.push(`${last - first} notes from ${pitchName(low)} to ${pitchName(high)}`);
    } else said.push("no notes");
    const inside = sections.filter(([from, to]) => from < end && to > start);
    const names = inside.map(([from, , label]) => `${label === "N" ? "no label" : label} from ${clockText(from, 0.1)}`);
    const more = names.length - MOST_SAID;
    said.push(`sections: ${names.slice(0, MOST_SAID).join(", ") || "none"}${more > 0 ? `, and ${more} more` : ""}`);
    if (state.selection.length) said.push(`selected: ${span(...state.selection)}`);
    said.push(`cursor at ${clockText(state.cursor, 0.1)}`);
    return said.join("; ");
  }

  sayWordsSoon() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.say(this.words()), SAID_AFTER_MS);
  }

  say(text) {
    this.status.textContent = text;
  }

  // ---- the frame ------------------------------------------------------------------------------
  resize() {
    const body = this.stage.parentElement.clientWidth;
    const height = this.model.get("height");
    if (!body) return;
    const side = Math.round(
      this.matrix.there ? Math.min(height - 24, body * 0.4) : Math.min(330, body * 0.42),
    );
    const beside = (this.matrix.there || this.tokens.there) && body >= 560;
    this.stage.style.width = `${beside ? body - side - 9 : body}px`;
    this.stage.style.height = `${height}px`;
    if (this.matrix.there) this.matrix.resize(beside ? side : Math.min(body - 8, 360));
    this.sheet.resize();
    if (this.tokens.there) this.tokens.resize(beside ? side : body, beside ? height : 220);
    this.painter.resize(beside ? body - side - 9 : body, height, {
      probs: this.data.hasProbs,
      reference: this.model.get("reference").length > 0,
      chords: this.model.get("show_chords"),
    });
    this.later(true);
  }

  later(all = false) {
    // Many changes, one frame
    this.stale ||= all;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      if (!this.painter.area || !this.painter.theme || !this.painter.pixel) return;
      if (this.stale) {
        this.root.dataset.drawMs = this.painter
          .draw(this.sections, this.model.get("reference"), this.state.focus)
          .toFixed(2);
        this.stale = false;
      }
      this.painter.drawOverlay(this.state);
      this.matrix.draw();
      this.why.draw();
      const { cursor } = this.state;
      this.sheet.draw(cursor);
      const { start, end } = this.painter.window;
      const bar = this.data.barAt(cursor);
      const place = bar ? ` · bar ${bar}` : "";
      this.clock.textContent = `${clockText(cursor, 0.1)} / ${clockText(this.end)}${place}`;
      Object.assign(this.root.dataset, { start, end, cursor, notes: this.data.n });
    });
  }

  look(start, end) {
    // Show [start, end), kept inside the piece
    const span = clamp(end - start, 0.25, this.end);
    const from = clamp(start, 0, this.end - span);
    this.painter.window = { start: from, end: from + span };
    this.later(true);
  }

  zoom(factor, at = null) {
    const { start, end } = this.painter.window;
    const inside = this.state.cursor >= start && this.state.cursor < end;
    const centre = at ?? (inside ? this.state.cursor : (start + end) / 2);
    const span = clamp((end - start) * factor, 0.25, this.end);
    const share = (centre - start) / (end - start);
    this.look(centre - share * span, centre + (1 - share) * span);
  }

  pan(seconds) {
    const { start, end } = this.painter.window;
    this.look(start + seconds, end + seconds);
  }
  fit() {
    this.look(0, this.end);
  }
  reveal(time) {
    const { start, end } = this.painter.window;
    if (time < start || time > end) this.look(time - (end - start) / 4, time + (end - start) * 0.75);
  }

  // ---- playing --------------------------------------------------------------------------------
  toggle() {
    if (this.player.playing) {
      this.player.stop();
      this.played();
      return;
    }
    const { selection } = this.state;
    const chosen = selection.length === 2;
    const [from, to] = chosen
      ? selection
      : [this.state.cursor >= this.end - 0.05 ? 0 : this.state.cursor, this.end];
    this.play(from, to, chosen && this.loopBox.checked, () => this.played());
  }

  piano() {
    return askForPiano(this.model);
  }

  play(from, to, loop, onEnd) {
    const asked = performance.now();
    for (const other of rolls) {
      if (other !== this && other.player.playing) {
        other.player.stop();
        other.played();
      }
    }
    const started = this.player.start(this.data, from, to, {
      piano: this.piano(),
      speed: Number(this.speed.value),
      loop,
      pedal: this.pedalBox.checked,
      onEnd,
      onStart: () => {
        this.root.dataset.startMs = (performance.now() - asked).toFixed(0);
      },
    });
    started.catch((error) => {
      this.player.stop();
      this.played();
      this.say(`no sound: ${error.message}; is the kernel running?`);
    });
    this.playButton.textContent = "■";
    this.playButton.setAttribute("aria-label", "Stop (space)");
    this.put({ playing: true });
    cancelAnimationFrame(this.following);
    const follow = () => {
      if (!this.player.playing) return;
      this.state.cursor = this.player.now();
      const { start, end } = this.painter.window;
      if (this.state.cursor > end || this.state.cursor < start) {
        this.look(this.state.cursor, this.state.cursor + end - start);
      }
      this.later();
      this.following = requestAnimationFrame(follow);
    };
    follow();
  }

  playSpans(spans, done = () => {}) {
    // One place after the other
    const [first, ...rest] = spans;
    if (!first) {
      done();
      this.played();
      return;
    }
    this.say(`playing ${clockText(first[0], 0.1)} to ${clockText(first[1], 0.1)}`);
    this.play(first[0], first[1], false, () => this.playSpans(rest, done));
  }

  played() {
    this.playButton.textContent = "▶";
    this.playButton.setAttribute("aria-label", "Play (space)");
    this.state.cursor = this.player.now();
    this.put({ playing: false, cursor_s: this.state.cursor });
    this.matrix.playing = false;
    if (this.status.textContent.startsWith("playing ")) this.say("");
    this.later();
  }

  jump(time) {
    const again = this.player.playing;
    if (again) this.player.stop();
    this.state.cursor = this.player.from = clamp(time, 0, this.end);
    if (again) {
      this.select([]);
      this.toggle();
    }
    this.put({ cursor_s: this.state.cursor });
    this.later();
  }

  handOver() {
    // The next roll of the group goes on where this one is
    const group = this.model.get("group");
    const others = [...rolls].filter(
      (view) => group && view.root.isConnected && view.model.get("group") === group,
    );
    const next = others[(others.indexOf(this) + 1) % others.length];
    if (!next || next === this) return this.say("there is no other roll to compare with");
    const { playing } = this.player;
    const at = this.player.playing ? this.player.now() : this.state.cursor;
    if (playing) {
      this.player.stop();
      this.played();
    }
    next.state.selection = [];
    next.jump(Math.min(at, next.end - 0.05));
    next.overlay.focus({ preventScroll: true });
    next.root.scrollIntoView({ block: "nearest" });
    if (playing) next.toggle();
    next.say(`compared at ${clockText(at, 0.1)}`);
  }

  select(span) {
    this.state.selection = span;
    this.put({ selection: span });
    this.later();
  }

  // ---- editing --------------------------------------------------------------------------------
  preview(sections) {
    this.model.set("sections", sections);
    this.painter.colourNotes(this.colour.value, this.sections);
    this.later(true);
  }

  edit(sections, focus = this.state.focus) {
    if (sections === this.sections) return;
    this.history.remember(this.sections);
    this.replace(sections, focus);
  }

  replace(sections, focus = -1) {
    this.put({ sections });
    this.sheet.askSoon();
    this.focus(Math.min(focus, sections.length - 1));
    this.recolour();
    this.describe();
  }
  undo() {
    const sections = this.history.undo(this.sections);
    if (sections) this.replace(sections);
    else this.say("nothing to undo");
  }
  redo() {
    const sections = this.history.redo(this.sections);
    if (sections) this.replace(sections);
    else this.say("nothing to redo");
  }
  chosen() {
    if (this.state.focus < 0) this.say("choose a section first: click it, or press [ or ]");
    return this.state.focus;
  }
  relabel(letter) {
    const k = this.chosen();
    if (k >= 0) this.edit(relabelled(this.sections, k, letter));
  }
  remove() {
    const k = this.chosen();
    if (k >= 0) this.edit(without(this.sections, k), -1);
  }
  merge() {
    const k = this.chosen();
    if (k >= 0) this.edit(mergedWithNext(this.sections, k));
  }
  split() {
    const { cursor } = this.state;
    this.edit(split(this.sections, cursor), sectionAt(this.sections, cursor));
  }
  draw(start, end) {
    const sections = drawn(this.sections, start, end, "N");
    this.edit(sections, sectionAt(sections, (start + end) / 2));
  }

  step(by) {
    if (!this.sections.length) return;
    const k = clamp(this.state.focus + by, 0, this.sections.length - 1);
    const [from, to] = this.sections[k];
    const { start, end } = this.painter.window;
    this.focus(k);
    if (from < start || to > end) this.look(from - (end - start) * 0.1, from + (end - start) * 0.9);
  }

  focus(k) {
    this.state.focus = k;
    this.put({ section: k });
    if (k >= 0) {
      const [start, end, label] = this.sections[k];
      const name = label === "N" ? "no label" : label;
      const span = `${clockText(start, 0.1)} to ${clockText(end, 0.1)}`;
      this.say(`Section ${k + 1} of ${this.sections.length}: ${name}, ${span}`);
    } else this.say("");
    this.later(true);
  }

  save() {
    // To the file that Python was given, else as a download
    if (this.model.get("can_save")) {
      this.model.send({ do: "save" });
      return;
    }
    const link = make("a", {
      href: URL.createObjectURL(new Blob([sectionLines(this.sections)], { type: "text/plain" })),
      download: `${this.model.get("title").replace(/\W+/g, "-") || "sections"}.txt`,
    });
    link.click();
    URL.revokeObjectURL(link.href);
    this.say(`downloaded ${link.download}`);
  }

  // ---- pointing -------------------------------------------------------------------------------
  noteLines(i) {
    const { data } = this;
    const start = data.onset[i];
    const bar = data.barAt(start);
    const k = sectionAt(this.sections, start);
    const span = `${start.toFixed(2)}–${(start + data.duration[i]).toFixed(2)} s`;
    const instrument = this.model.get("instruments")[data.instrument[i]] ?? "piano";
    const lines = [
      `${pitchName(data.pitch[i])}  ${span}${bar ? `, bar ${bar}` : ""}`,
      `pitch ${data.pitch[i]}, velocity ${data.velocity[i]}, ${instrument}`,
    ];
    const heard = data.label[i] && this.model.get("labelled") ? `label ${LETTERS[data.label[i] - 1]}` : "";
    const section = k >= 0 ? `section ${this.sections[k][2]}` : "";
    const chord = this.model.get("show_chords") ? this.chordAt(start) : "";
    if (chord) lines.push(`chord ${chord}`);
    if (heard || section) lines.push([section, heard].filter(Boolean).join(", "));
    if (data.hasProbs) {
      lines.push(LETTERS.map((letter, c) => `p(${letter}) ${data.probs[4 * i + c].toFixed(2)}`).join("  "));
    }
    const tokens = data.tokensOf(i);
    if (tokens.length) {
      lines.push(...tokens.map((at) => `token ${at}: ${this.tokens.wordOf(at)} = ${data.tokenId[at]}`));
    }
    return lines;
  }

  spanAt(time) {
    // What a finger that rests here means: a section, else a bar, else a second
    const k = sectionAt(this.sections, time);
    if (k >= 0) return this.sections[k].slice(0, 2);
    const bar = this.data.barAt(time);
    return bar ? [this.data.bars[bar - 1], this.data.bars[bar] ?? this.end] : [time, Math.min(time + 1, this.end)];
  }

  choose(note) {
    // A note, as a click does: its tokens, its place in the sheet music, and why it was written
    this.tokens.mark(note);
    this.put({ token: this.data.tokenOf[note] });
    if (this.sheet.open) this.sheet.choose(note);
    this.why.choose(note, !this.sheet.open);
  }

  describeAt(time) {
    const i = firstAtLeast(this.data.onset, time - 1e-3);
    if (i < this.data.n) {
      this.state.hover = i;
      this.tokens.mark(i);
      this.say(this.noteLines(i).join("; "));
      this.later();
    }
  }

  showNote(i, time) {
    this.state.hover = i;
    this.state.cursor = this.player.playing ? this.state.cursor : time;
    if (!this.player.playing) this.player.from = time;
    this.reveal(time);
    this.later();
  }

  point(i, at) {
    if (i !== this.state.hover) {
      this.state.hover = i;
      if (i >= 0) this.tokens.mark(i);
      this.later();
    }
    this.tip.hidden = i < 0;
    if (i < 0) return;
    this.tip.textContent = this.noteLines(i).join("\n");
    const left =
      at.x + 14 + this.tip.offsetWidth > this.stage.clientWidth
        ? at.x - 14 - this.tip.offsetWidth
        : at.x + 14;
    Object.assign(this.tip.style, {
      left: `${Math.max(0, left)}px`,
      top: `${Math.max(0, Math.min(at.y + 14, this.stage.clientHeight - this.tip.offsetHeight))}px`,
    });
  }
}

export default {
  render({ model, el }) {
    const view = new RollView(model, el);
    return () => view.close();
  },
};
