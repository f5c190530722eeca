// Playback: notes are handed to WebAudio a little ahead of time, so that a busy page does not stutter.

const AHEAD_S = 0.3;
const TICK_MS = 60;
const LEAD_S = 0.03;
const RING_S = 1.6;
const LOUDEST = 0.5;

class Player {
  constructor() {
    this.context = null;
    this.timer = null;
    this.from = 0;
  }

  get playing() {
    return this.timer !== null;
  }

  warm() {
    this.context ??= new AudioContext({ latencyHint: "interactive" });
  } // Opening the device takes a moment: do it when a hand comes near

  now() {
    // Where the piece is, in seconds
    if (!this.playing) return this.from;
    const gone = (this.context.currentTime - this.zero) * this.speed;
    const length = this.to - this.from;
    return gone <= 0
      ? this.from
      : this.loop
        ? this.from + (gone % length)
        : Math.min(this.from + gone, this.to);
  }

  async start(
    data,
    from,
    to,
    { piano, speed = 1, loop = false, pedal = false, onStart = () => {}, onEnd = () => {} } = {},
  ) {
    this.stop();
    this.warm();
    // Until the context runs and the piano is there, the cursor waits
    Object.assign(this, { data, from, to, speed, loop, pedal, onStart, onEnd, zero: Infinity });
    const timer = (this.timer = setInterval(() => this.schedule(), TICK_MS));
    const [, sampled] = await Promise.all([this.context.resume(), piano]);
    this.piano = sampled;
    if (this.timer !== timer) return; // Stopped, or started anew, in the meantime
    this.bus = this.context.createGain();
    const limiter = this.context.createDynamicsCompressor();
    this.bus.connect(limiter).connect(this.context.destination);
    this.zero = this.pass = this.context.currentTime + LEAD_S;
    this.next = firstAtLeast(data.onset, from);
    this.schedule();
  }

  stop() {
    if (!this.playing) return;
    clearInterval(this.timer);
    this.from = this.now();
    this.timer = null;
    if (!this.bus) return;
    const bus = this.bus;
    bus.gain.setTargetAtTime(0, this.context.currentTime, 0.02);
    setTimeout(() => bus.disconnect(), 200);
    this.bus = null;
  }

  schedule() {
    // `pass` is when this round through the span began, `next` the next note of it
    if (!this.bus) return;
    const { onset, duration } = this.data;
    const clock = this.context.currentTime;
    const length = (this.to - this.from) / this.speed;
    const horizon = clock + (document.hidden ? 1.5 : AHEAD_S); // Hidden pages get one tick a second
    if (this.onStart && clock >= this.zero) {
      this.onStart();
      this.onStart = null;
    }
    for (;;) {
      const i = this.next;
      const at =
        i < this.data.n && onset[i] < this.to ? this.pass + (onset[i] - this.from) / this.speed : Infinity;
      if (at < horizon) {
        const held = Math.min(duration[i], this.to - onset[i]) / this.speed;
        if (this.data.instrument[i] === 10) this.strike(i, Math.max(clock, at));
        else this.voice(i, Math.max(clock, at), held);
        this.next++;
      } else if (at === Infinity && this.loop && this.pass + length < horizon) {
        this.pass += length;
        this.next = firstAtLeast(onset, this.from);
      } else break;
    }
    if (!this.loop && clock >= this.zero + length) {
      this.stop();
      this.from = this.to;
      this.onEnd();
    }
  }

  voice(i, at, held) {
    // The nearest sample at another speed; a soft hammer wakes fewer partials; with the pedal a
    // note rings on
    const pitch = this.data.pitch[i];
    const loud = this.data.velocity[i] / 127;
    const { key, buffer, begin } = this.piano.nearest(pitch);
    const end = at + Math.max(held, 0.05) + (this.pedal ? RING_S : 0);
    const string = this.context.createBufferSource();
    string.buffer = buffer;
    string.playbackRate.value = 2 ** ((pitch - key) / 12);
    const hammer = this.context.createBiquadFilter();
    hammer.frequency.value = Math.min(440 * 2 ** ((pitch - 69) / 12) * (2 + 16 * loud), 18000);
    const gain = this.context.createGain();
    gain.gain.setValueAtTime(LOUDEST * loud ** 1.6, at);
    gain.gain.setTargetAtTime(0, end, this.pedal ? 0.25 : 0.06);
    string.connect(hammer).connect(gain).connect(this.bus);
    string.start(at, begin);
    string.stop(end + (this.pedal ? 1 : 0.4));
  }

  strike(i, at) {
    // A drum is a burst of noise
    const rate = this.context.sampleRate;
    this.noise ??= (() => {
      const buffer = this.context.createBuffer(1, rate / 5, rate);
      const samples = buffer.getChannelData(0);
      for (let k = 0; k < samples.length; k++) {
        samples[k] = (Math.random() * 2 - 1) * Math.exp(-k / (rate * 0.03));
      }
      return buffer;
    })();
    const source = this.context.createBufferSource();
    const gain = this.context.createGain();
    source.buffer = this.noise;
    gain.gain.value = (0.15 * this.data.velocity[i]) / 127;
    source.connect(gain).connect(this.bus);
    source.start(at);
  }

  close() {
    this.stop();
    this.context?.close();
    this.context = null;
  }
}
