/** Taps become likes: the first is sent at once, further ones as one request a second. */

import { backoff, pause, post, retryAfter, uuid } from "./requests.js";

const FOLD_S = 1;
const MOST_PER_REQUEST = 20;

export class Likes {
  #url;
  #source;
  #on;
  #waiting = 0;
  #busy = false;

  /**
   * `source` is "here" for guests in the house, else undefined.
   * `on.asked()`: a batch goes out; `on.sent(reply)`: the likes are durable; `on.limited()`: more than the lamp can take;
   * `on.late()`: the cloud can't be reached, the same batch is tried again;
   * `on.refused()`: the cloud will never take them.
   */
  constructor(url, source, on) {
    this.#url = url;
    this.#source = source;
    this.#on = on;
  }

  tap() {
    this.#waiting += 1;
    if (!this.#busy) this.#drain();
  }

  /** The page is closing: send what still waits, and wait for no answer. */
  leave() {
    const batch = this.#take();
    if (batch.n > 0) post(this.#url, batch).catch(() => {});
  }

  async #drain() {
    this.#busy = true;
    while (this.#waiting > 0) {
      const began = performance.now();
      await this.#deliver(this.#take());
      await pause(Math.max(0, FOLD_S - (performance.now() - began) / 1000));
    }
    this.#busy = false;
  }

  #take() {
    const n = Math.min(this.#waiting, MOST_PER_REQUEST);
    this.#waiting -= n;
    return { n, batch: uuid(), source: this.#source };
  }

  // The batch keeps its id over all its tries, so it counts once, even if several of them arrive.
  async #deliver(batch) {
    this.#on.asked();
    for (let tries = 0; ; tries += 1) {
      let wait;
      try {
        const response = await post(this.#url, batch);
        if (response.status === 202) return await this.#accepted(await response.json(), batch.n);
        wait = retryAfter(response);
        if (response.status === 429) this.#on.limited();
        else if (response.status < 500) return this.#on.refused();
        else this.#on.late();
      } catch {
        this.#on.late();
      }
      await pause(wait ?? backoff(tries));
    }
  }

  async #accepted(reply, sent) {
    this.#on.sent(reply);
    if (reply.accepted < sent) this.#on.limited();
    if (reply.retry_after_ms) await pause(reply.retry_after_ms / 1000);
  }
}
