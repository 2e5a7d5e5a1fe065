/** The prepared notes as chips. One note is sent at a time, and none counts twice. */

import { icon } from "./icons.js";
import { backoff, get, pause, post, retryAfter, uuid } from "./requests.js";

export class Notes {
  #url;
  #list;
  #on;
  #busy = false;

  /**
   * `on.sent(id, text)`: the note is durable; `on.limited(seconds)`: not yet, seconds may be null;
   * `on.late()`: no answer, the same note is tried again; `on.refused()`: it will never be taken.
   */
  constructor(url, list, on) {
    this.#url = url;
    this.#list = list;
    this.#on = on;
  }

  /** Fetch the catalogue in the reader's language and draw its chips; keeps trying. */
  async load(language) {
    for (let tries = 0; ; tries += 1) {
      try {
        const response = await get(`/v1/catalogue?lang=${encodeURIComponent(language)}`);
        if (response.ok) return this.#draw(await response.json());
      } catch {
        // No answer counts as a bad one: both are asked again below.
      }
      await pause(backoff(tries));
    }
  }

  #draw(catalogue) {
    this.#list.lang = catalogue.lang;
    this.#list.dir = catalogue.dir;
    this.#list.replaceChildren(...catalogue.notes.map((note) => this.#chip(note)));
  }

  #chip(note) {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.className = "chip";
    chip.dataset.code = note.code;
    const text = document.createElement("span");
    text.dir = "auto";
    text.textContent = note.text;
    chip.append(icon(note.icon), text);
    chip.addEventListener("click", () => this.#send(note, chip));
    return chip;
  }

  async #send(note, chip) {
    if (this.#busy) return;
    this.#busy = true;
    chip.setAttribute("aria-busy", "true");
    try {
      await this.#deliver(note, chip);
    } finally {
      chip.removeAttribute("aria-busy");
      this.#busy = false;
    }
  }

  // The key stays the same over all tries, so a note whose answer got lost arrives once.
  async #deliver(note, chip) {
    const key = uuid();
    for (let tries = 0; ; tries += 1) {
      try {
        const response = await post(this.#url, { code: note.code }, { "Idempotency-Key": key });
        if (response.status === 201) return this.#sent(await response.json(), note, chip);
        if (response.status === 429) return this.#on.limited(retryAfter(response));
        if (response.status < 500) return this.#on.refused();
        this.#on.late();
      } catch {
        this.#on.late();
      }
      await pause(backoff(tries));
    }
  }

  #sent(reply, note, chip) {
    for (const other of this.#list.children) delete other.dataset.sent;
    chip.dataset.sent = "";
    this.#on.sent(reply.id, note.text);
  }
}
