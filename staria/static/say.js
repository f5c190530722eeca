// A line for messages. Both regions stand there before anything is said: only then does a screen reader say it.

export default {
  render({ model, el }) {
    const calm = make("span", { aria: { role: "status" } });
    const wrong = make("span", { aria: { role: "alert" } });
    el.append(make("div", { className: "staria-say" }, [calm, wrong]));
    const draw = () => {
      const [full, empty] = model.get("wrong") ? [wrong, calm] : [calm, wrong];
      full.textContent = model.get("text");
      empty.textContent = "";
    };
    model.on("change:text change:wrong", draw);
    draw();
    return () => model.off("change:text change:wrong", draw);
  },
};
