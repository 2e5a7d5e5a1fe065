// Keeps a video at the end of its buffer: jumps when far behind, else lets its rate do it.

import {Margin} from "./margin.js";
import {listen, play} from "./video.js";

const KEEP_S = 5; // of what has been played
const MAX_LAG_S = 2; // more is not live any more: jump
const SETTLE_S = 1.5; // after a join, while the cached pictures rush in, jump sooner
const SETTLE_LAG_S = 0.4; // a placeholder lasts 0.25 s
const JOIN_S = 0.05; // before the end, because the next picture comes a thirtieth of a second later

export class LiveEdge {
  #video;
  #notAllowed;
  #margin = new Margin();
  #before = null; // the present append: {at, end} of what was buffered just before it
  #began = 0;
  #lagSetAt = 0;
  #waitingSince = 0;

  constructor(video, notAllowed) {
    this.#video = video;
    this.#notAllowed = notAllowed;
    listen(video, "waiting", () => { this.#waitingSince = performance.now(); });
    listen(video, "playing", () => this.#onPlaying());
  }

  // A stream begins, or replaces another (the camera's after a placeholder's). Its first frame
  // lasts as long as the pause before it; jumping over it skips no picture.
  begin() {
    this.#began = 0;
    this.#margin.begin();
  }

  // Called just before an append.
  measure({buffered}) {
    const {length} = buffered;
    this.#before = length ? {at: performance.now(), end: buffered.end(length - 1)} : null;
  }

  // Called after each append.
  follow(buffer) {
    const {buffered} = buffer;
    if (!buffered.length) return;
    const video = this.#video;
    const now = performance.now();
    const start = buffered.start(buffered.length - 1);
    const end = buffered.end(buffered.length - 1);
    // Behind a gap are pictures that the server left others out for: they are not late.
    const before = this.#before;
    if (before && before.end >= start) this.#margin.came(before.at / 1000, before.end);
    const lag = end - video.currentTime;
    let most = now - this.#began < SETTLE_S * 1000 ? SETTLE_LAG_S : MAX_LAG_S;
    if (!this.#began) {
      this.#began = now;
      most = JOIN_S;
    }
    // There may be a gap before the last range, and no data will ever fill it. A seek goes where data
    // is; where each append began another, WebKit finished none.
    if (!video.seeking && (video.currentTime < start || lag > most || lag < -0.5)) {
      video.currentTime = Math.max(start, end - JOIN_S);
    }
    if (video.paused) play(video, this.#notAllowed);
    this.#setRate();
    if (now - this.#lagSetAt > 1000) {
      this.#lagSetAt = now;
      video.dataset.lag = Math.round((end - video.currentTime) * 1000);
    }
  }

  // Returns true when it has begun to remove what was played; `updateend` comes after it.
  trim(buffer) {
    const {buffered} = buffer;
    const until = this.#video.currentTime - KEEP_S;
    if (!buffered.length || buffered.start(0) > until - KEEP_S) return false;
    buffer.remove(0, until);
    return true;
  }

  #onPlaying() {
    const now = performance.now();
    const lasted = this.#waitingSince && now - this.#waitingSince;
    this.#waitingSince = 0;
    // A join and its seeks make a video wait as well.
    const settled = this.#began && now - this.#began > SETTLE_S * 1000;
    if (settled && lasted) this.#margin.stalled(now / 1000, lasted / 1000);
  }

  #setRate() {
    const video = this.#video;
    const rate = this.#margin.rate(performance.now() / 1000, video.currentTime);
    if (rate !== video.playbackRate) video.playbackRate = rate;
  }
}
