// The same fMP4 over plain HTTP, for networks that block WebSockets.

import {Boxes, mimeOf} from "./boxes.js";
import {MsePicture, mediaSource} from "./mse.js";

export class FetchWay {
  static way = "fetch";
  static frozenAfterMs = 4000;
  static tellsAge = true;
  static get engine() {
    return "mse";
  }
  static get possible() {
    return Boolean(mediaSource() && window.fetch && window.ReadableStream);
  }

  #options;
  #report;
  #picture = null;
  #ended = new AbortController();

  constructor(options) {
    this.#options = options;
    this.#report = options.report;
  }

  get gotFragment() {
    return Boolean(this.#picture?.gotFragment);
  }
  get progress() {
    return this.#picture.progress;
  }
  get delay() {
    return this.#picture.delay;
  }
  get grown() {
    return this.#picture.grown;
  }

  async open() {
    this.#picture = new MsePicture(this.#options);
    try {
      await this.#read();
    } catch {
      // An error of the network means the same as the end of the stream.
    }
    this.#report.failed();
  }

  close() {
    this.#ended.abort();
    this.#picture?.close();
  }

  async #read() {
    const url = `${this.#options.base}/live.mp4`;
    const reply = await fetch(url, {cache: "no-store", signal: this.#ended.signal});
    if (!reply.ok) return;
    this.#report.connected();
    const boxes = new Boxes();
    const reader = reply.body.getReader();
    for (;;) {
      const {value, done} = await reader.read();
      if (done) return;
      for (const {data, init} of boxes.take(value)) {
        if (init) this.#picture.begin(mimeOf(data));
        this.#picture.take(data, {init});
      }
    }
  }
}
