// How old the picture on the screen is, from the prft box in front of each fragment.

import {Age} from "./age.js";

const TIMESCALE = 90_000;
const NTP_EPOCH_S = 2_208_988_800; // 1900 to 1970
const NTP_ERA_S = 2 ** 32;
const KEPT = 900; // 30 s of fragments
const ROUNDED_S = 0.001; // browsers keep the times of a buffer in microseconds
const STEP_MS = 1000; // captures ascend, but for the few milliseconds between two kinds of picture

export class Captures {
  #kept = []; // {time: of the video in s, captured: epoch ms, arrived: performance.now() in ms}
  #age;
  #opened = Infinity;

  /** `now()` is the wall time in epoch milliseconds, by the server's clock if that is known. */
  constructor(now) {
    this.#age = new Age(now);
  }

  /**
   * An init segment has just come. It is sent together with the picture after it, and is small: it
   * tells how late that picture was on a line that needs seconds for a keyframe.
   */
  begin() {
    this.#opened = performance.now();
  }

  /** Take note of a fragment that has just come; anything else is ignored. */
  note(fragment) {
    const view = new DataView(fragment);
    if (view.byteLength < 32 || view.getUint32(4) !== 0x70726674 /* prft */) return;
    const seconds = view.getUint32(16) - NTP_EPOCH_S;
    const since1970 = seconds < 0 ? seconds + NTP_ERA_S : seconds;
    const one = {
      time: Number(view.getBigUint64(24)) / TIMESCALE,
      captured: (since1970 + view.getUint32(20) / 2 ** 32) * 1000,
      arrived: performance.now(),
    };
    this.#compare(one, this.#kept.at(-1));
    this.#kept.push(one);
    if (this.#kept.length > KEPT) this.#kept.splice(0, KEPT / 2);
  }

  /** How old the picture at `time` of the video is, in seconds; null if not known. */
  delay(time) {
    const shown = this.#shown(time);
    return shown ? this.#age.of(shown.captured) : null;
  }

  /** How much older the picture at `time` is than the freshest one was, in seconds, or null. */
  grown(time) {
    const shown = this.#shown(time);
    return shown ? this.#age.grown(shown.captured) : null;
  }

  #shown(time) {
    return this.#kept.findLast((one) => one.time <= time + ROUNDED_S);
  }

  #compare({captured, arrived}, before) {
    const apart = Math.min(arrived, this.#opened) - captured;
    this.#opened = Infinity;
    if (before && captured < before.captured - STEP_MS) {
      // The camera's clock was set back, or is behind that of the placeholders: the age is the same.
      this.#age.shift(apart - (before.arrived - before.captured));
    } else this.#age.note(apart);
  }
}
