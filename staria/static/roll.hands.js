// Pointer, wheel, fingers and keys on the roll: what a person does, as calls of the view.

const GESTURES = [
  ["Space", "plays or stops"],
  ["+ and −, Ctrl+wheel, two fingers", "zoom"],
  ["← →, drag, Shift+wheel, PageUp, PageDown", "move"],
  ["0, Home, End", "show all, the beginning, the end"],
  ["W", "says in words what is shown"],
  ["Ctrl+← and Ctrl+→", "go from note to note; with Shift they select"],
  ["drag on the ruler, Shift+drag", "select"],
  ["long press, then drag", "selects a section, then more"],
  ["Enter", "selects the chosen section; where none is, chooses the note at the cursor"],
  ["Escape", "clears selection and choice"],
  ["click a section, [ and ]", "choose a section"],
  ["A to D, N", "relabel the chosen section, take its label away"],
  ["Delete, M", "remove it, join it with the next"],
  ["S, double-click", "split it, at the cursor or there"],
  ["comma and full stop", "move its start by a note; with Shift its end"],
  ["drag a boundary", "moves it"],
  ["L, drag over an empty lane", "make a section, of the selection or there"],
  ["Alt", "while dragging: no snapping to bars, beats and notes"],
  ["Ctrl+Z, Ctrl+Shift+Z", "undo, redo"],
  ["X", "goes on in the next roll, to compare"],
  ["Tab", "goes on to the buttons, the matrix and what is below"],
  ["?", "opens and closes this list"],
];
const LONG_PRESS_MS = 450;
const SEEN_BY_KEYS = ["+", "=", "-", "0", "ArrowLeft", "ArrowRight", "PageUp", "PageDown", "End"];

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
    on("pointerup", (event) => this.release(event));
    on("pointercancel", (event) => this.cancel(event)); // The page scrolls with this finger
    on("contextmenu", (event) => this.gesture?.held && event.preventDefault());
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
    clearTimeout(this.resting);
    if (pointers.size === 2) {
      this.gesture = null;
      return;
    }
    if (event.pointerType !== "mouse" && at.zone !== "overview") {
      this.resting = setTimeout(() => this.hold(), LONG_PRESS_MS);
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

  hold() {
    // A long press selects, and dragging on from it selects more
    const { gesture, view } = this;
    if (!gesture || gesture.moved) return;
    gesture.held = view.spanAt(gesture.time);
    gesture.boundary = null;
    if (gesture.zone === "lane") view.focus(sectionAt(view.sections, gesture.time));
    view.select(gesture.held);
    view.say(view.words());
  }

  cancel(event) {
    // As if nothing had been touched
    const { view, pointers, gesture } = this;
    clearTimeout(this.resting);
    pointers.delete(event.pointerId);
    this.gesture = null;
    view.state.draft = null;
    if (gesture?.boundary && gesture.moved) view.preview(gesture.before);
    view.later();
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
    else if (gesture.held) {
      view.state.selection = [Math.min(gesture.held[0], ends[1]), Math.max(gesture.held[1], ends[1])];
    } else if (gesture.zone === "ruler") view.state.selection = span;
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
    clearTimeout(this.resting);
    pointers.delete(event.pointerId);
    this.gesture = null;
    if (!gesture || pointers.size) return;
    view.state.draft = null;
    if (gesture.held) view.select(view.state.selection);
    else if (gesture.zone === "ruler" && gesture.moved) view.select(view.state.selection);
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
    if (note >= 0) view.choose(note);
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
      w: () => view.say(view.words()),
      Enter: () => {
        const note = firstAtLeast(view.data.onset, cursor - 1e-3);
        if (note < view.data.n) view.choose(note);
      },
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
    if (!ctrl && SEEN_BY_KEYS.includes(event.key)) view.sayWordsSoon();
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
