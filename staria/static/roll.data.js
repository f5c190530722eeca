// The notes of one piece, as columns, and the questions the view asks of them.
// These roll.*.js files are joined in order into one module: data, piano, play, sections, paint, panes, hands, roll.

const NOTE_COLUMNS = 6; // onset_s, duration_s, pitch, velocity, instrument, label (0 none, 1-4 A-D)
const TOKEN_COLUMNS = 3; // id, note (-1 for none), time in milliseconds
const LETTERS = ["A", "B", "C", "D"];
const PITCH_NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

const pitchName = (pitch) => `${PITCH_NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// A trait of bytes arrives as a DataView whose offset need not be aligned
const bytesOf = (view) =>
  view && view.byteLength
    ? view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)
    : new ArrayBuffer(0);

function firstAtLeast(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

class RollData {
  constructor(model) {
    const rows = new Float32Array(bytesOf(model.get("note_rows")));
    const n = (this.n = rows.length / NOTE_COLUMNS);
    const columns = Array.from({ length: NOTE_COLUMNS }, () => new Float32Array(n));
    for (let i = 0, at = 0; i < n; i++) for (let c = 0; c < NOTE_COLUMNS; c++) columns[c][i] = rows[at++];
    [this.onset, this.duration, this.pitch, this.velocity, this.instrument, this.label] = columns;
    this.bars = new Float32Array(bytesOf(model.get("bar_rows")));
    this.beats = new Float32Array(bytesOf(model.get("beat_rows")));
    this.probs = new Float32Array(bytesOf(model.get("prob_rows"))); // (N, 4), or empty
    this.hasProbs = n > 0 && this.probs.length === 4 * n;
    this.reach = new Float32Array(n); // The latest end of notes 0..i: sorted, so it can be searched
    for (let i = 0, end = 0; i < n; i++) {
      this.reach[i] = end = Math.max(end, this.onset[i] + this.duration[i]);
    }
    this.end = n ? this.reach[n - 1] : 1;
    let low = 127;
    let high = 0;
    for (const pitch of this.pitch) {
      if (pitch < low) low = pitch;
      if (pitch > high) high = pitch;
    }
    if (!n) [low, high] = [60, 72];
    const spare = Math.max(2, Math.ceil((24 - (high - low)) / 2));
    [this.lowPitch, this.highPitch] = [Math.max(0, low - spare), Math.min(127, high + spare)];
    if (this.hasProbs) this.weigh();
    this.readTokens(model);
  }

  weigh() {
    // Entropy of the four probabilities, 0 sure to 1 no idea, and the highest of them
    this.uncertainty = new Float32Array(this.n);
    this.best = new Float32Array(this.n);
    for (let i = 0; i < this.n; i++) {
      let entropy = 0;
      for (let k = 4 * i; k < 4 * i + 4; k++) {
        const p = this.probs[k];
        if (p > 0) entropy -= p * Math.log(p);
        if (p > this.best[i]) this.best[i] = p;
      }
      this.uncertainty[i] = this.best[i] ? entropy / Math.log(4) : 0; // A row of zeros: not heard yet
    }
  }

  readTokens(model) {
    // Columns of the token list, and the first token of each note
    const rows = new Int32Array(bytesOf(model.get("token_rows")));
    const n = (this.nTokens = rows.length / TOKEN_COLUMNS);
    const columns = Array.from({ length: TOKEN_COLUMNS }, () => new Int32Array(n));
    for (let i = 0, at = 0; i < n; i++) {
      for (let c = 0; c < TOKEN_COLUMNS; c++) columns[c][i] = rows[at++];
    }
    [this.tokenId, this.tokenNote, this.tokenMs] = columns;
    this.words = model.get("token_words");
    this.tokenOf = new Int32Array(this.n).fill(-1);
    for (let i = n - 1; i >= 0; i--) if (this.tokenNote[i] >= 0) this.tokenOf[this.tokenNote[i]] = i;
  }

  tokensOf(note) {
    // Positions of a note's tokens: two or three in a row
    const first = this.tokenOf[note] ?? -1;
    const found = [];
    if (first >= 0) {
      for (let i = first; i < this.nTokens && this.tokenNote[i] === note; i++) found.push(i);
    }
    return found;
  }

  between(start, end) {
    // The range of notes that can sound in [start, end)
    return [firstAtLeast(this.reach, start), firstAtLeast(this.onset, end)];
  }

  noteAt(time, pitch, slack) {
    // The note under a pointer, the shortest where several overlap; -1 for none
    const [first, last] = this.between(time - slack, time + slack);
    let found = -1;
    for (let i = first; i < last; i++) {
      if (
        this.pitch[i] !== pitch ||
        this.onset[i] - slack > time ||
        time >= this.onset[i] + this.duration[i] + slack
      ) {
        continue;
      }
      if (found < 0 || this.duration[i] < this.duration[found]) found = i;
    }
    return found;
  }

  nearestOnset(time) {
    const i = firstAtLeast(this.onset, time);
    if (i === 0) return this.n ? this.onset[0] : time;
    if (i === this.n) return this.onset[i - 1];
    return time - this.onset[i - 1] < this.onset[i] - time ? this.onset[i - 1] : this.onset[i];
  }

  snap(time, slack) {
    // To the nearest bar line, else beat, else note, that is within reach
    for (const grid of [this.bars, this.beats]) {
      const i = firstAtLeast(grid, time);
      const near = [grid[i - 1], grid[i]].filter((at) => at !== undefined && Math.abs(at - time) <= slack);
      if (near.length) return near.reduce((a, b) => (Math.abs(b - time) < Math.abs(a - time) ? b : a));
    }
    const onset = this.nearestOnset(time);
    return Math.abs(onset - time) <= slack ? onset : time;
  }

  nextOnset(time, way) {
    // The next onset after a time, or the last before it
    if (way > 0) {
      const i = firstAtLeast(this.onset, time + 1e-3);
      return i < this.n ? this.onset[i] : this.end;
    }
    const i = firstAtLeast(this.onset, time - 1e-3);
    return i > 0 ? this.onset[i - 1] : 0;
  }

  barAt(time) {
    return this.bars.length ? firstAtLeast(this.bars, time + 1e-3) : 0;
  }
}
