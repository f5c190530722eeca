// A place to drop a file on, or to pick one: its name and bytes go to Python.

export default {
  render({ model, el }) {
    const input = document.createElement("input");
    const label = document.createElement("label");
    const text = document.createElement("span");
    Object.assign(input, { type: "file", accept: model.get("accept") });
    label.className = "staria-drop";
    label.append(text, input);
    el.append(label);
    const say = () => {
      text.textContent = model.get("label");
      input.setAttribute("aria-label", model.get("label"));
    };
    const send = async (file) => {
      if (!file) return;
      if (file.size > model.get("most_bytes")) {
        model.send({ name: file.name, too_large: file.size });
        return;
      }
      model.send({ name: file.name }, undefined, [await file.arrayBuffer()]);
      input.value = "";
    };
    input.onchange = () => send(input.files[0]);
    for (const [name, over] of [
      ["dragenter", true],
      ["dragover", true],
      ["dragleave", false],
      ["drop", false],
    ]) {
      label.addEventListener(name, (event) => {
        event.preventDefault();
        event.stopPropagation();
        label.classList.toggle("staria-over", over);
        if (name === "drop") send(event.dataTransfer.files[0]);
      });
    }
    model.on("change:label", say);
    say();
    return () => model.off("change:label", say);
  },
};
