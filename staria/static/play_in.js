// Playing in: a recorder for a MIDI keyboard, the computer's keys and a finger on the keys that are shown. It counts
// in, clicks if wanted, and sends what was played to Python, in seconds from the first bar's beginning.

const KEYS = "KeyA KeyW KeyS KeyE KeyD KeyF KeyT KeyG KeyY KeyH KeyU KeyJ KeyK KeyO KeyL KeyP Semicolon".split(" ");
const CAPS = "A W S E D F T G Y H U J K O L P ;".split(" ");
const BLACK = [1, 3, 6, 8, 10];
const KEY_VELOCITY = 80;
const PEDAL = 64; // The controller's number
const EARLY_BEATS = 0.5; // A first note that comes before its bar belongs to it
const NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
const nameOf = (pitch) => `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;

class PlayIn {
  constructor(model, el) {
    this.model = model;
    this.octave = 4;
    this.held = new Map(); // By source: pitch, start, velocity
    this.sounding = new Map(); // By pitch: what ends its sound
    this.ringing = new Map(); // Let go while the pedal is down, by pitch
    this.pedal = false;
    this.notes = [];
    this.build(el);
    this.say(this.howTo());
    this.tell("idle");
  }

  build(el) {
    this.recordButton = button("● Record", "Count in, then record (Enter); once more to end (Escape)", () => this.toggle());
    this.connectButton = button("Connect a MIDI keyboard", "Let this page hear a MIDI keyboard (WebMIDI)", () => this.connect());
    this.clickBox = make("input", { type: "checkbox", checked: true, aria: { label: "metronome" } });
    this.status = make("div", { className: "staria-status", aria: { role: "status", live: "polite" } });
    this.keys = KEYS.map((_, k) => this.keyButton(k));
    this.board = make("div", { className: "staria-keys", aria: { role: "group", label: "Keys to play" } }, this.keys);
    this.root = make("div", { className: "staria-form staria-play-in", tabIndex: 0, dataset: { lmSuppressShortcuts: "true" },
      aria: { role: "application", label: "Play it in: letters play notes, Z and X change the octave, Enter records" } }, [
      make("div", { className: "staria-form-bar" }, [
        this.recordButton,
        this.connectButton,
        button("octave −", "An octave lower (Z)", () => this.shift(-1)),
        button("octave +", "An octave higher (X)", () => this.shift(1)),
        make("label", { title: "Click on every beat" }, [this.clickBox, "metronome"]),
      ]),
      this.board,
      this.status,
    ]);
    this.root.addEventListener("keydown", (event) => this.key(event, true));
    this.root.addEventListener("keyup", (event) => this.key(event, false));
    this.root.addEventListener("focusout", (event) => {
      if (!this.root.contains(event.relatedTarget)) this.releaseAll();
    });
    this.label();
    el.append(this.root);
  }

  keyButton(k) {
    const black = BLACK.includes(k % 12);
    const key = make("button", { type: "button", tabIndex: -1, className: `staria-key${black ? " staria-key-black" : ""}` });
    const down = (event) => {
      event.preventDefault();
      key.setPointerCapture?.(event.pointerId);
      this.root.focus({ preventScroll: true });
      this.press(`finger${event.pointerId}`, this.pitch(k), KEY_VELOCITY, event.timeStamp);
    };
    const up = (event) => this.release(`finger${event.pointerId}`, event.timeStamp);
    key.onpointerdown = down;
    key.onpointerup = key.onpointercancel = up;
    return key;
  }

  pitch(k) {
    return 12 * (this.octave + 1) + k;
  }

  label() {
    this.keys.forEach((key, k) => {
      key.textContent = CAPS[k];
      key.title = nameOf(this.pitch(k));
      key.setAttribute("aria-label", `${nameOf(this.pitch(k))}, key ${CAPS[k]}`);
    });
    this.root.dataset.octave = this.octave;
  }

  shift(by) {
    this.releaseAll();
    this.octave = Math.max(0, Math.min(7, this.octave + by));
    this.label();
    this.say(`from ${nameOf(this.pitch(0))}`);
  }

  howTo() {
    return "Play by the letters on the keys (Z and X change the octave), by hand, or by a MIDI keyboard; Record counts in for a bar.";
  }
  say(text) {
    this.status.textContent = text;
  }
  tell(state) {
    this.state = state;
    this.root.dataset.state = state;
    this.root.dataset.notes = this.notes.length;
    this.recordButton.textContent = state === "idle" ? "● Record" : "■ End";
    this.recordButton.setAttribute("aria-pressed", String(state !== "idle"));
  }

  // ---- time ---------------------------------------------------------------------------------------
  get beatMs() {
    return 60000 / this.model.get("tempo_qpm") * (4 / this.model.get("meter")[1]);
  }

  toggle() {
    if (this.state === "idle") this.start();
    else this.stop();
  }

  start() {
    this.audio();
    this.notes = [];
    const beats = this.model.get("meter")[0];
    this.zero = performance.now() + beats * this.beatMs; // Where the first bar begins
    this.beat = -beats;
    this.tell("counting");
    this.root.focus({ preventScroll: true });
    this.tick();
  }

  tick() {
    // One beat: said, heard, and the next one waited for
    if (this.state === "idle") return;
    const beats = this.model.get("meter")[0];
    const { beat } = this;
    if (beat >= 0 && this.state === "counting") this.tell("recording");
    const inBar = (((beat % beats) + beats) % beats) + 1;
    this.say(beat < 0 ? `count-in: ${inBar}` : `recording: bar ${Math.floor(beat / beats) + 1}, beat ${inBar}, ${this.notes.length} notes`);
    if (this.clickBox.checked) this.click(inBar === 1);
    this.beat++;
    const wait = this.zero + this.beat * this.beatMs - performance.now();
    this.timer = setTimeout(() => this.tick(), Math.max(0, wait));
  }

  stop() {
    clearTimeout(this.timer);
    this.releaseAll();
    this.setPedal(false, performance.now());
    const { notes } = this;
    this.tell("idle");
    this.say(notes.length ? `${notes.length} notes were played` : "nothing was played: press Record and play after the count-in");
    if (notes.length) this.model.send({ do: "played", notes });
  }

  // ---- notes --------------------------------------------------------------------------------------
  press(source, pitch, velocity, now) {
    if (this.held.has(source)) return;
    this.ended(pitch, now);
    this.held.set(source, { pitch, velocity, now });
    this.sound(pitch, velocity);
    this.mark(pitch, true);
  }

  release(source, now) {
    const note = this.held.get(source);
    if (!note) return;
    this.held.delete(source);
    this.mark(note.pitch, false);
    if (this.pedal) this.ringing.set(note.pitch, note);
    else this.put(note, now);
  }

  ended(pitch, now) {
    const note = this.ringing.get(pitch);
    if (!note) return;
    this.ringing.delete(pitch);
    this.put(note, now);
  }

  put(note, now) {
    this.hush(note.pitch);
    if (this.state === "idle") return;
    const early = EARLY_BEATS * this.beatMs;
    const start = note.now - this.zero;
    if (start < -early) return; // Played along with the count-in
    const from = Math.max(0, start) / 1000;
    this.notes.push([from, Math.max((now - this.zero) / 1000 - from, 0.02), note.pitch, note.velocity]);
    this.root.dataset.notes = this.notes.length;
  }

  releaseAll() {
    for (const source of [...this.held.keys()]) this.release(source, performance.now());
  }

  setPedal(down, now) {
    this.pedal = down;
    if (down) return;
    for (const pitch of [...this.ringing.keys()]) this.ended(pitch, now);
  }

  mark(pitch, on) {
    this.keys[pitch - this.pitch(0)]?.classList.toggle("staria-over", on);
  }

  // ---- sources ------------------------------------------------------------------------------------
  key(event, down) {
    event.stopPropagation(); // Letters are for the recorder, not for the notebook
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const k = KEYS.indexOf(event.code);
    if (k >= 0) {
      if (down && !event.repeat) this.press(event.code, this.pitch(k), KEY_VELOCITY, event.timeStamp);
      if (!down) this.release(event.code, event.timeStamp);
    } else if (!down || event.repeat) return;
    else if (event.code === "KeyZ" || event.code === "KeyX") this.shift(event.code === "KeyZ" ? -1 : 1);
    else if (event.key === "Enter" && event.target === this.root) this.toggle();
    else if (event.key === "Escape" && this.state !== "idle") this.stop();
    else return;
    event.preventDefault();
  }

  async connect() {
    if (!navigator.requestMIDIAccess) {
      this.say("this browser hears no MIDI keyboards: use Chrome, Edge or Firefox, or the computer's keys");
      return;
    }
    try {
      this.access = await navigator.requestMIDIAccess();
    } catch (error) {
      this.say(`no MIDI keyboard may be heard (${error.message}): allow it beside the page's address`);
      return;
    }
    const listen = () => {
      const inputs = [...this.access.inputs.values()];
      for (const input of inputs) input.onmidimessage = (event) => this.midi(event, input.id);
      this.root.dataset.inputs = inputs.length;
      this.say(inputs.length ? `heard: ${inputs.map((input) => input.name).join(", ")}` : "no MIDI keyboard is connected yet");
    };
    this.access.onstatechange = listen;
    listen();
  }

  midi(event, id) {
    const [status, first, second] = event.data;
    const now = event.timeStamp || performance.now();
    const kind = status & 0xf0;
    if (kind === 0x90 && second > 0) this.press(`${id}-${first}`, first, second, now);
    else if (kind === 0x80 || kind === 0x90) this.release(`${id}-${first}`, now);
    else if (kind === 0xb0 && first === PEDAL) this.setPedal(second >= 64, now);
  }

  // ---- sound --------------------------------------------------------------------------------------
  audio() {
    this.context ??= new AudioContext();
    this.context.resume();
    askForPiano(this.model).then((piano) => {
      this.piano = piano;
    }, () => {}); // Without samples it records all the same
    return this.context;
  }

  sound(pitch, velocity) {
    const context = this.audio();
    this.hush(pitch);
    if (!this.piano) return;
    const { key, buffer, begin } = this.piano.nearest(pitch);
    const string = new AudioBufferSourceNode(context, { buffer, playbackRate: 2 ** ((pitch - key) / 12) });
    const gain = new GainNode(context, { gain: velocity / 127 });
    string.connect(gain).connect(context.destination);
    string.start(0, begin);
    this.sounding.set(pitch, () => {
      gain.gain.setTargetAtTime(0, context.currentTime, 0.08);
      string.stop(context.currentTime + 0.6);
    });
  }

  hush(pitch) {
    this.sounding.get(pitch)?.();
    this.sounding.delete(pitch);
  }

  click(first) {
    const context = this.audio();
    const tick = new OscillatorNode(context, { frequency: first ? 1760 : 1320 });
    const gain = new GainNode(context, { gain: 0.15 });
    gain.gain.setTargetAtTime(0, context.currentTime, 0.015);
    tick.connect(gain).connect(context.destination);
    tick.start();
    tick.stop(context.currentTime + 0.1);
  }

  close() {
    clearTimeout(this.timer);
    for (const input of this.access?.inputs.values() ?? []) input.onmidimessage = null;
    this.context?.close();
  }
}

export default {
  render({ model, el }) {
    const view = new PlayIn(model, el);
    return () => view.close();
  },
};
