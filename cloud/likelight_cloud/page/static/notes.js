/** The prepared notes, chips that stand in the page. One is sent at a time, and none counts twice. */

import { backoff, get, pause, post, retryAfter, uuid } from "./requests.js";

const COOLS_MOST_MS = 60_000;
// Every page of a kitchen hears at once that it shows other notes.
const SPREAD_S = 2;

export class Notes {
  #url;
  #source;
  #list;
  #catalogue;
  #on;
  #busy = false;
  #cooling = null; // the animation on the chip of the last note

  /**
   * `source` is "here" for guests in the house, else undefined. `list` holds the chips, which are of
   * the `catalogue`: a document's name, or null.
   * `on.sent(id, text)`: the note is durable; `on.limited(seconds, full)`: not yet, seconds may be
   * null, `full` when too many wait for the crew;
   * `on.late()`: no answer, the same note is tried again; `on.refused()`: it will never be taken.
   */
  constructor(url, source, list, catalogue, on) {
    this.#url = url;
    this.#source = source;
    this.#list = list;
    this.#catalogue = catalogue;
    this.#on = on;
    list.addEventListener("click", (event) => {
      const chip = event.target.closest(".chip");
      if (!chip) return;
      event.preventDefault(); // the form is for browsers without JavaScript
      this.#send(chip);
    });
  }

  /** The kitchen shows the notes of `catalogue`: where these are others, they come into the page. */
  offered(catalogue) {
    if (catalogue === this.#catalogue) return;
    this.#catalogue = catalogue;
    this.#renew();
  }

  // The chips are the server's, so they come out of its page, in the language of this one.
  async #renew() {
    const asked = this.#catalogue;
    await pause(Math.random() * SPREAD_S);
    try {
      const response = await get(location.href);
      if (!response.ok) throw new Error(response.status);
      const made = new DOMParser().parseFromString(await response.text(), "text/html");
      this.#replace(made.getElementById("notes"));
    } catch {
      if (this.#catalogue === asked) this.#catalogue = undefined; // the next summary asks again
    }
  }

  #replace(made) {
    const focused = this.#list.contains(document.activeElement) ? document.activeElement.dataset.code : null;
    const open = this.#list.querySelector("details")?.open;
    this.#list.replaceChildren(...made.childNodes);
    const more = this.#list.querySelector("details");
    if (more && open) more.open = true;
    if (focused) this.#list.querySelector(`[data-code="${focused}"]`)?.focus();
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
    const note = { code: chip.dataset.code, source: this.#source };
    for (let tries = 0; ; tries += 1) {
      try {
        const response = await post(this.#url, note, { "Idempotency-Key": key });
        if (response.status === 201) return this.#sent(await response.json(), chip);
        if (response.status === 429) return this.#limited(response, chip);
        if (response.status === 422) this.#renew(); // the kitchen no longer shows it
        if (response.status < 500) return this.#on.refused();
        this.#on.late();
      } catch {
        this.#on.late();
      }
      await pause(backoff(tries));
    }
  }

  #sent(reply, chip) {
    for (const other of this.#list.querySelectorAll(".chip")) delete other.dataset.sent;
    chip.dataset.sent = "";
    this.#cool(chip, Date.parse(reply.next_at) - Date.parse(reply.created_at));
    this.#on.sent(reply.id, chip.textContent.trim());
  }

  async #limited(response, chip) {
    const seconds = retryAfter(response);
    const full = await isFull(response);
    if (!full && !this.#cooling) this.#cool(chip, seconds * 1000);
    this.#on.limited(seconds, full);
  }

  // Until the next note may be sent, a line runs down on the chip of the last one. It is drawn alone:
  // the words come when somebody taps too soon.
  #cool(chip, ms) {
    this.#cooling?.cancel();
    this.#cooling = null;
    if (!(ms > 0 && ms <= COOLS_MOST_MS)) return;
    const runsDown = { transform: ["scaleX(1)", "scaleX(0)"] };
    const easing = `steps(${Math.ceil(ms / 1000)})`; // each second, so that it moves calmly
    this.#cooling = chip.animate(runsDown, { duration: ms, easing, pseudoElement: "::after" });
    this.#cooling.onfinish = () => {
      this.#cooling = null;
    };
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
