// Building elements: shared by all views.

function make(tag, properties = {}, children = []) {
  const { dataset, aria, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries(aria ?? {})) {
    element.setAttribute(name === "role" ? name : `aria-${name}`, value);
  }
  Object.assign(element.dataset, dataset ?? {});
  element.append(...children);
  return element;
}

function button(text, label, act) {
  return make("button", {
    type: "button",
    textContent: text,
    title: label,
    aria: { label },
    onclick: act,
  });
}

function keyList(label, rows) {
  // A button, and the list of keys that it opens and closes
  const list = make("div", { className: "staria-help", hidden: true }, [
    make(
      "dl",
      {},
      rows.map(([keys, does]) =>
        make("div", {}, [make("dt", { textContent: keys }), make("dd", { textContent: does })]),
      ),
    ),
  ]);
  const opener = button("?", label, () => {
    list.hidden = !list.hidden;
    opener.setAttribute("aria-expanded", String(!list.hidden));
  });
  opener.setAttribute("aria-expanded", "false");
  return [opener, list];
}
