// fMP4 over a WebSocket: the way with the least delay, and the only one that carries the state.

import {MsePicture, mediaSource} from "./mse.js";

const ACK_EVERY_MS = 100;
const MOST_ACKS = 40; // in one text; after a burst the newest tell enough

// What this page knows of its line until it is closed: "slow" when the last picture was of a smaller
// rendition, or late. The next connection begins with that, and needs no bad seconds to find it out.
let line = "unproven";

const LATE_S = 1;

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
  #number = 0; // of the last binary message
  #rendition = null;
  #acks = []; // [number, performance.now() at its arrival]
  #ackTimer = 0;
  #ackedAt = 0;

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
  /** A number that changes while pictures arrive. */
  get arrived() {
    return this.#number;
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
    url.searchParams.set("line", line);
    const socket = this.#socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#report.connected();
    socket.onmessage = ({data}) => this.#receive(data);
    socket.onclose = () => this.#report.failed();
  }

  close() {
    clearTimeout(this.#ackTimer);
    // Older than the freshest picture was, or none yet.
    if (this.#socket?.readyState === WebSocket.OPEN && !(this.grown !== null && this.grown < LATE_S)) {
      line = "slow";
    }
    this.#socket?.close();
    this.#picture?.close();
  }

  #receive(data) {
    if (typeof data === "string") {
      const message = JSON.parse(data);
      if (message.mime) this.#begin(message);
      if (message.state) this.#report.state(message.state);
    } else {
      const now = performance.now();
      this.#acks.push([++this.#number, Math.round(now)]);
      // The timers of a hidden tab, whose picture may be in a window of its own, are late by seconds.
      if (!this.#ackTimer || now - this.#ackedAt > ACK_EVERY_MS) this.#acknowledge();
      if (isPadding(data)) return;
      this.#picture.take(data, {init: !this.#opened});
      this.#opened = true;
    }
  }

  #begin({mime, rendition}) {
    this.#picture.begin(mime, {joins: ![null, rendition].includes(this.#rendition)});
    this.#opened = false;
    this.#rendition = rendition;
    line = rendition === "main" ? "unproven" : "slow";
    this.#report.rendition(rendition);
  }

  // A proxy takes all that the server sends, however slow the line behind it is: only this tells the
  // server to leave pictures out.
  #acknowledge() {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = 0;
    if (!this.#acks.length || this.#socket.readyState !== WebSocket.OPEN) return;
    this.#ackedAt = performance.now();
    this.#socket.send(JSON.stringify({acks: this.#acks.splice(0).slice(-MOST_ACKS)}));
    this.#ackTimer = setTimeout(() => this.#acknowledge(), ACK_EVERY_MS);
  }
}

// The server measures with it what the line carries.
function isPadding(data) {
  return data.byteLength >= 8 && new DataView(data).getUint32(4) === 0x66726565 /* free */;
}
