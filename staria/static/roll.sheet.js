// The piece as sheet music below the roll, engraved by Python when someone asks for it. A note here and a note
// there are one: a click on either marks both and plays it, and the cursor goes along in both.

const SHEET_PAUSE_MS = 1200; // Music that still grows is engraved when it rests
const SHEET_NOTES_A_S = 500; // What a usual machine engraves

class SheetPane {
  constructor(view) {
    this.view = view;
    this.asked = 0;
    this.open = false;
    this.button = button("Notes", "Show as sheet music", () => this.toggle());
    this.button.setAttribute("aria-expanded", "false");
    this.caption = make("div", { className: "staria-caption", aria: { role: "status", live: "polite" } });
    this.line = make("div", { className: "staria-sheet-cursor", hidden: true });
    this.paper = make("div", {
      className: "staria-paper",
      tabIndex: 0,
      aria: {
        role: "application",
        roledescription: "sheet music",
        label: "Sheet music: left and right go from note to note, Enter plays the note, space plays or stops",
      },
      onclick: (event) => this.click(event),
      onkeydown: (event) => this.key(event),
    });
    this.root = make("div", { className: "staria-sheet", hidden: true }, [this.caption, this.paper]);
    this.forget();
  }

  forget() {
    this.parts = new Map(); // Elements of each note, by its place in the score
    this.lit = new Set();
    this.anchors = null;
    this.marked = -1;
    this.paper.replaceChildren();
  }

  toggle() {
    this.open = !this.open;
    this.root.hidden = !this.open;
    this.button.setAttribute("aria-expanded", String(this.open));
    if (this.open) this.ask();
    else this.forget();
  }

  ask() {
    clearTimeout(this.soon);
    const { model, data } = this.view;
    const wide = this.paper.clientWidth;
    if (!this.open || !wide) return;
    this.wide = wide;
    if (model.comm_live === false) {
      this.caption.textContent = "no sheet music: is the kernel running?";
      return;
    }
    const seconds = Math.ceil(data.n / SHEET_NOTES_A_S);
    this.caption.textContent = `engraving ${data.n} notes, about ${seconds} s …`;
    this.asked++;
    model.send({ do: "sheet", width: wide, number: this.asked });
  }

  askSoon() {
    if (!this.open) return;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.ask(), SHEET_PAUSE_MS);
  }

  resize() {
    this.anchors = null;
    if (this.open && Math.abs(this.paper.clientWidth - this.wide) > 40) this.askSoon();
  }

  came({ sheet, number, why }) {
    if (number !== this.asked || !this.open) return;
    this.forget();
    this.caption.textContent = why ?? "";
    this.caption.hidden = !why;
    for (const text of sheet) {
      const page = make("div", { className: "staria-page" });
      page.innerHTML = text;
      this.paper.append(page);
    }
    this.paper.append(this.line);
    for (const element of this.paper.querySelectorAll("g.note")) {
      const found = /^note-(\d+)/.exec(element.id);
      if (!found) continue;
      element.removeAttribute("id"); // Other rolls have such notes, too
      element.dataset.note = found[1];
      const i = Number(found[1]);
      this.parts.set(i, [...(this.parts.get(i) ?? []), element]);
    }
    this.root.dataset.engraved = this.parts.size;
    this.dress();
    this.draw(this.view.state.cursor);
  }

  // ---- colours ----------------------------------------------------------------------------------
  labelAt(time) {
    const k = sectionAt(this.view.sections, time);
    return k < 0 ? "" : this.view.sections[k][2];
  }

  dress() {
    // Notes have the colours of the roll, bars a tint of their section
    const { painter, data } = this.view;
    if (!this.parts.size || !painter.palette) return;
    for (const [i, elements] of this.parts) {
      const label = this.labelAt(data.onset[i]);
      const colour = LETTERS.includes(label) ? painter.colourOf(label) : "inherit";
      for (const element of elements) {
        for (const each of [element, element.closest("g.chord")]) if (each) each.style.color = colour;
      }
    }
    let label = "";
    for (const measure of this.paper.querySelectorAll("g.measure")) {
      label = this.labelOf(measure) ?? label;
      this.tint(measure, label);
    }
    for (const mark of this.paper.querySelectorAll("g.reh")) {
      const letter = mark.textContent.trim();
      mark.style.color = LETTERS.includes(letter) ? painter.colourOf(letter) : "inherit";
    }
  }

  labelOf(measure) {
    // The section of most of its notes: one that begins early stands in the bar before
    const counts = new Map();
    for (const { dataset } of measure.querySelectorAll("[data-note]")) {
      const label = this.labelAt(this.view.data.onset[Number(dataset.note)]);
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
  }

  tint(measure, label) {
    measure.querySelector(":scope > .staria-tint")?.remove();
    const lines = [...measure.querySelectorAll(":scope > g.staff > path")];
    if (!LETTERS.includes(label) || !lines.length) return;
    const top = lines[0].getBBox();
    const low = lines[lines.length - 1].getBBox();
    const tint = document.createElementNS(measure.namespaceURI, "rect");
    const place = { x: top.x, y: top.y, width: top.width, height: low.y + low.height - top.y };
    for (const [name, value] of Object.entries(place)) tint.setAttribute(name, value);
    tint.setAttribute("class", "staria-tint");
    tint.style.color = this.view.painter.colourOf(label);
    measure.prepend(tint);
  }

  // ---- places -------------------------------------------------------------------------------------
  layOut() {
    // Where each onset stands, in pixels of the paper
    const paper = this.paper.getBoundingClientRect();
    const { scrollTop } = this.paper;
    const below = (y) => y - paper.top + scrollTop;
    const systems = new Map();
    this.anchors = [...this.parts]
      .map(([i, [element]]) => {
        const system = element.closest("g.system");
        if (!systems.has(system)) {
          const boxes = [...system.querySelectorAll("g.staff > path")].map((p) => p.getBoundingClientRect());
          systems.set(system, {
            top: below(Math.min(...boxes.map((box) => box.top))) - 6,
            bottom: below(Math.max(...boxes.map((box) => box.bottom))) + 6,
            right: Math.max(...boxes.map((box) => box.right)) - paper.left,
          });
        }
        const head = (element.querySelector("g.notehead") ?? element).getBoundingClientRect();
        const x = head.left + head.width / 2 - paper.left;
        return { note: i, time: this.view.data.onset[i], x, y: below(head.top), system: systems.get(system) };
      })
      .sort((a, b) => a.time - b.time);
  }

  placeOf(time) {
    if (!this.anchors) this.layOut();
    const { anchors } = this;
    let low = 0;
    for (let high = anchors.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (anchors[middle].time <= time + 1e-6) low = middle + 1;
      else high = middle;
    }
    const here = anchors[Math.max(0, low - 1)];
    const next = anchors[low];
    if (!next || time < here.time) return { ...here.system, x: here.x };
    const to = next.system === here.system ? next.x : here.system.right;
    const share = (time - here.time) / Math.max(next.time - here.time, 1e-6);
    return { ...here.system, x: here.x + (to - here.x) * share };
  }

  // ---- the frame ----------------------------------------------------------------------------------
  draw(cursor) {
    if (!this.open || !this.parts.size) return;
    const { data, player, state } = this.view;
    const place = this.placeOf(cursor);
    this.line.hidden = false;
    this.line.style.transform = `translate(${place.x}px, ${place.top}px)`;
    this.line.style.height = `${place.bottom - place.top}px`;
    this.root.dataset.cursorX = place.x.toFixed(1);
    if (player.playing) this.show(place.top, place.bottom);
    const lit = new Set([this.marked, state.hover]);
    if (player.playing) {
      const [first, last] = data.between(cursor, cursor + 1e-3);
      for (let i = first; i < last; i++) if (data.onset[i] + data.duration[i] > cursor) lit.add(i);
    }
    const light = (i, on) => {
      for (const element of this.parts.get(i) ?? []) element.classList.toggle("staria-lit", on);
    };
    for (const i of this.lit) if (!lit.has(i)) light(i, false);
    for (const i of lit) if (!this.lit.has(i)) light(i, true);
    this.lit = lit;
  }

  show(top, bottom) {
    const { scrollTop, clientHeight } = this.paper;
    if (top < scrollTop || bottom > scrollTop + clientHeight) this.paper.scrollTop = Math.max(0, top - 24);
  }

  mark(i) {
    // From the roll to the sheet
    if (!this.open || !this.parts.size) return;
    this.marked = i;
    const [element] = this.parts.get(i) ?? [];
    if (element) {
      const place = this.placeOf(this.view.data.onset[i]);
      this.show(place.top, place.bottom);
    }
    this.view.later();
  }

  choose(i) {
    // From the sheet to the roll
    const { data } = this.view;
    this.mark(i);
    this.view.showNote(i, data.onset[i]);
    this.view.playSpans([[data.onset[i], data.onset[i] + data.duration[i]]]);
    this.view.say(this.view.noteLines(i).slice(0, 2).join("; "));
  }

  click(event) {
    const note = event.target.closest("[data-note]");
    if (note) {
      this.choose(Number(note.dataset.note));
      return;
    }
    if (!this.parts.size) return;
    if (!this.anchors) this.layOut();
    const paper = this.paper.getBoundingClientRect();
    const x = event.clientX - paper.left;
    const y = event.clientY - paper.top + this.paper.scrollTop;
    const far = ({ system }) => Math.max(system.top - y, y - system.bottom, 0) * 10;
    const near = this.anchors.reduce((best, anchor) =>
      far(anchor) + Math.abs(anchor.x - x) < far(best) + Math.abs(best.x - x) ? anchor : best,
    );
    this.view.jump(near.time);
    this.view.reveal(near.time);
  }

  key(event) {
    const { view } = this;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      view.jump(view.data.nextOnset(view.state.cursor, step));
      view.reveal(view.state.cursor);
      view.describeAt(view.state.cursor);
      this.mark(view.state.hover);
    } else if (event.key === "Enter" && this.marked >= 0) this.choose(this.marked);
    else if (event.key === " ") view.toggle();
    else return;
    event.preventDefault();
  }
}
