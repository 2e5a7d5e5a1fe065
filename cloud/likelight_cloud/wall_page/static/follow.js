/** The one event stream of a wall, opened again and again for as long as the page lives. */

// The cloud says every 20 s at least that the stream lives.
const SILENCE_MS = 45_000;
const LONGEST_RETRY_S = 30;

export class Follow {
  #url;
  #on;
  #source = null;
  #failures = 0;
  #timer = 0;

  /**
   * `on.wall(wall)`: which kitchens are open; `on.hearts(grown)`: likes just now, by kitchen;
   * `on.alive()`: the stream lives;
   * `on.lost()`: the cloud can't be reached, and is tried again.
   */
  constructor(url, on) {
    this.#url = url;
    this.#on = on;
  }

  /** Start, or start again: after a sleep the old connection may be dead without knowing it. */
  restart() {
    this.stop();
    this.#failures = 0;
    this.#open();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #open() {
    const source = (this.#source = new EventSource(this.#url));
    const heard = (type, told) => source.addEventListener(type, (event) => {
      this.#failures = 0;
      this.#expect();
      this.#on.alive();
      told(JSON.parse(event.data));
    });
    heard("wall", (wall) => this.#on.wall(wall));
    heard("hearts", (grown) => this.#on.hearts(grown));
    heard("alive", () => {});
    source.addEventListener("error", () => this.#again());
    this.#expect();
  }

  #expect() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#again(), SILENCE_MS);
  }

  // Many screens lose the same cloud at the same moment; they must not all connect again at once.
  #again() {
    this.stop();
    if (this.#failures > 0) this.#on.lost(); // a cloud that ends its streams is back at once
    const longest = Math.min(LONGEST_RETRY_S, 2 * 2 ** this.#failures);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#open(), longest * (0.5 + 0.5 * Math.random()) * 1000);
  }
}
