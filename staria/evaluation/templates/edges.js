// What is wider than its place fades at the edge beyond which there is more.

const showEdges = (box) => {
  const beyond = box.scrollWidth - box.clientWidth - box.scrollLeft;
  box.classList.toggle("more-left", box.scrollLeft > 2);
  box.classList.toggle("more-right", beyond > 2);
};

for (const box of document.querySelectorAll(".scroll, .table")) {
  box.addEventListener("scroll", () => showEdges(box), { passive: true });
  new ResizeObserver(() => showEdges(box)).observe(box);
}
