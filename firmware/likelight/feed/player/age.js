// How old a picture is, by two clocks that may disagree: the one that captured it and the viewer's.

const SKEWED_MS = 5000; // the freshest picture of a connection is not so old: a clock must be wrong

export class Age {
  #now;
  // What lies between a capture and performance.now() is the two clocks' constant difference and an
  // age. The least of this connection comes nearest to the difference; what is above it is age.
  #least = Infinity;

  /** `now()` is the viewer's wall time in epoch milliseconds. */
  constructor(now) {
    this.#now = now;
  }

  /** A picture came `apart` ms after its capture: performance.now() less the capture's clock. */
  note(apart) {
    this.#least = Math.min(this.#least, apart);
  }

  /** The clock that captures was set back by `ms`. */
  shift(ms) {
    this.#least += ms;
  }

  /**
   * The age now, in seconds, of what was captured at `captured`, epoch milliseconds. It grows
   * whenever the true age grows, whatever the clocks say. Where they disagree, so that the age of
   * the freshest picture is not known, that one counts as new.
   */
  of(captured) {
    const freshest = (this.#least + this.#now() - performance.now()) / 1000;
    const agree = freshest > 0 && freshest < SKEWED_MS / 1000;
    return this.grown(captured) + (agree ? freshest : 0);
  }

  /** How much older it is now than the freshest picture was, in seconds. */
  grown(captured) {
    return (performance.now() - captured - this.#least) / 1000;
  }
}
