/** The prepared notes, chips that stand in the page. One is sent at a time, and none counts twice. */

import { backoff, pause, post, retryAfter, uuid } from "./requests.js";

export class Notes {
  #url;
  #chips;
  #on;
  #busy = false;

  /**
   * `list` holds the chips.
   * `on.sent(id, text)`: the note is durable; `on.limited(seconds, full)`: not yet, seconds may be
   * null, `full` when too many wait for the crew;
   * `on.late()`: no answer, the same note is tried again; `on.refused()`: it will never be taken.
   */
  constructor(url, list, on) {
    this.#url = url;
    this.#chips = list.querySelectorAll(".chip");
    this.#on = on;
    for (const chip of this.#chips) {
      chip.addEventListener("click", (event) => {
        event.preventDefault(); // the form is for browsers without JavaScript
        this.#send(chip);
      });
    }
  }

  async #send(chip) {
    if (this.#busy) return;
    this.#busy = true;
    chip.setAttribute("aria-busy", "true");
    try {
      await this.#deliver(chip);
    } finally {
      chip.removeAttribute("aria-busy");
      this.#busy = false;
    }
  }

  // The key stays the same over all tries, so a note whose answer got lost arrives once.
  async #deliver(chip) {
    const key = uuid();
    for (let tries = 0; ; tries += 1) {
      try {
        const response = await post(this.#url, { code: chip.dataset.code }, { "Idempotency-Key": key });
        if (response.status === 201) return this.#sent(await response.json(), chip);
        if (response.status === 429) return this.#on.limited(retryAfter(response), await isFull(response));
        if (response.status < 500) return this.#on.refused();
        this.#on.late();
      } catch {
        this.#on.late();
      }
      await pause(backoff(tries));
    }
  }

  #sent(reply, chip) {
    for (const other of this.#chips) delete other.dataset.sent;
    chip.dataset.sent = "";
    this.#on.sent(reply.id, chip.textContent.trim());
  }
}

/** Whether too many notes wait for the crew already; a proxy may say 429 in words of its own. */
async function isFull(response) {
  try {
    return (await response.json()).type === "urn:likelight:problem:full";
  } catch {
    return false;
  }
}
