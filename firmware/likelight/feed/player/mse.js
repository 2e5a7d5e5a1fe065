// Plays fMP4, however it arrives, with Media Source Extensions.
//
// Where there is a ManagedMediaSource (Safari 17.1 on iPhone, 17 elsewhere) it is preferred, and on
// an iPhone there is nothing else. It was never tried on a Safari: this follows
// WebKit's description of it (the video by srcObject, remote playback disabled). Its endstreaming
// only asks for a pause in fetching; a live stream has nothing to fetch ahead, so it goes on.

import {Captures} from "./captures.js";
import {LiveEdge} from "./liveedge.js";
import {decodedFrames, liveVideo, removeVideo} from "./video.js";

const MAX_QUEUE = 8 * 1024 * 1024; // bytes; 30 s of video that the browser did not take

export function mediaSource() {
  return window.ManagedMediaSource ?? window.MediaSource;
}

export class MsePicture {
  #video;
  #away;
  #report;
  #source;
  #buffer = null;
  #mime = "";
  #queue = []; // {mime} or ArrayBuffer, in the order they came
  #queued = 0;
  #closed = false;
  #captures;
  #live;

  /**
   * Puts a video into `stage`. Reports `picture`; `failed` when a new try may help; `unsupported`
   * or `notAllowed` when the browser will not play it.
   */
  constructor({stage, label, away, now, report}) {
    this.#report = report;
    this.#away = away;
    this.#captures = new Captures(now);
    this.#video = liveVideo(stage, label, {picture: report.picture, error: report.unsupported});
    this.#live = new LiveEdge(this.#video, report.notAllowed);
    this.#source = new (mediaSource())();
    this.#source.addEventListener("sourceopen", () => this.#pump());
    if (window.ManagedMediaSource) this.#video.srcObject = this.#source;
    else {
      const url = URL.createObjectURL(this.#source);
      this.#video.src = url;
      this.#source.addEventListener("sourceopen", () => URL.revokeObjectURL(url), {once: true});
    }
  }

  /** True once a whole fragment has come: if no picture follows, it is the browser's fault. */
  gotFragment = false;

  get progress() {
    return decodedFrames(this.#video);
  }

  get delay() {
    return this.#captures.delay(this.#video.currentTime);
  }

  /** How much older the picture is than the freshest one of this connection, in seconds, or null. */
  get grown() {
    return this.#captures.grown(this.#video.currentTime);
  }

  /**
   * What follows is of this type, for example `video/mp4; codecs="avc1.42c01f"`. It `joins` where it
   * is another rendition of the same picture, on the same timeline.
   */
  begin(mime, {joins = false} = {}) {
    this.#queue.push({mime, joins});
  }

  /** Take an init segment or one whole fragment, an ArrayBuffer. */
  take(data, {init}) {
    if (this.#closed) return;
    if (init) this.#captures.begin();
    else {
      this.gotFragment = true;
      this.#captures.note(data);
    }
    this.#queue.push(data);
    this.#queued += data.byteLength;
    if (this.#queued > MAX_QUEUE) this.#report.failed();
    else this.#pump();
  }

  close() {
    this.#closed = true;
    removeVideo(this.#video, this.#away);
  }

  // The SourceBuffer takes one append at a time; everything that waits is appended together.
  #pump() {
    if (this.#closed || this.#source.readyState !== "open" || this.#buffer?.updating) return;
    if (this.#buffer && this.#live.trim(this.#buffer)) return;
    try {
      while (this.#queue[0]?.mime) this.#setType(this.#queue.shift());
      if (!this.#queue.length || !this.#buffer) return;
      let count = this.#queue.findIndex((item) => item.mime);
      if (count < 0) count = this.#queue.length;
      const parts = this.#queue.splice(0, count);
      this.#live.measure(this.#buffer);
      this.#buffer.appendBuffer(count === 1 ? parts[0] : joined(parts));
      this.#queued -= parts.reduce((sum, part) => sum + part.byteLength, 0);
    } catch (error) {
      console.warn("likelight player:", error);
      this.#report.unsupported();
    }
  }

  // Renditions differ in the codec's level only. Chromium and Firefox go on without changeType, with
  // which the picture stood still for two to five frames.
  #setType({mime, joins}) {
    if (joins && this.#buffer) return;
    this.#live.begin();
    if (mime === this.#mime) return;
    this.#mime = mime;
    if (this.#buffer) this.#buffer.changeType(mime);
    else {
      this.#buffer = this.#source.addSourceBuffer(mime); // throws when it can't be played
      this.#buffer.addEventListener("updateend", () => {
        if (this.#closed) return;
        this.#live.follow(this.#buffer);
        this.#pump();
      });
    }
  }
}

function joined(buffers) {
  const whole = new Uint8Array(buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0));
  let at = 0;
  for (const buffer of buffers) {
    whole.set(new Uint8Array(buffer), at);
    at += buffer.byteLength;
  }
  return whole;
}
