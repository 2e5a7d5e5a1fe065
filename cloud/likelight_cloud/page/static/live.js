/** The summary, as fresh as the network allows: pushed by SSE, asked for where that fails. */

import { get, pause } from "./requests.js";
import { Windows } from "./windows.js";

const OPEN_WITHIN_MS = 5000;
// The cloud says every 20 s at least that the stream lives.
const SILENCE_MS = 45_000;
const POLL_S = 2;
const POLLS_BEFORE_SSE = 10;
const LONGEST_RETRY_S = 30;

export class Live {
  #url;
  #on;
  #source = null;
  #running = 0;
  #windows;

  /**
   * `on.summary(summary)`; `on.unknown()`: there is no such kitchen;
   * `on.lost(seconds)`: neither way works, the next try is in `seconds`.
   */
  constructor(url, on) {
    this.#url = url;
    this.#on = on;
    this.#windows = new Windows(url);
  }

  /** Start, or start again: after a sleep the old connection may be dead without knowing it. */
  restart() {
    this.stop();
    this.#run(this.#running);
  }

  /** Ask for the summary once, beside the stream: it may be late, or mute. */
  ask() {
    const round = this.#running;
    return this.#ask(() => this.#running === round);
  }

  stop() {
    this.#running += 1;
    this.#source?.close();
    this.#source = null;
    this.#windows.leave();
  }

  // `round` ends this run when stop() or restart() came in between.
  async #run(round) {
    const current = () => this.#running === round;
    let failures = 0;
    let polls = 0;
    while (current()) {
      if (polls === 0) {
        const joined = () => this.#ask(current);
        const summary = (told) => current() && this.#on.summary(told);
        await this.#windows.follow(current, joined, summary);
        if (!current()) return;
      }
      const heard = polls === 0 ? await this.#listen(current) : "nothing";
      if (!current()) return;
      if (heard !== "nothing") failures = 0;
      if (heard === "another window") continue;
      // A page that is left loses its stream just before it ends, and should not ask any more; when a
      // cloud ends its streams, not all pages should ask in the same moment.
      if (polls === 0) await pause(0.1 + 0.2 * Math.random());
      const answered = await this.#ask(current);
      if (!current()) return;
      if (answered === "unknown") return this.#on.unknown();
      if (answered === "summary") {
        failures = 0;
        polls = (polls + 1) % POLLS_BEFORE_SSE;
        await pause(POLL_S * (0.75 + 0.5 * Math.random()));
      } else {
        polls = 0;
        const seconds = this.#jittered(failures);
        failures += 1;
        this.#on.lost(seconds);
        await pause(seconds);
      }
    }
  }

  // Thousands of pages lose the same cloud at the same moment; they must not all connect again at once.
  #jittered(failures) {
    const longest = Math.min(LONGEST_RETRY_S, 4 * 2 ** failures);
    return longest * (0.5 + 0.5 * Math.random());
  }

  /**
   * Follow the event stream until it breaks, falls silent, or another window follows it too; resolves
   * with what was heard: "nothing", "summary", "another window".
   */
  #listen(current) {
    if (typeof EventSource !== "function") return Promise.resolve("nothing");
    return new Promise((resolve) => {
      const source = new EventSource(`${this.#url}/live`);
      this.#source = source;
      let heard = "nothing";
      const end = () => {
        clearTimeout(silence);
        source.close();
        if (this.#source === source) this.#windows.leave();
        resolve(heard);
      };
      this.#windows.lead(() => {
        heard = "another window";
        end();
      });
      let silence = setTimeout(end, OPEN_WITHIN_MS);
      const wait = () => {
        clearTimeout(silence);
        silence = setTimeout(end, SILENCE_MS);
      };
      source.addEventListener("error", end);
      source.addEventListener("alive", wait);
      source.addEventListener("summary", (event) => {
        if (!current()) return end();
        wait();
        heard = "summary";
        const summary = JSON.parse(event.data);
        this.#windows.tell(summary);
        this.#on.summary(summary);
      });
    });
  }

  async #ask(current) {
    try {
      const response = await get(this.#url);
      if (response.status === 404) return "unknown";
      if (!response.ok) return "failed";
      const summary = await response.json();
      if (current()) this.#on.summary(summary);
      return "summary";
    } catch {
      return "failed";
    }
  }
}
