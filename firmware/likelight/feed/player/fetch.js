// The same fMP4 over plain HTTP, for networks that let no WebSocket through.

import {Boxes, mimeOf} from "./boxes.js";
import {MsePicture, mediaSource} from "./mse.js";

export class FetchWay {
  static way = "fetch";
  static stillMs = 4000;
  static get by() {
    return "mse";
  }
  static get possible() {
    return Boolean(mediaSource() && window.fetch && window.ReadableStream);
  }

  #options;
  #tell;
  #picture = null;
  #ended = new AbortController();

  constructor(options) {
    this.#options = options;
    this.#tell = options.tell;
  }

  get fed() {
    return Boolean(this.#picture?.fed);
  }
  get progress() {
    return this.#picture.progress;
  }
  get delay() {
    return this.#picture.delay;
  }

  async open() {
    this.#picture = new MsePicture(this.#options);
    try {
      await this.#read();
    } catch {
      // The network's errors say no more than that it ended.
    }
    this.#tell.refused();
  }

  close() {
    this.#ended.abort();
    this.#picture?.close();
  }

  async #read() {
    const url = `${this.#options.base}/live.mp4`;
    const reply = await fetch(url, {cache: "no-store", signal: this.#ended.signal});
    if (!reply.ok) return;
    this.#tell.connected();
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
