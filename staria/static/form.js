// A form as blocks in a row: as wide as they last, moved, lengthened and relabelled by hand. Python
// sees `blocks`, a list of [letter, length], where a length counts seconds or bars, as `unit` says.

const LETTERS = ["A", "B", "C", "D"];
const BLOCK_KEYS = [
  ["← →", "choose a section"],
  ["A to D", "give it another letter"],
  ["+ and −, drag its edge", "lengthen and shorten it by a second or a bar"],
  ["Shift+← and Shift+→, drag it", "move it"],
  ["Insert, Delete", "add a section behind it, remove it"],
  ["?", "opens and closes this list"],
];
// Shortest, longest, and the steps of a drag
const LENGTHS = { s: { least: 1, most: 600, step: 0.5 }, bars: { least: 1, most: 256, step: 1 } };

class FormView {
  constructor(model, el) {
    this.model = model;
    this.chosen = 0;
    this.row = make("div", {
      className: "staria-form-row",
      aria: {
        role: "listbox",
        orientation: "horizontal",
        label: "Sections of the form. Press ? for the keys",
      },
    });
    this.status = make("span", {
      className: "staria-form-status",
      aria: { role: "status", live: "polite" },
    });
    [this.helpButton, this.help] = keyList("Keys of the form (?)", BLOCK_KEYS);
    this.root = make("div", { className: "staria-form" }, [
      this.row,
      make("div", { className: "staria-form-bar" }, [
        ...LETTERS.map((letter) =>
          button(letter, `Make the chosen section ${letter}`, () =>
            this.change(([, seconds]) => [letter, seconds]),
          ),
        ),
        button("longer", "Lengthen the chosen section by a second or a bar (+)", () => this.lengthen(1)),
        button("shorter", "Shorten the chosen section by a second or a bar (−)", () => this.lengthen(-1)),
        button("add", "Add a section behind the chosen one (Insert)", () => this.add()),
        button("remove", "Remove the chosen section (Delete)", () => this.remove()),
        this.helpButton,
        this.status,
      ]),
      this.help,
    ]);
    this.root.dataset.lmSuppressShortcuts = "true";
    this.root.addEventListener("keydown", (event) => {
      event.stopPropagation();
      this.key(event);
    });
    el.append(this.root);
    this.follow = () => this.draw();
    model.on("change:blocks change:palette change:unit change:unit_s", this.follow);
    this.draw();
    model.set("shown", true);
    model.save_changes();
  }

  words(length) {
    // "8 bars" or "8 s"
    const unit = this.model.get("unit");
    return unit === "bars" && length === 1 ? "1 bar" : `${length} ${unit}`;
  }
  seconds(length) {
    return (length * this.model.get("unit_s")).toFixed(length * this.model.get("unit_s") < 10 ? 1 : 0);
  }
  both(length) {
    const inBars = this.model.get("unit") === "bars";
    return inBars ? `${this.words(length)}, ${this.seconds(length)} s` : this.words(length);
  }
  fitting(length) {
    const { least, most } = LENGTHS[this.model.get("unit")];
    return Math.min(most, Math.max(least, length));
  }

  get blocks() {
    return this.model.get("blocks");
  }

  put(blocks, chosen = this.chosen) {
    this.chosen = Math.max(0, Math.min(chosen, blocks.length - 1));
    this.model.set("blocks", blocks);
    this.model.save_changes();
    this.draw(true);
  }

  change(to) {
    this.put(this.blocks.map((block, k) => (k === this.chosen ? to(block) : block)));
  }
  lengthen(by) {
    this.change(([letter, length]) => [letter, this.fitting(Math.round(10 * (length + by)) / 10)]);
  }
  add() {
    const [letter, seconds] = this.blocks[this.chosen] ?? ["A", 8];
    this.put(
      [...this.blocks.slice(0, this.chosen + 1), [letter, seconds], ...this.blocks.slice(this.chosen + 1)],
      this.chosen + 1,
    );
  }
  remove() {
    if (this.blocks.length > 1) {
      this.put(
        this.blocks.filter((_, k) => k !== this.chosen),
        this.chosen - 1 < 0 ? 0 : this.chosen - 1,
      );
    }
  }
  move(from, to) {
    const blocks = [...this.blocks];
    const [taken] = blocks.splice(from, 1);
    blocks.splice(to, 0, taken);
    this.put(blocks, to);
  }

  draw(focus = false) {
    const palette = this.model.get("palette");
    const total = this.blocks.reduce((sum, [, seconds]) => sum + seconds, 0);
    const form = this.blocks.map(([letter]) => letter).join("");
    const had = focus || this.row.contains(document.activeElement);
    this.row.replaceChildren(
      ...this.blocks.map(([letter, seconds], k) => {
        const edge = make("span", {
          className: "staria-form-edge",
          title: "Drag to lengthen or shorten",
        });
        const block = make(
          "div",
          {
            className: `staria-block staria-block-${letter}`,
            tabIndex: k === this.chosen ? 0 : -1,
            title: `${letter}, ${this.both(seconds)}: drag to move`,
            aria: {
              role: "option",
              selected: String(k === this.chosen),
              label: `Section ${k + 1} of ${this.blocks.length}: ${letter}, ${this.both(seconds)}`,
            },
          },
          [make("b", { textContent: letter }), make("small", { textContent: this.words(seconds) }), edge],
        );
        const ink = letter === "A" || letter === "D" ? "#fff" : "#111";
        const paper = palette[letter] ?? palette.N;
        block.style.cssText = `flex:${seconds} 1 0; background-color:${paper}; color:${ink}`;
        block.onpointerdown = (event) => this.grab(event, k, event.target === edge);
        block.onfocus = () => {
          if (this.chosen !== k) {
            this.chosen = k;
            this.mark();
          }
        };
        return block;
      }),
    );
    this.status.textContent = `${form}, ${this.both(Number(total.toFixed(1)))}`;
    if (had) this.row.children[this.chosen]?.focus({ preventScroll: true });
  }

  mark() {
    [...this.row.children].forEach((block, k) => {
      block.setAttribute("aria-selected", String(k === this.chosen));
      block.tabIndex = k === this.chosen ? 0 : -1;
    });
  }

  grab(event, k, edge) {
    // An edge lengthens, the body moves
    event.preventDefault();
    this.chosen = k;
    this.mark();
    this.row.children[k].focus({ preventScroll: true });
    const x = event.clientX;
    const [letter, seconds] = this.blocks[k];
    const perPixel = this.blocks.reduce((sum, block) => sum + block[1], 0) / this.row.clientWidth;
    const before = this.blocks;
    let length = seconds;
    let to = k;
    const drag = (moving) => {
      if (edge) {
        const { step } = LENGTHS[this.model.get("unit")];
        length = this.fitting(step * Math.round((seconds + (moving.clientX - x) * perPixel) / step));
        const block = this.row.children[k];
        block.style.flexGrow = length;
        block.querySelector("small").textContent = this.words(length);
      } else {
        const over = [...this.row.children].findIndex((block) => {
          const box = block.getBoundingClientRect();
          return moving.clientX >= box.left && moving.clientX < box.right;
        });
        to = over < 0 ? to : over;
        [...this.row.children].forEach((block, i) =>
          block.classList.toggle("staria-over", i === to && to !== k),
        );
      }
    };
    const drop = () => {
      window.removeEventListener("pointermove", drag);
      window.removeEventListener("pointerup", drop);
      if (edge && length !== seconds) {
        this.put(before.map((block, i) => (i === k ? [letter, length] : block)));
      } else if (!edge && to !== k) this.move(k, to);
    };
    window.addEventListener("pointermove", drag);
    window.addEventListener("pointerup", drop);
  }

  key(event) {
    if (event.key === "?") this.helpButton.click();
    if (event.target.tagName === "BUTTON") return;
    const { chosen } = this;
    const last = this.blocks.length - 1;
    const letter = event.key.toUpperCase();
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && event.shiftKey) {
      if (chosen + step >= 0 && chosen + step <= last) this.move(chosen, chosen + step);
    } else if (step) {
      this.chosen = Math.max(0, Math.min(last, chosen + step));
      this.mark();
      this.row.children[this.chosen].focus();
    } else if (LETTERS.includes(letter)) this.change(([, seconds]) => [letter, seconds]);
    else if (event.key === "+" || event.key === "=") this.lengthen(1);
    else if (event.key === "-") this.lengthen(-1);
    else if (event.key === "Insert") this.add();
    else if (event.key === "Delete" || event.key === "Backspace") this.remove();
    else return;
    event.preventDefault();
  }
}

export default {
  render({ model, el }) {
    const view = new FormView(model, el);
    return () => model.off("change:blocks change:palette change:unit change:unit_s", view.follow);
  },
};
