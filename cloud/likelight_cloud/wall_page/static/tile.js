/** One kitchen of a wall: its picture while there is one, and else nothing. */

import { Player } from "/player/player.js";
import { Hearts } from "/static/page/hearts.js";
import { Watching } from "/static/page/watching.js";
import { word } from "/static/page/words.js";
import { moved } from "./layout.js";

// A picture goes at once; the others take its place a moment later, so that a line that is
// interrupted for some seconds moves nothing. It is the same time whatever the reason.
const LEAVES_AFTER_MS = 4000;
const RIM_MS = 900;
// A camera that has not come by then may not come for long: its device may be away.
const WAKING_MS = 15_000;

const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Tile {
  #element;
  #player;
  #watching;
  #flying;
  #changed;
  #told = { open: false, live: false };
  #socketSaid = null;
  #pictured = false;
  #running = false;
  #leaves = 0;
  #rim = 0;
  #wakingUntil = 0;

  /** Whether it has a place on the wall. */
  shown = false;

  /**
   * `flights` is the layer in which hearts rise; `sparing`: the picture may hold no connection that
   * counts among a browser's six. `changed()`: the tile has come or gone, or
   * its camera is late.
   */
  constructor(kid, element, { flights, sparing, changed }) {
    this.#element = element;
    element.inert = true;
    this.#changed = changed;
    this.#watching = new Watching(`/v1/kitchens/${kid}/watching`);
    this.#flying = new Hearts({ flights, picture: element.querySelector(".window") });
    const base = `/k/${kid}`;
    const name = element.querySelector("bdi").textContent;
    this.#player = new Player({
      stage: element.querySelector(".stage"),
      base,
      sparing,
      label: word("named", { name }),
      onState: (value) => {
        this.#socketSaid = value;
        this.#look();
      },
      onConnection: ({ kind }) => {
        if (kind === "connected") return;
        this.#forget();
      },
      onPicture: () => {
        this.#pictured = true;
        this.#look();
      },
      onUnseen: () => this.#forget(),
    });
  }

  /** Whether the kitchen can be watched. */
  get open() {
    return this.#told.open;
  }

  /** Whether its first picture is still to come. */
  get waking() {
    return this.open && performance.now() < this.#wakingUntil;
  }

  /** The cloud said how the kitchen is. */
  tell(told) {
    this.#told = told;
    this.#element.querySelector("bdi").textContent = told.name;
    this.#element.querySelector(".badge").hidden = !told.simulated;
    if (told.open) this.#begin();
    else this.#end();
    this.#look();
  }

  /** `n` people liked it just now. */
  hearts(n) {
    if (!this.#seen || !this.#element.clientHeight) return;
    if (!calm.matches) return this.#flying.others(n);
    clearTimeout(this.#rim);
    this.#element.dataset.lit = "";
    this.#rim = setTimeout(() => delete this.#element.dataset.lit, RIM_MS);
  }

  /** Nobody sees the wall: the player knows it by itself. */
  sleep() {
    this.#watching.stop();
    clearTimeout(this.#leaves);
    this.#leaves = 0;
  }

  wake() {
    if (this.#running) {
      this.#watching.start();
      this.#wakes();
    }
    this.#look();
  }

  /** The page is being left. */
  end() {
    if (this.#running) this.#watching.end();
  }

  #begin() {
    if (this.#running) return;
    this.#running = true;
    this.#element.hidden = false;
    this.#player.start();
    if (!document.hidden) this.#watching.start();
    this.#wakes();
  }

  #wakes() {
    this.#wakingUntil = performance.now() + WAKING_MS;
    setTimeout(() => this.#changed(), WAKING_MS);
  }

  #end() {
    if (!this.#running) return;
    this.#running = false;
    this.#player.stop();
    this.#watching.end();
    this.#forget();
  }

  #forget() {
    this.#pictured = false;
    this.#socketSaid = null;
    this.#look();
  }

  // Ways without the socket show what is there, which may be a placeholder.
  get #seen() {
    const live = this.#socketSaid === null ? this.#told.live : this.#socketSaid === "live";
    return this.#told.open && this.#pictured && live;
  }

  #look() {
    const seen = this.#seen;
    this.#element.toggleAttribute("data-open", seen);
    if (seen) this.#wakingUntil = 0;
    if (seen || document.hidden) {
      clearTimeout(this.#leaves);
      this.#leaves = 0;
      if (seen) this.#show(true);
    } else if (this.shown && !this.#leaves) {
      this.#leaves = setTimeout(() => {
        this.#leaves = 0;
        this.#show(false);
      }, LEAVES_AFTER_MS);
    }
    if (!this.shown && !this.#running) this.#element.hidden = true;
  }

  #show(shown) {
    if (this.shown === shown) return;
    this.shown = shown;
    moved(this.#element.parentElement, () => {
      this.#element.toggleAttribute("data-shown", shown);
      this.#element.inert = !shown;
      if (!shown && !this.#running) this.#element.hidden = true;
      this.#changed();
    });
  }
}
