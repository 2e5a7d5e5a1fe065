/** Tells the cloud that somebody watches: on load and every 10 to 15 s while the page is seen. */

import { post, uuid } from "./requests.js";

const LEAST_S = 10;
const SPREAD_S = 5;

export class Watching {
  #url;
  #view = uuid();
  #timer = 0;

  /** The id of this view is random and lives in the page's memory only. */
  constructor(url) {
    this.#url = url;
  }

  start() {
    this.stop();
    post(this.#url, { view: this.#view }).catch(() => {});
    const seconds = LEAST_S + Math.random() * SPREAD_S;
    this.#timer = setTimeout(() => this.start(), seconds * 1000);
  }

  stop() {
    clearTimeout(this.#timer);
  }

  /** The page is being left: it no longer counts. */
  end() {
    this.stop();
    post(this.#url, { view: this.#view, end: true }).catch(() => {});
  }
}
