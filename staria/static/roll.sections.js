// Sections are [start_s, end_s, label], sorted, never overlapping. Every edit gives a new list, so
// undo is a stack of lists.

const SHORTEST_S = 0.05;

const sectionAt = (sections, time) => sections.findIndex(([start, end]) => start <= time && time < end);
const relabelled = (sections, k, label) =>
  sections.map((section, i) => (i === k ? [section[0], section[1], label] : section));
const without = (sections, k) => sections.filter((_, i) => i !== k);

function boundaryNear(sections, time, slack) {
  // {left, right}: the sections that end and start there, -1 for none
  let best = null;
  let distance = slack;
  sections.forEach(([start, end], k) => {
    if (Math.abs(start - time) <= distance) {
      distance = Math.abs(start - time);
      best = { left: -1, right: k, time: start };
    }
    if (Math.abs(end - time) < distance) {
      distance = Math.abs(end - time);
      best = { left: k, right: -1, time: end };
    }
  });
  if (!best) return null;
  if (best.left < 0) best.left = sections.findIndex(([, end]) => Math.abs(end - best.time) < 1e-6);
  if (best.right < 0) best.right = sections.findIndex(([start]) => Math.abs(start - best.time) < 1e-6);
  return best;
}

function moved(sections, { left, right }, time, end) {
  const low = left >= 0 ? sections[left][0] + SHORTEST_S : right > 0 ? sections[right - 1][1] : 0;
  const high =
    right >= 0 ? sections[right][1] - SHORTEST_S : left + 1 < sections.length ? sections[left + 1][0] : end;
  const at = clamp(time, low, high);
  return sections.map(([start, stop, label], k) => [k === right ? at : start, k === left ? at : stop, label]);
}

function split(sections, time) {
  const k = sectionAt(sections, time);
  if (k < 0) return sections;
  const [start, end, label] = sections[k];
  if (time - start < SHORTEST_S || end - time < SHORTEST_S) return sections;
  return [...sections.slice(0, k), [start, time, label], [time, end, label], ...sections.slice(k + 1)];
}

function mergedWithNext(sections, k) {
  if (k < 0 || k + 1 >= sections.length) return sections;
  return [
    ...sections.slice(0, k),
    [sections[k][0], sections[k + 1][1], sections[k][2]],
    ...sections.slice(k + 2),
  ];
}

function drawn(sections, start, end, label) {
  // A new section lies over what was there
  if (end - start < SHORTEST_S) return sections;
  const kept = sections.flatMap(([a, b, name]) => [
    [a, Math.min(b, start), name],
    [Math.max(a, end), b, name],
  ]);
  return [...kept.filter(([a, b]) => b - a >= SHORTEST_S), [start, end, label]].sort((x, y) => x[0] - y[0]);
}

function nudged(sections, k, side, time, end) {
  // Move one boundary of section k, and what touches it, to a time
  const at =
    side === "start"
      ? boundaryNear(sections, sections[k][0], 1e-6)
      : boundaryNear(sections, sections[k][1], 1e-6);
  return at ? moved(sections, at, time, end) : sections;
}

const sectionLines = (sections) =>
  // As save_sections writes them
  sections.map(([start, end, label]) => `${start.toFixed(6)}\t${end.toFixed(6)}\t${label}\n`).join("");

class History {
  constructor() {
    this.past = [];
    this.future = [];
  }
  remember(sections) {
    this.past.push(sections);
    this.future = [];
  }
  undo(now) {
    if (!this.past.length) return null;
    this.future.push(now);
    return this.past.pop();
  }
  redo(now) {
    if (!this.future.length) return null;
    this.past.push(now);
    return this.future.pop();
  }
}
