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
