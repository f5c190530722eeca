// A heading that opens and closes what stands below it in its box; the style sheet hides that.

export default {
  render({ model, el }) {
    const head = document.createElement("button");
    Object.assign(head, { type: "button", className: "staria-fold-head" });
    const draw = () => {
      head.textContent = model.get("title");
      head.setAttribute("aria-expanded", String(model.get("is_open")));
    };
    head.onclick = () => {
      model.set("is_open", !model.get("is_open"));
      model.save_changes();
    };
    el.append(head);
    model.on("change:is_open change:title", draw);
    draw();
    return () => model.off("change:is_open change:title", draw);
  },
};
