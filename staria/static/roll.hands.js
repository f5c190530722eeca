// Pointer, wheel, fingers and keys on the roll: what a person does, as calls of the view.

const HELP =
  "Space plays or stops, Esc clears. Ctrl+wheel, pinch, + and − zoom; drag, wheel with Shift, ← → move; 0 shows all. " +
  "Drag on the ruler to select. " +
  "Ctrl+← and Ctrl+→ step from note to note, with Shift they select. " +
  "Click a section, then A–D relabels it, N takes the label away, Delete removes it, " +
  "M joins it with the next, S splits at the cursor; " +
  "double-click splits, drag a boundary to move it, drag over empty lane to draw one. " +
  "What is dragged snaps to bars, beats and notes; Alt lets it go. " +
  "Comma and full stop move the start of a section, with Shift its end. " +
  "L makes the selection a section. Ctrl+Z undoes, Ctrl+Shift+Z redoes, [ and ] go from section to section. " +
  "X hands over to the next roll to compare.";

class Hands {
  constructor(view) {
    this.view = view;
    this.pointers = new Map();
    this.gesture = null;
    const on = (names, act, options) => {
      for (const name of names.split(" ")) view.overlay.addEventListener(name, act, options);
    };
    on("pointerdown", (event) => this.press(event));
    on("pointermove", (event) => this.drag(event));
    on("pointerup pointercancel", (event) => this.release(event));
    on("pointerleave", () => view.point(-1));
    on("dblclick", (event) => this.doubleClick(event));
    on("wheel", (event) => this.wheel(event), { passive: false });
    on("keydown", (event) => this.key(event));
  }

  place(event) {
    const { view } = this;
    const box = view.overlay.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const {
      area,
      window: { start, end },
    } = view.painter;
    const zone =
      y >= area.overview
        ? "overview"
        : y < area.lane
          ? "ruler"
          : y < area.top
            ? "lane"
            : y < area.top + area.height
              ? "roll"
              : "probs";
    return {
      x,
      y,
      zone,
      time: clamp(view.painter.time(x), 0, view.end),
      slack: (6 * (end - start)) / area.width,
    };
  }

  press(event) {
    if (event.button > 0) return;
    const at = this.place(event);
    const { view, pointers } = this;
    view.overlay.focus({ preventScroll: true });
    view.overlay.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, at);
    if (pointers.size === 2) {
      this.gesture = null;
      return;
    }
    this.gesture = { ...at, window: { ...view.painter.window }, moved: false };
    if (at.zone === "overview") this.centre(at);
    else if (at.zone === "roll" && event.shiftKey) this.gesture.zone = "ruler";
    else if (at.zone === "lane") {
      this.gesture.boundary = boundaryNear(view.sections, at.time, at.slack);
      this.gesture.before = view.sections;
      if (!this.gesture.boundary) view.focus(sectionAt(view.sections, at.time));
    }
  }

  centre({ x }) {
    const { painter } = this.view;
    const middle = painter.overviewTime(x);
    const half = (painter.window.end - painter.window.start) / 2;
    this.view.look(middle - half, middle + half);
  }

  drag(event) {
    const at = this.place(event);
    const { view, pointers, gesture } = this;
    if (!pointers.has(event.pointerId)) return this.hover(at);
    if (pointers.size === 2) return this.pinch(event, at);
    if (!gesture) return;
    gesture.moved ||= Math.abs(at.x - gesture.x) > 3;
    if (!gesture.moved) return;
    view.point(-1);
    const snapped = (time) => (event.altKey ? time : view.data.snap(time, at.slack));
    const ends = [snapped(gesture.time), snapped(at.time)];
    const span = [Math.min(...ends), Math.max(...ends)];
    if (gesture.zone === "overview") this.centre(at);
    else if (gesture.zone === "ruler") view.state.selection = span;
    else if (gesture.boundary) {
      view.preview(moved(gesture.before, gesture.boundary, snapped(at.time), view.end)); // Python hears on release
    } else if (gesture.zone === "lane" && sectionAt(view.sections, gesture.time) < 0) {
      view.state.draft = span;
    } else {
      const seconds =
        ((gesture.x - at.x) / view.painter.area.width) * (gesture.window.end - gesture.window.start);
      view.look(gesture.window.start + seconds, gesture.window.end + seconds);
    }
    view.later();
  }

  release(event) {
    const { view, pointers, gesture } = this;
    const { draft } = view.state;
    pointers.delete(event.pointerId);
    this.gesture = null;
    if (!gesture || pointers.size) return;
    view.state.draft = null;
    if (gesture.zone === "ruler" && gesture.moved) view.select(view.state.selection);
    else if (!gesture.moved && ["ruler", "roll", "probs"].includes(gesture.zone)) {
      this.click(event, gesture);
    } else if (draft) view.draw(...draft);
    else if (gesture.boundary && gesture.moved) {
      const after = view.sections;
      const { right, left } = gesture.boundary;
      view.preview(gesture.before);
      view.edit([...after], right >= 0 ? right : left);
    }
    view.later();
  }

  click(event, gesture) {
    const { view } = this;
    const note =
      gesture.zone === "roll"
        ? view.data.noteAt(gesture.time, view.painter.pitch(gesture.y), gesture.slack / 3)
        : -1;
    view.jump(gesture.time);
    if (note >= 0) {
      view.tokens.mark(note);
      view.put({ token: view.data.tokenOf[note] });
      if (view.sheet.open) view.sheet.choose(note);
      view.why.choose(note, !view.sheet.open);
    }
  }

  pinch(event, at) {
    const { pointers, view } = this;
    const [a, b] = [...pointers.values()];
    const apart = Math.abs(a.x - b.x);
    const middle = view.painter.time((a.x + b.x) / 2);
    pointers.set(event.pointerId, at);
    const [c, d] = [...pointers.values()];
    if (apart > 4 && Math.abs(c.x - d.x) > 4) view.zoom(apart / Math.abs(c.x - d.x), middle);
  }

  wheel(event) {
    // A plain wheel scrolls the notebook until the roll has the focus
    const { view } = this;
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    const focused = document.activeElement === view.overlay;
    const { start, end } = view.painter.window;
    const fine = event.ctrlKey && Math.abs(event.deltaY) < 20;
    if (event.ctrlKey || event.metaKey || (focused && Math.abs(event.deltaY) > Math.abs(sideways))) {
      view.zoom(Math.exp(clamp(event.deltaY, -120, 120) * (fine ? 0.02 : 0.003)), this.place(event).time);
    } else if (sideways) view.pan((sideways / view.painter.area.width) * (end - start));
    else return;
    event.preventDefault();
  }

  doubleClick(event) {
    const at = this.place(event);
    const { view } = this;
    const k = sectionAt(view.sections, at.time);
    if (at.zone === "lane") view.edit(split(view.sections, at.time), k);
    if (at.zone === "roll" && k >= 0) view.select(view.sections[k].slice(0, 2));
  }

  key(event) {
    const { view } = this;
    const { focus, cursor, selection } = view.state;
    const { start, end } = view.painter.window;
    const span = end - start;
    const ctrl = event.ctrlKey || event.metaKey;
    const walk = (way) => {
      const to = view.data.nextOnset(cursor, way);
      if (event.shiftKey) {
        const anchor = selection.length
          ? Math.abs(selection[0] - cursor) < 1e-3
            ? selection[1]
            : selection[0]
          : cursor;
        view.select([Math.min(anchor, to), Math.max(anchor, to)]);
      }
      view.jump(to);
      view.reveal(to);
      view.describeAt(to);
    };
    const plain = {
      " ": () => view.toggle(),
      "+": () => view.zoom(1 / 1.6),
      "=": () => view.zoom(1 / 1.6),
      "-": () => view.zoom(1.6),
      0: () => view.fit(),
      ArrowLeft: () => view.pan(-span / 8),
      ArrowRight: () => view.pan(span / 8),
      PageUp: () => view.pan(-span),
      PageDown: () => view.pan(span),
      Home: () => {
        view.jump(0);
        view.reveal(0);
      },
      End: () => view.look(view.end - span, view.end),
      "[": () => view.step(-1),
      "]": () => view.step(1),
      Escape: () => {
        view.select([]);
        view.focus(-1);
      },
      s: () => view.split(),
      x: () => view.handOver(),
      l: () => {
        if (selection.length) view.draw(...selection);
      },
    };
    if (focus >= 0) {
      for (const letter of [...LETTERS, "N"]) plain[letter.toLowerCase()] = () => view.relabel(letter);
      const nudge = (side, way) => {
        const [from, to] = view.sections[focus];
        view.edit(
          nudged(
            view.sections,
            focus,
            side,
            view.data.nextOnset(side === "start" ? from : to, way),
            view.end,
          ),
          focus,
        );
      };
      Object.assign(plain, {
        Delete: () => view.remove(),
        Backspace: () => view.remove(),
        m: () => view.merge(),
        Enter: () => view.select(view.sections[focus].slice(0, 2)),
        ",": () => nudge("start", -1),
        ".": () => nudge("start", 1),
        "<": () => nudge("end", -1),
        ">": () => nudge("end", 1),
      });
    }
    const held = {
      z: () => (event.shiftKey ? view.redo() : view.undo()),
      y: () => view.redo(),
      ArrowLeft: () => walk(-1),
      ArrowRight: () => walk(1),
    };
    const act = (ctrl ? held : plain)[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    act();
    event.preventDefault();
  }

  hover(at) {
    const { view } = this;
    const near = at.zone === "lane" && boundaryNear(view.sections, at.time, at.slack);
    view.overlay.style.cursor = {
      roll: "grab",
      ruler: "text",
      lane: near ? "ew-resize" : "pointer",
      overview: "move",
      probs: "default",
    }[at.zone];
    view.point(
      at.zone === "roll" ? view.data.noteAt(at.time, view.painter.pitch(at.y), at.slack / 3) : -1,
      at,
    );
  }
}
