/** Hearts on their way to the picture: ours from the button, once they are accepted, and others'. */

import { icon } from "./icons.js";

const FLIGHT_MS = 600;
const RISE_MS = 900;
const APART_MS = 70;
const MOST_OF_OURS = 8;
const MOST_OF_OTHERS = 6;
const MOST_AT_ONCE = 24;
const GLOW_MS = 600;
const SIZE = 32;
const EASE_OUT = "cubic-bezier(0.2, 0.7, 0.3, 1)";

export class Hearts {
  #button;
  #halo;
  #flights;
  #picture;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");

  /**
   * `halo` glows behind `button`; hearts move in the layer `flights`, which covers the viewport and takes
   * no taps, to the lower edge of `picture`. Where that is not drawn they rise from the button.
   */
  constructor({ button, halo, flights, picture }) {
    this.#button = button;
    this.#halo = halo;
    this.#flights = flights;
    this.#picture = picture;
  }

  /** `n` likes of ours were accepted. */
  ours(n) {
    // This is only light, so it also runs when the viewer wants no motion.
    this.#halo.animate({ opacity: [0, 1, 0] }, { duration: GLOW_MS, easing: "ease-in-out" });
    const from = this.#button.getBoundingClientRect();
    const edge = this.#edge();
    for (let i = 0; i < Math.min(n, MOST_OF_OURS); i += 1) {
      const aim = edge.left + edge.width * (0.2 + 0.6 * Math.random());
      this.#move("ours", i * APART_MS, FLIGHT_MS, [
        [from.left + from.width / 2, from.top + from.height / 2, 1.2, 1],
        [aim, edge.at, 0.8, 1],
      ]);
    }
  }

  /** The total grew by `n` likes of other people. */
  others(n) {
    const edge = this.#edge();
    for (let i = 0; i < Math.min(n, MOST_OF_OTHERS); i += 1) {
      const at = edge.left + edge.width * (0.08 + 0.84 * Math.random());
      this.#move("other", i * 2 * APART_MS, RISE_MS, [
        [at, edge.at + SIZE / 2, 0.5, 0],
        [at, edge.at - edge.room * 0.3, 0.8, 0.75],
        [at, edge.at - edge.room * 0.6, 0.8, 0],
      ]);
    }
  }

  /** Where hearts arrive: at the picture's lower edge, and how far above it they may rise. */
  #edge() {
    const seen = this.#picture.getBoundingClientRect();
    if (seen.height > 0) {
      const lowest = Math.min(seen.bottom, innerHeight) - SIZE / 2;
      return { left: seen.left, width: seen.width, at: Math.max(lowest, SIZE), room: seen.height };
    }
    const button = this.#button.getBoundingClientRect();
    const left = button.left - button.width / 2;
    return { left, width: 2 * button.width, at: button.top - button.height, room: button.height };
  }

  #move(whose, delay, duration, stops) {
    const unseen = document.hidden || this.#calm.matches;
    if (unseen || this.#flights.childElementCount >= MOST_AT_ONCE) return;
    const heart = icon("heart");
    heart.classList.add(whose);
    this.#flights.append(heart);
    const frames = stops.map(([x, y, scale, opacity]) => ({
      transform: `translate(${x - SIZE / 2}px, ${y - SIZE / 2}px) scale(${scale})`,
      opacity,
    }));
    const timing = { delay, duration, easing: EASE_OUT, fill: "both" };
    heart.animate(frames, timing).finished.finally(() => heart.remove());
  }
}

/**
 * Whose hearts they are by which the total grew: ours are known by the answers to our requests, and
 * until such an answer is here nobody can tell.
 */
export class Growth {
  #others;
  #grown = 0;
  #asked = false;

  /** `others(n)`: `n` likes of other people were counted. */
  constructor(others) {
    this.#others = others;
  }

  /** A batch of ours goes out. */
  asked() {
    this.#asked = true;
  }

  /** `accepted` of it were ours. */
  answered(accepted) {
    this.#asked = false;
    this.#grown -= accepted;
    this.by(0);
  }

  /** The total grew by `n`. */
  by(n) {
    this.#grown += n;
    if (this.#asked) return;
    if (this.#grown > 0) this.#others(this.#grown);
    this.#grown = 0;
  }
}
