// Keeps a video at the end of its buffer: jumps when far behind, plays a little faster when near.

import {play} from "./video.js";

const KEEP_S = 5; // of what has been played
const MAX_LAG_S = 2; // more is not live any more: jump
const SETTLE_S = 1.5; // after a join, while the cached pictures rush in, jump sooner
const SETTLE_LAG_S = 0.4; // a placeholder lasts 0.25 s

// The cushion is what the buffer may hold at its emptiest, just before a fragment comes. It is kept
// small, grows when the network's jitter makes the video stall, and shrinks again slowly. So the
// band in which the rate stays 1 ends at 0.15 s on a steady network and at 0.5 s on the worst.
const CUSHION_S = 0.11;
const CUSHION_MAX_S = 0.46;
const BAND_S = 0.04; // above the cushion: here the rate does not change
const SHRINK_EVERY_MS = 5000;

export class LiveEdge {
  #video;
  #cushion = CUSHION_S;
  #emptiest = [Infinity, Infinity]; // of this half second and of the last one
  #measuredAt = 0;
  #began = 0;
  #lagSetAt = 0;
  #shrinking = 0;
  #notAllowed;

  constructor(video, notAllowed) {
    this.#video = video;
    this.#notAllowed = notAllowed;
    video.addEventListener("waiting", () => this.#onStall());
  }

  stop() {
    clearInterval(this.#shrinking);
  }

  // Called just before an append: what the buffer still holds now is the margin for jitter.
  measure(buffer) {
    const {buffered} = buffer;
    if (!buffered.length) return;
    const now = performance.now();
    if (now - this.#measuredAt > 500) {
      this.#measuredAt = now;
      this.#emptiest = [Infinity, this.#emptiest[0]];
    }
    const left = buffered.end(buffered.length - 1) - this.#video.currentTime;
    this.#emptiest[0] = Math.min(this.#emptiest[0], left);
  }

  // A stream begins, or replaces another (the camera's after a placeholder's). Its first frame
  // lasts as long as the pause before it; jumping over it skips no picture.
  begin() {
    this.#began = 0;
    this.#cushion = CUSHION_S;
    this.#shrinking ||= setInterval(() => {
      this.#cushion = Math.max(CUSHION_S, this.#cushion * 0.8);
    }, SHRINK_EVERY_MS);
  }

  // Called after each append.
  follow(buffer) {
    const {buffered} = buffer;
    if (!buffered.length) return;
    const video = this.#video;
    const now = performance.now();
    const start = buffered.start(buffered.length - 1);
    const end = buffered.end(buffered.length - 1);
    const lag = end - video.currentTime;
    let most = now - this.#began < SETTLE_S * 1000 ? SETTLE_LAG_S : MAX_LAG_S;
    if (!this.#began) {
      this.#began = now;
      most = CUSHION_S;
    }
    // There may be a gap before the last range, and no data will ever fill it. A seek goes where data
    // is; where each append began another, WebKit finished none.
    if (!video.seeking && (video.currentTime < start || lag > most || lag < -0.5)) {
      video.currentTime = Math.max(start, end - CUSHION_S);
      this.#emptiest = [Infinity, Infinity];
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

  #onStall() {
    if (this.#began && performance.now() - this.#began > SETTLE_S * 1000) {
      this.#cushion = Math.min(CUSHION_MAX_S, this.#cushion + 0.02);
    }
  }

  #setRate() {
    const left = Math.min(...this.#emptiest);
    const over = left - this.#cushion;
    const video = this.#video;
    let rate = video.playbackRate;
    if (left === Infinity || over <= 0) rate = 1;
    else if (over > BAND_S) rate = Math.min(1.25, 1.05 + (over - BAND_S));
    if (rate !== video.playbackRate) video.playbackRate = rate;
  }
}
