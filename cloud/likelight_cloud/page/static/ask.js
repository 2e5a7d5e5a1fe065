/** What the page asks of its reader: for the three minutes of a moment something else than usual. */

import { word } from "./words.js";

export class Ask {
  #line;
  #now;
  #until = null; // of the moment that is asked about
  #over = 0;

  /** `line` holds the words; `now()` is the server's time in milliseconds. */
  constructor(line, now) {
    this.#line = line;
    this.#now = now;
  }

  /** `moment` is the summary's, null without one. */
  summary(moment) {
    clearTimeout(this.#over);
    const left = moment ? Date.parse(moment.until) - this.#now() : 0;
    const until = left > 0 ? moment.until : null;
    // A page that has lost the cloud must not call it "just now" for ever.
    if (until) this.#over = setTimeout(() => this.summary(null), left);
    if (until === this.#until) return;
    this.#until = until;
    this.#line.textContent = word(until ? `ask_${moment.kind}` : "hint");
    if (until) this.#line.hidden = false; // also for those who have liked before
  }
}
