// A slider with its name before it and its number behind: the browser's own, which keys, fingers and screen readers
// know.

export default {
  render({ model, el }) {
    const input = make("input", { type: "range" });
    const name = make("span", { className: "staria-slide-name" });
    const number = make("span", { className: "staria-slide-number", aria: { hidden: "true" } });
    const root = make("label", { className: "staria-slide" }, [name, input, number]);
    const show = () => {
      number.textContent = Number(input.value).toFixed(2);
    };
    const draw = () => {
      for (const key of ["min", "max", "step", "value"]) input[key] = model.get(key);
      name.textContent = model.get("description");
      root.title = model.get("tooltip") ?? "";
      show();
    };
    input.oninput = show;
    input.onchange = () => {
      model.set("value", Number(input.value));
      model.save_changes();
    };
    el.append(root);
    model.on("change:value", draw);
    draw();
    return () => model.off("change:value", draw);
  },
};
