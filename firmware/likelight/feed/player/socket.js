// fMP4 over a WebSocket: the way with the least delay, and the only one that carries the state.

import {MsePicture, mediaSource} from "./mse.js";

export class SocketWay {
  static way = "mse";
  static frozenAfterMs = 4000;
  static tellsAge = true;
  static get engine() {
    return "mse";
  }
  static get possible() {
    return Boolean(mediaSource() && window.WebSocket);
  }

  #options;
  #report;
  #picture = null;
  #socket = null;
  #opened = false; // the init segment of the present mime type has come

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

  open() {
    this.#picture = new MsePicture(this.#options);
    const url = new URL(`${this.#options.base}/ws`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = this.#socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#report.connected();
    socket.onmessage = ({data}) => this.#receive(data);
    socket.onclose = () => this.#report.failed();
  }

  close() {
    this.#socket?.close();
    this.#picture?.close();
  }

  #receive(data) {
    if (typeof data === "string") {
      const message = JSON.parse(data);
      if (message.mime) {
        this.#picture.begin(message.mime);
        this.#opened = false;
      }
      if (message.state) this.#report.state(message.state);
    } else {
      this.#picture.take(data, {init: !this.#opened});
      this.#opened = true;
    }
  }
}
