// The rolls of a page: one piano, one player, a cursor in the roll that plays.

const bytesOfText = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const shownTime = (time) => `${Math.floor(time / 60)}:${String(Math.floor(time % 60)).padStart(2, "0")}`;

const readPiano = (() => {
  let piano = null; // Decoded when a person first wants to hear something
  return () => {
    const tones = JSON.parse(document.getElementById("piano").textContent);
    piano ??= decodePiano(Object.keys(tones).map(Number), Object.values(tones).map(bytesOfText));
    return piano;
  };
})();

const player = new Player();
let heard = null; // The roll that plays

class PageRoll {
  constructor(figure) {
    this.figure = figure;
    this.length = Number(figure.dataset.end);
    this.button = figure.querySelector(".play");
    this.clock = figure.querySelector(".clock");
    this.scroll = figure.querySelector(".scroll");
    this.sheet = figure.querySelector(".sheet");
    this.cursor = figure.querySelector(".cursor");
    this.at = 0; // Where playing goes on, in seconds
    this.button.disabled = false;
    this.button.addEventListener("click", () => this.toggle());
    this.sheet.addEventListener("click", (event) => this.jump(event));
    this.scroll.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      this.toggle();
    });
  }

  get data() {
    if (!this.read) {
      const text = JSON.parse(this.figure.querySelector("script").textContent);
      const rows = new DataView(bytesOfText(text).buffer);
      this.read = new RollData({ get: (name) => (name === "note_rows" ? rows : undefined) });
    }
    return this.read;
  }

  toggle() {
    if (heard === this) this.stop();
    else this.play();
  }

  async play() {
    heard?.stop();
    heard = this;
    if (this.at >= this.length - 0.05) this.at = 0;
    this.show("■", "Stop");
    const wanted = { piano: readPiano(), onEnd: () => this.ended() };
    try {
      await player.start(this.data, this.at, this.length, wanted);
    } catch (error) {
      this.stop();
      this.clock.textContent = `no sound: ${error.message}`;
      return;
    }
    this.follow();
  }

  stop() {
    if (heard !== this) return;
    this.at = player.now();
    player.stop();
    heard = null;
    this.show("▶", "Play");
    this.place();
  }

  ended() {
    heard = null;
    this.at = 0;
    this.show("▶", "Play");
    this.place();
  }

  show(sign, word) {
    this.button.textContent = sign;
    this.button.setAttribute("aria-label", `${word} ${this.figure.querySelector("h3").textContent}`);
    this.cursor.hidden = false;
  }

  follow() {
    if (heard !== this) return;
    this.at = player.now();
    this.place();
    const x = (this.at / this.length) * this.sheet.offsetWidth;
    const { scrollLeft, clientWidth } = this.scroll;
    if (x < scrollLeft || x > scrollLeft + clientWidth * 0.92) this.scroll.scrollLeft = x - clientWidth * 0.1;
    requestAnimationFrame(() => this.follow());
  }

  place() {
    this.cursor.style.left = `${(100 * this.at) / this.length}%`;
    this.clock.textContent = `${shownTime(this.at)} / ${shownTime(this.length)}`;
    this.figure.dataset.at = this.at.toFixed(2);
  }

  jump(event) {
    const box = this.sheet.getBoundingClientRect();
    const again = heard === this;
    if (again) this.stop();
    this.at = clamp((event.clientX - box.left) / box.width, 0, 1) * this.length;
    this.cursor.hidden = false;
    this.place();
    if (again) this.play();
  }
}

for (const figure of document.querySelectorAll("figure.roll")) new PageRoll(figure);
