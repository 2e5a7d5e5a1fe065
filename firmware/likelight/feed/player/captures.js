// When the picture on the screen was captured, from the prft box in front of each fragment.

const TIMESCALE = 90_000;
const NTP_EPOCH_S = 2_208_988_800; // 1900 to 1970
const NTP_ERA_S = 2 ** 32;
const KEPT = 900; // 30 s of fragments
const SKEWED_S = 5; // the hub lets no viewer fall so far behind: a clock must be wrong

export class Captures {
  #kept = []; // {time: of the video in s, captured: epoch ms, arrived: performance.now() in ms}
  #now;

  /** `now()` is the wall time in epoch milliseconds, by the server's clock if that is known. */
  constructor(now) {
    this.#now = now;
  }

  /** Take note of a fragment that has just come; anything else is ignored. */
  note(fragment) {
    const view = new DataView(fragment);
    if (view.byteLength < 32 || view.getUint32(4) !== 0x70726674 /* prft */) return;
    const seconds = view.getUint32(16) - NTP_EPOCH_S;
    const since1970 = seconds < 0 ? seconds + NTP_ERA_S : seconds;
    this.#kept.push({
      time: Number(view.getBigUint64(24)) / TIMESCALE,
      captured: (since1970 + view.getUint32(20) / 2 ** 32) * 1000,
      arrived: performance.now(),
    });
    if (this.#kept.length > KEPT) this.#kept.splice(0, KEPT / 2);
  }

  /**
   * How old the picture at `time` of the video is, in seconds; null if not known.
   *
   * The time since its arrival is certain. The time since its capture needs two clocks that agree;
   * it is returned only when it is possible: longer than since the arrival, but not absurdly.
   */
  delay(time) {
    const shown = this.#kept.findLast((one) => one.time <= time);
    if (!shown) return null;
    const sinceArrival = (performance.now() - shown.arrived) / 1000;
    const sinceCapture = (this.#now() - shown.captured) / 1000;
    const possible = sinceCapture > sinceArrival && sinceCapture < sinceArrival + SKEWED_S;
    return possible ? sinceCapture : sinceArrival;
  }
}
