// MJPEG: an image that the browser itself keeps replacing. It needs no video decoder.
//
// An image has no event for each part, so its pixels are compared. A picture that does not change
// may be frozen, or it may be a placeholder; then a snapshot shows what it should be.

import {snapshot} from "./snapshot.js";

const CHECK_EVERY_MS = 500;
const COMPARE_AFTER_MS = 1000; // a snapshot may take 2 s, and the player waits 4 s
const COLUMNS = 32;
const ROWS = 18;
const ANOTHER_PICTURE = 24; // of 255, in any cell: far more than compression and noise change

let requests = 0;

export class MjpegWay {
  static way = "mjpeg";
  static frozenAfterMs = 4000;
  static tellsAge = false; // the browser does not show the parts' X-Timestamp
  static get engine() {
    return "jpeg";
  }
  static get possible() {
    return true;
  }

  #options;
  #report;
  #image = new Image();
  #timer = 0;
  #seen = null;
  #movedAt = 0;
  #comparing = false;
  #ended = new AbortController();

  constructor(options) {
    this.#options = options;
    this.#report = options.report;
    this.#image.alt = options.label;
  }

  gotFragment = false;
  delay = null;
  grown = null;
  progress = 0;

  open() {
    const image = this.#image;
    image.addEventListener("load", () => this.#picture(), {once: true});
    image.addEventListener("error", () => this.#report.failed());
    // A number, because browsers may share one connection among images of the same address. "auto":
    // the server sees what the connection takes, and sends smaller ones, or fewer, on a slow line.
    image.src = `${this.#options.base}/stream.mjpg?rendition=auto&${++requests}`;
    this.#options.stage.append(image);
  }

  close() {
    clearInterval(this.#timer);
    this.#ended.abort();
    this.#image.removeAttribute("src"); // ends the request; removing the element does not
    this.#image.remove();
  }

  #picture() {
    this.#report.connected();
    this.#report.picture();
    this.#timer = setInterval(() => this.#checkImage(), CHECK_EVERY_MS);
  }

  #checkImage() {
    const seen = sampled(this.#image);
    const now = performance.now();
    if (!this.#seen || seen.some((value, at) => value !== this.#seen[at])) {
      this.#seen = seen;
      this.#movedAt = now;
      this.progress++;
    } else if (now - this.#movedAt > COMPARE_AFTER_MS && !this.#comparing) {
      this.#compare(seen);
    }
  }

  async #compare(shown) {
    this.#comparing = true;
    try {
      const {blob} = await snapshot(this.#options.base, this.#ended.signal);
      const fresh = sampled(await createImageBitmap(blob));
      if (fresh.every((value, at) => Math.abs(value - shown[at]) < ANOTHER_PICTURE)) {
        this.#movedAt = performance.now();
        this.progress++;
      }
    } catch {
      // Without an answer there is no progress.
    }
    this.#comparing = false;
  }
}

function sampled(picture) {
  const canvas = document.createElement("canvas");
  canvas.width = COLUMNS;
  canvas.height = ROWS;
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  pen.drawImage(picture, 0, 0, COLUMNS, ROWS);
  return pen.getImageData(0, 0, COLUMNS, ROWS).data;
}
