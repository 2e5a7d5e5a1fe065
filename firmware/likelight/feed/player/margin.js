// How far behind the kitchen a live video plays: as far as its fragments were late lately.
//
// A fragment is late by what lies between the end of what was buffered before it, where play would
// stop without it, and its arrival. The time of the video and that of the page begin anywhere, so
// only differences of lateness mean anything. All times are seconds; nothing here reads a clock.

const MEMORY_S = 10;
const DECODE_S = 0.015; // from an append to a picture that can be shown
// Above what the line needs at its best: fewer stalls are not worth an older picture than that.
const MOST_S = 0.3;
// How far from what is wanted the rate stays 1: above, the picture is older than it need be; below,
// a part of DECODE_S is missing.
const OVER_S = 0.015;
const UNDER_S = 0.01;
const SLOWER = 0.95; // wins 50 ms in a second, and nobody sees it
const FASTEST = 1.25;

// For a decoder that needs more than DECODE_S: a share of each stall is added, and forgotten again.
// Chromium reports very short ones where it missed no picture; without any share there were 46 of
// them in 6 s and the rate never rested, with a half the picture was 20 ms older for nothing.
const STALL_SHARE = 0.25;
const STALL_MOST_S = 0.02;
const STALLS_HALVE_S = 6;

export class Margin {
  #seconds = []; // {at, least, most}: how late the fragments of each of the last seconds were
  #stalls = 0; // what they added up to at #stalledAt
  #stalledAt = 0;
  #rate = 1;

  /**
   * A stream begins: what is known of the one before it is forgotten. The pictures that were cached
   * before a join come late, but all in one second, and those do not count.
   */
  begin() {
    this.#seconds = [];
    this.#stalls = 0;
    this.#rate = 1;
  }

  /** At `now` a fragment came that continues what was buffered, up to `end` of the video. */
  came(now, end) {
    const late = now - end;
    const at = Math.floor(now);
    const last = this.#seconds.at(-1);
    if (last?.at === at) {
      last.least = Math.min(last.least, late);
      last.most = Math.max(last.most, late);
    } else this.#seconds.push({at, least: late, most: late});
    while (this.#seconds[0].at <= at - MEMORY_S) this.#seconds.shift();
  }

  /** The picture stood still for `lasted` until `now`, whoever was to blame. */
  stalled(now, lasted) {
    const more = Math.min(STALL_MOST_S, lasted * STALL_SHARE);
    this.#stalls = Math.min(MOST_S, this.#added(now) + more);
    this.#stalledAt = now;
  }

  /**
   * How far behind `now` the video should be; null while nothing is known.
   *
   * As late as a fragment was in two of the last ten seconds. What happens in one of them only is
   * not worth an older picture in all the others.
   */
  wanted(now) {
    if (!this.#seconds.length) return null;
    const least = Math.min(...this.#seconds.map((second) => second.least));
    const [worst, next = worst] = this.#seconds.map(({most}) => most).sort((a, b) => b - a);
    return Math.min(next + this.#added(now), least + MOST_S) + DECODE_S;
  }

  /** The playback rate for a video that is at `position` now. */
  rate(now, position) {
    const wanted = this.wanted(now);
    if (wanted === null) return this.#rate;
    const over = now - position - wanted;
    if (over > OVER_S) this.#rate = Math.min(FASTEST, 1.05 + (over - OVER_S));
    else if (over < -UNDER_S) this.#rate = SLOWER;
    else if (this.#rate > 1 ? over <= 0 : over >= 0) this.#rate = 1;
    return this.#rate;
  }

  #added(now) {
    return this.#stalls * 2 ** ((this.#stalledAt - now) / STALLS_HALVE_S);
  }
}
