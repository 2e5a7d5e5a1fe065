// Low-latency HLS: through any HTTP cache, at the price of a second or two.
//
// Native only where there are no Media Source Extensions, which is an iPhone before iOS 17.1:
// canPlayType can't decide it, because Chromium answers "maybe" too. Everybody else gets hls.js.

import {mediaSource} from "./mse.js";
import {decoded, dismiss, liveVideo, play} from "./video.js";

const NATIVE = "application/vnd.apple.mpegurl";
const LOOK_EVERY_MS = 500;
const MAX_LAG_S = 2; // behind where hls.js wants to be

export class HlsWay {
  static way = "hls";
  static stillMs = 4000;
  static get by() {
    return mediaSource() ? "mse" : "native";
  }
  static get possible() {
    return Boolean(mediaSource() || document.createElement("video").canPlayType(NATIVE));
  }

  #options;
  #tell;
  #video = null;
  #hls = null;
  #looking = 0;
  #shown = 0;
  #closed = false;

  constructor(options) {
    this.#options = options;
    this.#tell = options.tell;
  }

  // What hls.js was fed with it does not say, so that its silence counts against the network.
  fed = false;

  get progress() {
    return decoded(this.#video);
  }

  /** By the playlist's EXT-X-PROGRAM-DATE-TIME, which is the time of capture. */
  get delay() {
    const shown = this.#hls ? this.#hls.playingDate : this.#nativeDate();
    return shown ? Math.max(0, (this.#options.now() - shown) / 1000) : null;
  }

  async open() {
    const {stage, base, label} = this.#options;
    const {connected, picture, refused, barred} = this.#tell;
    this.#video = liveVideo(label, {picture, error: refused});
    this.#video.addEventListener("loadedmetadata", () => play(this.#video, barred));
    stage.append(this.#video);
    const url = `${base}/stream.m3u8`;
    if (!mediaSource()) {
      this.#video.addEventListener("loadedmetadata", connected, {once: true});
      this.#video.src = url;
    } else {
      try {
        await this.#load(url);
      } catch {
        refused();
      }
    }
  }

  close() {
    this.#closed = true;
    clearInterval(this.#looking);
    this.#hls?.destroy();
    if (this.#video) dismiss(this.#video);
  }

  async #load(url) {
    const {default: Hls} = await import("./vendor/hls.js");
    if (this.#closed) return;
    this.#tell.ready();
    if (!Hls.isSupported()) return this.#tell.unable();
    const hls = this.#hls = new Hls({
      enableWorker: false, // fMP4 goes through as it is; a worker would have nothing to do
      lowLatencyMode: true,
      backBufferLength: 10,
      maxLiveSyncPlaybackRate: 1.25, // 1, the default, never catches up after a stall
      liveSyncOnStallIncrease: 0.25, // a second, the default, for each stall is never given back
    });
    hls.on(Hls.Events.MANIFEST_PARSED, () => this.#tell.connected());
    hls.on(Hls.Events.ERROR, (_, {fatal}) => {
      if (fatal) this.#tell.refused();
    });
    hls.loadSource(url);
    hls.attachMedia(this.#video);
    this.#looking = setInterval(() => this.#keepUp(), LOOK_EVERY_MS);
  }

  // hls.js itself catches up by rate alone, and waits for ever before what was never to come: when
  // the gate shuts, the rest of the camera's segment.
  #keepUp() {
    const target = this.#hls.liveSyncPosition;
    const video = this.#video;
    const stands = video.currentTime === this.#shown;
    this.#shown = video.currentTime;
    if (target === null || !video.buffered.length) return;
    const lag = target - video.currentTime;
    if (lag > MAX_LAG_S || (stands && lag > 0)) video.currentTime = target;
  }

  #nativeDate() {
    const start = this.#video.getStartDate?.().getTime();
    return start ? start + this.#video.currentTime * 1000 : null;
  }
}
