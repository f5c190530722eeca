// The notes of one piece, as columns, and the questions the view asks of them.
// These roll.*.js files are joined in order into one module: data, sections, play, paint, roll.

const NOTE_COLUMNS = 6;        // onset_s, duration_s, pitch, velocity, instrument, label (0 none, 1-4 A-D)
const LETTERS = ["A", "B", "C", "D"];
const PITCH_NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

const pitchName = (pitch) => `${PITCH_NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

function floatsOf(view) {      // A trait of bytes arrives as a DataView whose offset need not be aligned
  if (!view || !view.byteLength) return new Float32Array(0);
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

function firstAtLeast(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}

class RollData {
  constructor(noteRows, probRows, barRows) {
    const rows = floatsOf(noteRows), n = rows.length / NOTE_COLUMNS;
    const column = (c) => Float32Array.from({ length: n }, (_, i) => rows[i * NOTE_COLUMNS + c]);
    [this.onset, this.duration, this.pitch, this.velocity, this.instrument, this.label] = [0, 1, 2, 3, 4, 5].map(column);
    this.n = n;
    this.probs = floatsOf(probRows);                       // (N, 4), or empty
    this.bars = floatsOf(barRows);
    this.hasProbs = n > 0 && this.probs.length === 4 * n;
    this.reach = new Float32Array(n);                      // The latest end of notes 0..i: sorted, so it can be searched
    for (let i = 0, end = 0; i < n; i++) this.reach[i] = end = Math.max(end, this.onset[i] + this.duration[i]);
    this.end = n ? this.reach[n - 1] : 1;
    let low = 127, high = 0;
    for (const pitch of this.pitch) { low = Math.min(low, pitch); high = Math.max(high, pitch); }
    if (!n) [low, high] = [60, 72];
    const spare = Math.max(2, Math.ceil((24 - (high - low)) / 2));
    [this.lowPitch, this.highPitch] = [Math.max(0, low - spare), Math.min(127, high + spare)];
  }

  between(start, end) {        // The range of notes that can sound in [start, end)
    return [firstAtLeast(this.reach, start), firstAtLeast(this.onset, end)];
  }

  noteAt(time, pitch, slack) { // The note under a pointer, the shortest where several overlap; -1 for none
    const [first, last] = this.between(time - slack, time + slack);
    let found = -1;
    for (let i = first; i < last; i++) {
      const inside = this.onset[i] - slack <= time && time < this.onset[i] + this.duration[i] + slack;
      if (inside && this.pitch[i] === pitch && (found < 0 || this.duration[i] < this.duration[found])) found = i;
    }
    return found;
  }

  nearestOnset(time) {
    const i = firstAtLeast(this.onset, time);
    if (i === 0) return this.n ? this.onset[0] : time;
    if (i === this.n) return this.onset[i - 1];
    return time - this.onset[i - 1] < this.onset[i] - time ? this.onset[i - 1] : this.onset[i];
  }

  barAt(time) { return this.bars.length ? firstAtLeast(this.bars, time + 1e-4) : 0; }

  uncertainty(i) {             // Entropy of the four probabilities, 0 sure to 1 no idea
    let entropy = 0;
    for (let k = 0; k < 4; k++) { const p = this.probs[4 * i + k]; if (p > 0) entropy -= p * Math.log(p); }
    return entropy / Math.log(4);
  }

  groups(key, count) {         // Note indices by key(i) in 0..count-1, each sorted: one fill style a group
    const lists = Array.from({ length: count }, () => []);
    for (let i = 0; i < this.n; i++) lists[key(i)].push(i);
    return lists.map((list) => Int32Array.from(list));
  }
}
