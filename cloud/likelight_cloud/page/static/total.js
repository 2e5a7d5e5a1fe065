/** The total of likes. It never falls, whether a reply or a summary brings it. */

import { counted, lang } from "./words.js";

const SAY_EVERY_MS = 10_000;

export class Total {
  #element;
  #say;
  #value;
  #saidAt = performance.now();
  #timer = 0;

  constructor(element, say) {
    this.#element = element;
    this.#say = say;
    this.#value = Number(element.dataset.total ?? -1);
  }

  /** Show `value` unless it is less than what is shown; return by how much the total grew. */
  atLeast(value) {
    if (value <= this.#value) return 0;
    const grown = this.#value < 0 ? 0 : value - this.#value;
    this.#value = value;
    this.#element.dataset.total = String(value);
    this.#element.textContent = value.toLocaleString(lang);
    this.#element.nextElementSibling.textContent = counted("likes", value);
    this.#sayLater();
    return grown;
  }

  // A busy kitchen changes every second; a screen reader gets it every ten seconds.
  #sayLater() {
    if (this.#timer) return;
    const wait = Math.max(0, this.#saidAt + SAY_EVERY_MS - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#saidAt = performance.now();
      this.#say(counted("total", this.#value, { n: this.#value.toLocaleString(lang) }));
    }, wait);
  }
}
