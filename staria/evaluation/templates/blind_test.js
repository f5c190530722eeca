"use strict";

// What the page knows: codes, questions and sounds, but no groups.
const kit = JSON.parse(document.getElementById("kit").textContent);
const questionCount = Object.keys(kit.questions).length;

const samples = document.getElementById("samples");
const named = document.getElementById("named");
const counted = document.getElementById("count");
const take = document.getElementById("take");
const warning = document.getElementById("warn");

const lastListener = "blind-test:" + kit.kit; // Key in localStorage: who listened last

let listener = "";
let answers = {}; // Code -> question -> rating
let played = {}; // Code -> seconds that were heard


// Order of the samples: the same for one listener, another for the next.

function fnv1a(text) {
  let hash = 2166136261;
  for (const char of text) {
    hash = Math.imul(hash ^ char.codePointAt(0), 16777619);
  }
  return hash >>> 0;
}

function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function ordered(codes, text) {
  const random = mulberry32(fnv1a(text));
  const list = codes.slice();
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}


// What is kept in the browser, under the name of the test and of the listener.

function storageKey() {
  return lastListener + ":" + listener;
}

function keep() {
  try {
    localStorage.setItem(storageKey(), JSON.stringify({ answers, played }));
  } catch (error) {
    warning.textContent = "This browser keeps nothing: take the CSV before you close the page.";
  }
  count();
}

function recall() {
  answers = {};
  played = {};
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey()) || "{}");
    answers = kept.answers || {};
    played = kept.played || {};
    localStorage.setItem(lastListener, listener);
  } catch (error) {
    // A browser that keeps nothing begins anew; `keep` warns.
  }
}

function answersTo(code) {
  return answers[code] || {};
}

function count() {
  const all = kit.samples.length * questionCount;
  let given = 0;
  for (const code of kit.samples) {
    const here = Object.keys(answersTo(code)).length;
    given += here;
    document.getElementById("s-" + code).classList.toggle("done", here === questionCount);
  }
  const rest = given < all ? ", " + (all - given) + " missing" : ": all there, thank you";
  counted.textContent = given + " of " + all + " answers" + rest;
}


// One sample: its sound, and a scale for each question.

function makeSound(code, label) {
  const sound = document.createElement("audio");
  sound.controls = true;
  sound.preload = "none";
  sound.src = kit.audio[code];
  sound.setAttribute("aria-label", label);

  let last = null;
  sound.addEventListener("timeupdate", () => {
    const now = sound.currentTime;
    const heard = last === null ? 0 : now - last;
    if (heard > 0 && heard < 1.5) { // A longer step is a jump
      played[code] = (played[code] || 0) + heard;
    }
    last = now;
  });
  sound.addEventListener("seeking", () => {
    last = null;
  });
  sound.addEventListener("pause", keep);
  sound.addEventListener("play", () => {
    for (const other of document.querySelectorAll("audio")) {
      if (other !== sound) {
        other.pause();
      }
    }
  });
  return sound;
}

function makeWord(text) {
  const word = document.createElement("span");
  word.textContent = text;
  return word;
}

function makePoint(code, question, value) {
  const input = document.createElement("input");
  input.type = "radio";
  input.name = code + "-" + question;
  input.value = value;
  input.checked = answersTo(code)[question] === value;
  input.addEventListener("change", () => {
    answers[code] = { ...answersTo(code), [question]: value };
    keep();
  });
  const label = document.createElement("label");
  label.append(input, " " + value);
  return label;
}

function makeScale(code, name, [question, low, high]) {
  const ask = document.createElement("p");
  ask.className = "ask";
  ask.id = "q-" + code + "-" + name;
  ask.textContent = question;

  const scale = document.createElement("div");
  scale.className = "scale";
  scale.setAttribute("role", "radiogroup");
  scale.setAttribute("aria-labelledby", ask.id);
  scale.append(makeWord(low));
  for (let value = 1; value <= kit.points; value++) {
    scale.append(makePoint(code, name, value));
  }
  scale.append(makeWord(high));
  return [ask, scale];
}

function makeSample(code, index) {
  const legend = document.createElement("legend");
  legend.textContent = "Sample " + (index + 1) + " of " + kit.samples.length;

  const sample = document.createElement("fieldset");
  sample.id = "s-" + code;
  sample.append(legend, makeSound(code, legend.textContent));
  for (const [name, words] of Object.entries(kit.questions)) {
    sample.append(...makeScale(code, name, words));
  }
  return sample;
}


// Beginning and end.

function begin() {
  listener = named.value.trim();
  if (!listener) {
    named.focus();
    return;
  }
  recall();
  const order = ordered(kit.samples, kit.kit + listener);
  samples.replaceChildren(...order.map(makeSample));
  take.disabled = false;
  count();
}

function csvCell(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
}

function csv() {
  const lines = [kit.columns.join(",")];
  for (const code of kit.samples) {
    const seconds = (played[code] || 0).toFixed(1);
    for (const name of Object.keys(kit.questions)) {
      const rating = answersTo(code)[name];
      if (rating) {
        lines.push([kit.kit, listener, code, name, rating, seconds].map(csvCell).join(","));
      }
    }
  }
  return lines.join("\n") + "\n";
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  link.download = kit.kit + "-" + listener.replace(/[^\p{L}\p{N}]+/gu, "-") + ".csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

document.getElementById("begin").addEventListener("submit", (event) => {
  event.preventDefault();
  begin();
});
take.addEventListener("click", download);

try {
  named.value = localStorage.getItem(lastListener) || "";
} catch (error) {
  named.value = "";
}
if (named.value) {
  begin();
}
