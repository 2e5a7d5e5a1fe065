// MJPEG: an image that the browser itself keeps replacing. Needs no media at all.
//
// An image does not say when a part came, so its pixels must. A picture that stands still may also
// be a still one, such as a placeholder; then a snapshot tells what it should be.

import {snapshot} from "./snapshot.js";

const LOOK_EVERY_MS = 500;
const ASK_AFTER_MS = 1000; // a snapshot may take 2 s, and the player waits 4 s
const COLUMNS = 32;
const ROWS = 18;
const ANOTHER_PICTURE = 24; // of 255, in any cell: far over what compression and noise change

let requests = 0;

export class MjpegWay {
  static way = "mjpeg";
  static stillMs = 4000;
  static get by() {
    return "jpeg";
  }
  static get possible() {
    return true;
  }

  #options;
  #tell;
  #image = new Image();
  #timer = 0;
  #seen = null;
  #movedAt = 0;
  #asking = false;
  #ended = new AbortController();

  constructor(options) {
    this.#options = options;
    this.#tell = options.tell;
    this.#image.alt = options.label;
  }

  fed = false;
  delay = null; // the browser keeps the parts' X-Timestamp to itself
  progress = 0;

  open() {
    const image = this.#image;
    image.addEventListener("load", () => this.#picture(), {once: true});
    image.addEventListener("error", () => this.#tell.refused());
    // A number, because browsers may share one connection among images of the same address.
    image.src = `${this.#options.base}/stream.mjpg?${++requests}`;
    this.#options.stage.append(image);
  }

  close() {
    clearInterval(this.#timer);
    this.#ended.abort();
    this.#image.removeAttribute("src"); // ends the request; removing the element does not
    this.#image.remove();
  }

  #picture() {
    this.#tell.connected();
    this.#tell.picture();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  #look() {
    const seen = sampled(this.#image);
    const now = performance.now();
    if (!this.#seen || seen.some((value, at) => value !== this.#seen[at])) {
      this.#seen = seen;
      this.#movedAt = now;
      this.progress++;
    } else if (now - this.#movedAt > ASK_AFTER_MS && !this.#asking) {
      this.#ask(seen);
    }
  }

  async #ask(shown) {
    this.#asking = true;
    try {
      const {blob} = await snapshot(this.#options.base, this.#ended.signal);
      const fresh = sampled(await createImageBitmap(blob));
      if (fresh.every((value, at) => Math.abs(value - shown[at]) < ANOTHER_PICTURE)) {
        this.#movedAt = performance.now();
        this.progress++;
      }
    } catch {
      // No answer is no progress.
    }
    this.#asking = false;
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
