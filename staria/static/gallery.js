// The gallery: forms by their names, each with its blocks, to begin a plan with. Python sees `chosen`.

class GalleryView {
  constructor(model, el) {
    this.model = model;
    this.says = make("p", { className: "staria-gallery-says", aria: { role: "status", live: "polite" } });
    this.cards = model.get("presets").map((preset) => this.card(preset));
    this.row = make(
      "div",
      { className: "staria-gallery-row", aria: { role: "group", label: "Forms by their names" } },
      this.cards,
    );
    this.root = make("div", { className: "staria-gallery" }, [this.row, this.says]);
    this.follow = () => this.draw();
    model.on("change:chosen change:palette", this.follow);
    el.append(this.root);
    this.draw();
  }

  card(preset) {
    const blocks = [...preset.form].map((letter, k) => {
      const block = make("i", { className: `staria-block-${letter}` });
      const length = preset.bars[k] ?? preset.bars[0];
      block.style.cssText = `flex:${length} 1 0; background-color:${this.model.get("palette")[letter]}`;
      return block;
    });
    const card = make("button", { type: "button", dataset: { name: preset.name }, title: preset.says }, [
      make("b", { textContent: preset.title }),
      make("span", { className: "staria-gallery-blocks", aria: { hidden: "true" } }, blocks),
      make("small", { textContent: `${preset.form} · ${preset.meter} · ♩\u00a0=\u00a0${preset.tempo}` }),
    ]);
    card.onclick = () => {
      this.model.set("chosen", preset.name);
      this.model.save_changes();
    };
    return card;
  }

  draw() {
    const chosen = this.model.get("chosen");
    for (const card of this.cards) card.setAttribute("aria-pressed", String(card.dataset.name === chosen));
    this.says.textContent = this.model.get("presets").find(({ name }) => name === chosen)?.says ?? "";
    this.says.hidden = !this.says.textContent;
  }
}

export default {
  render({ model, el }) {
    const view = new GalleryView(model, el);
    return () => model.off("change:chosen change:palette", view.follow);
  },
};
