/** The window out: the feed's player inside the stage, as soon as it can be loaded. */

const RETRY_MIN_S = 1, RETRY_MAX_S = 30;

export class Stage {
  #options;
  #player = null;
  #stopped = false;
  #failures = 0;

  /** `options` are the player's: stage, base, now, onState, onConnection, onPicture, onDelay. */
  constructor(options) {
    this.#options = options;
  }

  /** Load the player apart from the page, so that likes and notes work without a picture too. */
  async start() {
    try {
      // A browser may remember that a module failed; with another address it loads it again.
      const {Player} = await import(`/player/player.js${this.#failures ? `?${this.#failures}` : ""}`);
      this.#player = new Player(this.#options);
      if (!this.#stopped) this.#player.start();
    } catch (error) {
      console.warn("There is no picture yet; likes and notes still work.", error);
      const ceiling = Math.min(RETRY_MAX_S, RETRY_MIN_S * 2 ** this.#failures++);
      setTimeout(() => this.#stopped || this.start(), (0.5 + Math.random() / 2) * ceiling * 1000);
    }
  }

  stop() {
    this.#stopped = true;
    this.#player?.stop();
  }
}
