/**
 * The windows of one browser on one kitchen: one of them follows the event stream and tells the
 * others. Over HTTP/1.1 a browser has six connections to a server for all its windows, and each
 * event stream holds one; with six of them nothing else passes, likes included.
 */

import { pause } from "./requests.js";

const BEAT_MS = 1000;
const GONE_MS = 3500; // a window in the background may be late

export class Windows {
  // Of two that lead at once, the smaller one goes on.
  #id = Math.random();
  #channel = null;
  #beat = 0;
  #yielded = () => {};
  #heardAt = -Infinity;
  #summary = () => {};

  constructor(name) {
    if (typeof BroadcastChannel !== "function") return;
    this.#channel = new BroadcastChannel(name);
    this.#channel.addEventListener("message", ({ data }) => this.#receive(data));
  }

  /**
   * Follow another window as long as one leads and `current()` holds: `joined()` is called when it
   * begins, and `summary(summary)` for each one.
   */
  async follow(current, joined, summary) {
    if (!this.#channel) return;
    this.#summary = summary;
    for (;;) {
      this.#channel.postMessage({ who: true });
      // By chance one of many is the first that leads, and the others hear it.
      await pause(0.05 + 0.15 * Math.random());
      if (!current() || !this.#led) break;
      joined();
      while (current() && this.#led) await pause(0.5);
    }
    if (this.#summary === summary) this.#summary = () => {};
  }

  /**
   * This window follows the event stream from now on. `yielded()`: another one does it too, as two
   * may that began in the same moment or did not hear each other in time, and this one need not.
   */
  lead(yielded) {
    if (!this.#channel || this.#beat) return;
    this.#yielded = yielded;
    const beat = () => this.#channel.postMessage({ beat: this.#id });
    this.#beat = setInterval(beat, BEAT_MS);
    beat();
  }

  /** The event stream brought a summary. */
  tell(summary) {
    this.#channel?.postMessage({ summary });
  }

  /** This window follows the event stream no more. */
  leave() {
    if (!this.#beat) return;
    this.#mute();
    this.#channel.postMessage({ gone: true });
  }

  #yield() {
    this.#mute();
    this.#yielded();
  }

  #mute() {
    clearInterval(this.#beat);
    this.#beat = 0;
  }

  get #led() {
    return performance.now() - this.#heardAt < GONE_MS;
  }

  #receive(data) {
    if (data.who && this.#beat) this.#channel.postMessage({ beat: this.#id });
    if (data.beat || data.summary) this.#heardAt = performance.now();
    if (data.beat < this.#id && this.#beat) this.#yield();
    if (data.gone) this.#heardAt = -Infinity;
    if (data.summary) this.#summary(data.summary);
  }
}
