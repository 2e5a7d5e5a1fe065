/** THANKS as a moment: hands and words over the picture, for some seconds, felt once. */

const SHOWN_MS = 6000;
const ENTER_MS = 300;
const BUZZ_MS = 60;

export class Moment {
  #element;
  #quote;
  #over = 0;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(element) {
    this.#element = element;
    this.#quote = element.querySelector("q");
  }

  /** The crew pressed THANKS. The words are spoken by the receipts, so not by this. */
  thanked() {
    this.#quote.hidden = true;
    this.#show();
    // A browser lets nothing vibrate, and writes so into its log, until the page was touched.
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(BUZZ_MS);
  }

  /** It was for this note of ours. */
  quote(text) {
    this.#quote.textContent = text;
    this.#quote.hidden = false;
    this.#show();
  }

  #show() {
    clearTimeout(this.#over);
    this.#over = setTimeout(() => {
      this.#element.hidden = true;
    }, SHOWN_MS);
    if (!this.#element.hidden) return;
    this.#element.hidden = false;
    if (this.#calm.matches) return;
    const enter = { transform: ["translateY(40%)", "none"], opacity: [0, 1] };
    this.#element.animate(enter, { duration: ENTER_MS, easing: "ease-out" });
  }
}
