/** The heart answers each tap: it grows for a moment, and a small heart rises from it. */

import { icon } from "./icons.js";

const MOTION_MS = 300;
const FADE_MS = 700;
const MOST_AT_ONCE = 12;

export class Hearts {
  #button;
  #halo;
  #sky;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");

  /** `halo` glows behind `button`, hearts rise in the layer `sky`; neither may take taps. */
  constructor(button, halo, sky) {
    this.#button = button;
    this.#halo = halo;
    this.#sky = sky;
  }

  /** One tap of ours. */
  tap() {
    this.#glow();
    if (this.#calm.matches) return;
    this.#button.animate(
      { transform: ["scale(1)", "scale(0.92)", "scale(1.07)", "scale(1)"] },
      { duration: MOTION_MS, easing: "ease-out" },
    );
    this.#rise();
  }

  // This is only light, so it also runs when the viewer wants no motion.
  #glow() {
    const swell = { duration: 2 * MOTION_MS, easing: "ease-in-out" };
    this.#halo.animate({ opacity: [0, 1, 0] }, swell);
  }

  #rise() {
    if (document.hidden || this.#sky.childElementCount >= MOST_AT_ONCE) return;
    const heart = icon("heart");
    const aside = (Math.random() - 0.5) * 120;
    const up = 72 + Math.random() * 40;
    const size = 0.8 + Math.random() * 0.5;
    const end = `translate(${aside}px, ${-up}px) scale(${size})`;
    this.#sky.append(heart);
    heart.animate(
      { transform: ["translate(0, -24px) scale(0.5)", end] },
      { duration: MOTION_MS, easing: "cubic-bezier(0.2, 0.7, 0.3, 1)", fill: "forwards" },
    );
    const fading = heart.animate(
      { opacity: [0, 1, 0], offset: [0, 0.2, 1] },
      { duration: MOTION_MS + FADE_MS, easing: "linear" },
    );
    fading.finished.finally(() => heart.remove());
  }
}
