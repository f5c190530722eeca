// The sampled piano: a page asks Python for it once, when a hand first comes near a roll.

// All widgets of a page share what stands under this symbol: no name of the page is taken
const shared = (globalThis[Symbol.for("staria")] ??= { rolls: new Set() });

const PATIENCE_MS = 20000;
const SILENCE = 0.002; // An encoder puts silence before the sound: it ends where a sample is over this

class Piano {
  constructor(tones) {
    this.tones = tones; // Of each: key, buffer, and the second at which its sound begins
  }

  nearest(pitch) {
    const far = (tone) => Math.abs(tone.key - pitch);
    return this.tones.reduce((best, tone) => (far(tone) < far(best) ? tone : best));
  }
}

async function decodePiano(keys, views) {
  const context = new OfflineAudioContext(1, 1, 44100);
  const tones = keys.map(async (key, i) => {
    const { buffer: bytes, byteOffset, byteLength } = views[i];
    const buffer = await context.decodeAudioData(bytes.slice(byteOffset, byteOffset + byteLength));
    const first = buffer.getChannelData(0).findIndex((sample) => Math.abs(sample) > SILENCE);
    return { key, buffer, begin: Math.max(first, 0) / buffer.sampleRate };
  });
  return new Piano(await Promise.all(tones));
}

function askForPiano(model) {
  shared.piano ??= new Promise((resolve, reject) => {
    const came = (message, views) => {
      if (!message?.piano) return;
      model.off("msg:custom", came);
      clearTimeout(timer);
      decodePiano(message.piano, views).then(resolve, reject);
    };
    const timer = setTimeout(() => {
      model.off("msg:custom", came);
      shared.piano = undefined; // The next touch asks again
      reject(new Error("Python did not answer"));
    }, PATIENCE_MS);
    model.on("msg:custom", came);
    model.send({ do: "piano" });
  });
  return shared.piano;
}
