/** The window out: the feed's player inside the stage, or nothing when it can't be loaded. */

export class Stage {
  #options;
  #player = null;
  #stopped = false;

  /** `options` are the player's: stage, base, now, onState, onConnection, onPicture, onDelay. */
  constructor(options) {
    this.#options = options;
  }

  /** Load the player apart from the page, so that likes and notes work without a picture too. */
  async start() {
    try {
      const { Player } = await import("/player/player.js");
      this.#player = new Player(this.#options);
      if (!this.#stopped) this.#player.start();
    } catch (error) {
      console.warn("There is no picture; likes and notes still work.", error);
    }
  }

  stop() {
    this.#stopped = true;
    this.#player?.stop();
  }
}
