// One JPEG every 10 s: the last way, for a network too slow for more or a proxy that holds streams.

const EVERY_MS = 10_000;
const WITHIN_MS = 4000; // the server itself may wait 2 s for a fresh picture

export class SnapshotWay {
  static way = "snapshot";
  static frozenAfterMs = Infinity; // a snapshot that does not come ends this way by itself
  static tellsAge = true;
  static get engine() {
    return "jpeg";
  }
  static get possible() {
    return true;
  }

  #options;
  #report;
  #image = new Image();
  #shown = null; // {captured, asked, arrived}
  #timer = 0;
  #ended = new AbortController();

  constructor(options) {
    this.#options = options;
    this.#report = options.report;
    this.#image.alt = options.label;
  }

  gotFragment = false;
  progress = 0;
  grown = null;

  /** It was captured between the question and the answer; a clock that says otherwise is wrong. */
  get delay() {
    if (!this.#shown) return null;
    const {captured, asked, arrived} = this.#shown;
    const now = performance.now();
    const age = this.#options.now() - captured;
    return (captured && age >= now - arrived && age <= now - asked ? age : now - asked) / 1000;
  }

  async open() {
    const asked = performance.now();
    try {
      const {blob, captured} = await snapshot(this.#options.base, this.#ended.signal);
      const url = URL.createObjectURL(blob);
      this.#image.src = url;
      await this.#image.decode().finally(() => URL.revokeObjectURL(url));
      if (this.#ended.signal.aborted) return;
      this.#shown = {captured, asked, arrived: performance.now()};
      if (!this.#image.isConnected) this.#first();
      this.#timer = setTimeout(() => this.open(), EVERY_MS);
    } catch {
      this.#report.failed();
    }
  }

  close() {
    clearTimeout(this.#timer);
    this.#ended.abort();
    this.#image.remove();
  }

  #first() {
    this.#options.stage.append(this.#image);
    this.#report.connected();
    this.#report.picture();
  }
}

/** Fetch what the camera sees now: `{blob, captured}`, captured in epoch milliseconds or null. */
export async function snapshot(base, signal) {
  const late = new AbortController();
  const giveUp = () => late.abort();
  const timer = setTimeout(giveUp, WITHIN_MS);
  signal.addEventListener("abort", giveUp, {once: true});
  try {
    const reply = await fetch(`${base}/snapshot.jpg`, {cache: "no-store", signal: late.signal});
    if (!reply.ok) throw new Error(`snapshot.jpg: ${reply.status}`);
    const stamp = Number(reply.headers.get("X-Timestamp"));
    return {blob: await reply.blob(), captured: stamp ? stamp * 1000 : null};
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}
