// Low-latency HLS: works through any HTTP cache, with a delay of a second or two.
//
// Native only where there are no Media Source Extensions, which is an iPhone before iOS 17.1:
// canPlayType can't decide it, because Chromium answers "maybe" too. Everybody else gets hls.js.

import {Age} from "./age.js";
import {mediaSource} from "./mse.js";
import {decodedFrames, listen, liveVideo, play, removeVideo} from "./video.js";

const NATIVE = "application/vnd.apple.mpegurl";
const CHECK_EVERY_MS = 500;
const MAX_LAG_S = 2; // behind where hls.js wants to be

export class HlsWay {
  static way = "hls";
  static frozenAfterMs = 4000;
  static tellsAge = true;
  static get engine() {
    return mediaSource() ? "mse" : "native";
  }
  static get possible() {
    return Boolean(mediaSource() || document.createElement("video").canPlayType(NATIVE));
  }

  #options;
  #report;
  #video = null;
  #age;
  #hls = null;
  #timer = 0;
  #shown = 0;
  #closed = false;

  constructor(options) {
    this.#options = options;
    this.#report = options.report;
    this.#age = new Age(options.now);
  }

  // hls.js does not say what it received, so a missing picture counts against the network.
  gotFragment = false;

  get progress() {
    return decodedFrames(this.#video);
  }

  grown = null; // it never falls far behind the playlist, see #keepUp

  /** From the playlist's EXT-X-PROGRAM-DATE-TIME, which is the time of capture. */
  get delay() {
    const shown = this.#hls ? this.#hls.playingDate : this.#nativeDate();
    const behind = this.#behindPlaylist;
    if (!shown || !(behind > 0)) return null;
    this.#age.note(performance.now() - shown - behind * 1000);
    return this.#age.of(shown);
  }

  async open() {
    const {stage, base, label} = this.#options;
    const {connected, picture, failed, notAllowed} = this.#report;
    this.#video = liveVideo(stage, label, {picture, error: failed});
    listen(this.#video, "loadedmetadata", () => play(this.#video, notAllowed));
    const url = `${base}/stream.m3u8`;
    if (!mediaSource()) {
      this.#video.addEventListener("loadedmetadata", connected, {once: true});
      this.#video.src = url;
    } else {
      try {
        await this.#load(url);
      } catch {
        failed();
      }
    }
  }

  close() {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#hls?.destroy();
    if (this.#video) removeVideo(this.#video, this.#options.away);
  }

  async #load(url) {
    const {default: Hls} = await import("./vendor/hls.js");
    if (this.#closed) return;
    this.#report.ready();
    if (!Hls.isSupported()) return this.#report.unsupported();
    const hls = this.#hls = new Hls({
      enableWorker: false, // fMP4 needs no conversion; a worker would have nothing to do
      lowLatencyMode: true,
      backBufferLength: 10,
      maxLiveSyncPlaybackRate: 1.25, // with 1, the default, it never catches up after a stall
      // The main rendition first, which runs already; after that hls.js measures.
      abrEwmaDefaultEstimate: 5_000_000,
      liveSyncOnStallIncrease: 0.25, // with 1 s, the default, each stall adds a delay that stays
    });
    hls.on(Hls.Events.MANIFEST_PARSED, (_, {firstLevel}) => {
      // By itself it begins with the fewest pictures a second, which would have to be made for it.
      hls.startLevel = firstLevel;
      this.#report.connected();
    });
    hls.on(Hls.Events.ERROR, (_, {fatal}) => {
      if (fatal) this.#report.failed();
    });
    hls.loadSource(url);
    hls.attachMedia(this.#video);
    this.#timer = setInterval(() => this.#keepUp(), CHECK_EVERY_MS);
  }

  // hls.js catches up only by the playback rate, and waits for ever for data that will not come:
  // for the rest of the camera's segment when the gate shuts.
  #keepUp() {
    const target = this.#hls.liveSyncPosition;
    const video = this.#video;
    const stalled = video.currentTime === this.#shown;
    this.#shown = video.currentTime;
    if (target === null || !video.buffered.length) return;
    const lag = target - video.currentTime;
    if (lag > MAX_LAG_S || (stalled && lag > 0)) video.currentTime = target;
  }

  get #behindPlaylist() {
    if (this.#hls) return this.#hls.latency;
    const {seekable, currentTime} = this.#video;
    return seekable.length ? seekable.end(seekable.length - 1) - currentTime : null;
  }

  #nativeDate() {
    const start = this.#video.getStartDate?.().getTime();
    return start ? start + this.#video.currentTime * 1000 : null;
  }
}
