// The one player. It tries the ways to get the picture in this order until one shows it:
// fMP4 over a WebSocket, the same over HTTP, low-latency HLS, MJPEG, a snapshot every 10 s.
//
//   const player = new Player({stage, base: "/k/demo", onState, onConnection, onPicture, onDelay});
//   player.start();
//
// It puts one <video> or <img> into `stage` and calls
//   onState(state)         a state of the contract, whenever the stream's WebSocket sends one
//   onConnection({kind})   "connected", or with `retryIn` in seconds "lost", or "slow": the picture
//                          grew old, and a new connection gets the newest
//   onPicture()            the first picture of each connection is on the screen
//   onRendition(word)      "main", or what a slow line gets: "low", a smaller picture, or "slide", five
//                          of those a second
//   onDelay(seconds, slow) once a second, how old the picture on the screen is; null if not known.
//                          `slow` is true while it was "slow" in the last 30 s
//   onUnseen()             nobody sees the picture any more, in this tab or in a window of its own, and
//                          it is closed
// With `sparing` it holds no HTTP connection for long: for a page of many pictures.
// `away` are the words in a picture in a window of its own while the connection is lost; `now()` is the wall time in epoch milliseconds from which the delay is computed; a page that
// knows the server's clock passes that. `stage.dataset.way` is "mse", "fetch", "hls", "mjpeg" or
// "snapshot".

import {FetchWay} from "./fetch.js";
import {HlsWay} from "./hls.js";
import {MjpegWay} from "./mjpeg.js";
import {SnapshotWay} from "./snapshot.js";
import {SocketWay} from "./socket.js";
import {clear} from "./video.js";

const WAYS = [SocketWay, FetchWay, HlsWay, MjpegWay, SnapshotWay];
// Those that hold none of the six HTTP/1.1 connections that a browser has to a server.
const SPARING_WAYS = [SocketWay, SnapshotWay];

const FIRST_PICTURE_MS = 4000;
const RETRY_MIN_S = 1;
const RETRY_MAX_S = 30;
const MAX_FAILURES = 2; // of the best way in a row, before all ways are tried again from the first
const SMOOTH_MS = 30_000; // of moving picture, after which earlier freezes do not count
const CHECK_EVERY_MS = 1000;
const STILL_MS = 1500; // a picture that moved at the last check is all right
const LATE_S = 3; // older than the freshest picture was: what is between here and the server holds it
const LATE_CHECKS = 2; // one alone may be a burst after a pause of the network

const RETRY_BEST_MIN_S = 60; // on a worse way than the best one; doubled each time

// What this page knows until it is closed: the best way that ever showed a picture here, and the
// engines that the browser can't use ("mse": it took whole fragments and showed no picture).
let bestWay = null;
const unusable = new Set();

export class Player {
  #options;
  #ways;
  #running = false;
  #way = null;
  #index = 0;
  #pictured = false;
  #failures = 0;
  #freezes = 0;
  #bestRetries = 0;
  #retry = 0;
  #deadline = 0;
  #watch = 0;
  #slowUntil = 0;
  #movedAt = 0;
  #state = null; // as the present way told it; only the socket does
  #standing = false; // the present connection's first picture is a placeholder, and still shown
  #visibilityListener = () => this.#onVisible();
  #onlineListener = () => this.#onOnline();

  constructor({stage, base, label = "Picture from the kitchen", now = Date.now, sparing = false,
    away = "We lost the connection. Trying again.",
    onState = () => {}, onConnection = () => {}, onPicture = () => {}, onRendition = () => {},
    onDelay = () => {}, onUnseen = () => {}}) {
    this.#ways = sparing ? SPARING_WAYS : WAYS;
    this.#options = {
      stage, base, label, away, now, onState, onConnection, onPicture, onRendition, onDelay, onUnseen,
    };
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    document.addEventListener("visibilitychange", this.#visibilityListener);
    this.#options.stage.addEventListener("leavepictureinpicture", this.#visibilityListener);
    addEventListener("online", this.#onlineListener);
    this.#onVisible();
  }

  stop() {
    this.#running = false;
    document.removeEventListener("visibilitychange", this.#visibilityListener);
    this.#options.stage.removeEventListener("leavepictureinpicture", this.#visibilityListener);
    removeEventListener("online", this.#onlineListener);
    this.#close();
    this.#options.stage.replaceChildren();
  }

  #onVisible() {
    if (this.#leftUnseen() || this.#way) return;
    this.#failures = this.#freezes = 0;
    this.#connect();
  }

  // What nobody sees must not count as a viewer and keep the camera on. In a hidden tab that is all
  // but a picture in a window of its own, which ends together with its video.
  #leftUnseen() {
    const {stage, onUnseen} = this.#options;
    if (!document.hidden || stage.contains(document.pictureInPictureElement)) return false;
    this.#close();
    onUnseen();
    return true;
  }

  // The network is back: a connection from before may be dead, and a retry may be 30 s away.
  #onOnline() {
    const moves = this.#way && performance.now() - this.#movedAt < STILL_MS;
    if (moves || this.#leftUnseen()) return;
    this.#failures = this.#freezes = 0;
    this.#connect();
  }

  #close() {
    clearTimeout(this.#retry);
    clearTimeout(this.#deadline);
    clearInterval(this.#watch);
    this.#way?.close();
    this.#way = null;
    clear(this.#options.stage);
  }

  // When the best way fails repeatedly, the network has changed, and all ways are tried again.
  #connect() {
    this.#try(bestWay && this.#failures < MAX_FAILURES ? this.#ways.indexOf(bestWay) : 0);
  }

  #try(index) {
    this.#close();
    if (this.#leftUnseen()) return;
    while (this.#ways[index] && !this.#usable(this.#ways[index])) index++;
    const Way = this.#ways[index];
    if (!Way) return this.#lost();
    const {stage, base, label, away, now} = this.#options;
    if (Way.engine === "jpeg") stage.replaceChildren(); // an image can't be in a window of its own
    stage.dataset.way = Way.way;
    this.#rendition("main"); // until the way says otherwise
    this.#index = index;
    this.#pictured = this.#standing = false;
    this.#state = null;
    const way = this.#way = new Way({stage, base, label, away, now, report: this.#callbacks(() => way)});
    this.#expectPicture();
    const opened = async () => way.open();
    opened().catch((error) => {
      console.warn("likelight player:", error);
      if (this.#way === way) this.#failed("failed");
    });
  }

  get #placeholder() {
    return this.#state !== null && this.#state !== "live";
  }

  get #slow() {
    return performance.now() < this.#slowUntil;
  }

  // On a slow line an age that nobody can tell may be any.
  #usable(Way) {
    return Way.possible && !unusable.has(Way.engine) && (Way.tellsAge || !this.#slow);
  }

  // What a way may report; the reports of a way that was given up are ignored.
  #callbacks(current) {
    const {onState, onConnection} = this.#options;
    const ifCurrent = (act) => (value) => this.#way === current() && act(value);
    return {
      state: ifCurrent((state) => {
        this.#state = state;
        this.#standing = false;
        onState(state);
      }),
      rendition: ifCurrent((word) => this.#rendition(word)),
      connected: ifCurrent(() => onConnection({kind: "connected"})),
      ready: ifCurrent(() => this.#expectPicture()), // hls.js is loaded; only now its 4 s begin
      picture: ifCurrent(() => this.#picture()),
      failed: ifCurrent(() => this.#failed("failed")), // the network failed, or the stream ended
      unsupported: ifCurrent(() => this.#failed("unsupported")), // the browser can't play it
      notAllowed: ifCurrent(() => this.#failed("notAllowed")), // the browser lets no video play
    };
  }

  #rendition(word) {
    this.#options.stage.dataset.rendition = word;
    this.#options.onRendition(word);
  }

  #expectPicture() {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(
      () => this.#failed(this.#way.gotFragment ? "unsupported" : "failed"), FIRST_PICTURE_MS,
    );
  }

  #picture() {
    if (this.#pictured) return;
    this.#pictured = true;
    this.#standing = this.#placeholder;
    this.#failures = 0;
    clearTimeout(this.#deadline);
    const Way = this.#ways[this.#index];
    const best = bestWay ? this.#ways.indexOf(bestWay) : this.#index;
    if (this.#index > best) this.#retryLater(best);
    else bestWay = Way;
    this.#watchProgress(this.#way, Way.frozenAfterMs);
    this.#options.onPicture();
  }

  // The network may be back while a worse way plays: try the best way again.
  #retryLater(index) {
    const waitS = RETRY_BEST_MIN_S * 2 ** this.#bestRetries++ * (0.5 + Math.random());
    this.#retry = setTimeout(() => {
      this.#failures = MAX_FAILURES; // if it fails, all ways are tried again at once
      this.#try(index);
    }, waitS * 1000);
  }

  // A frozen picture misleads. Placeholders come four times a second, so a picture that does not
  // change, in any state, means a failure that nothing else reports. Only a placeholder that was this
  // connection's first picture can't mislead, as long as more of them arrive.
  #watchProgress(way, frozenAfterMs) {
    const began = performance.now();
    let progress;
    this.#movedAt = began;
    let late = 0;
    this.#watch = setInterval(() => {
      const now = performance.now();
      const reached = this.#standing ? way.arrived : way.progress;
      if (reached !== progress) {
        progress = reached;
        this.#movedAt = now;
        if (now - began > SMOOTH_MS) {
          this.#freezes = 0;
          if (this.#ways[this.#index] === bestWay) this.#bestRetries = 0;
        }
      }
      late = this.#movedAt === now && way.grown > LATE_S ? late + 1 : 0;
      if (now - this.#movedAt > frozenAfterMs) this.#failed("frozen");
      else if (late === LATE_CHECKS) this.#failed("late");
      else this.#options.onDelay(way.delay, this.#slow);
    }, CHECK_EVERY_MS);
  }

  #failed(how) {
    const Way = this.#ways[this.#index];
    // Its first frame may be on the screen already, and would be at each new try.
    if (how === "notAllowed") unusable.add(Way.engine);
    if (how === "late") this.#slowUntil = performance.now() + SMOOTH_MS;
    // A placeholder that does not move is no reason for a worse way; a new connection shows it.
    const held = (how === "frozen" && !this.#placeholder) || how === "late";
    if (how === "notAllowed" || (held && ++this.#freezes > 1)) {
      this.#freezes = 0;
      // A slow line may be quicker in a minute: then the best way is tried again.
      if (Way === bestWay && how !== "late") bestWay = null;
      this.#options.onConnection({kind: how === "late" ? "slow" : "lost", retryIn: 0});
      return this.#try(this.#index + 1);
    }
    if (how === "late") return this.#lost("slow");
    if (this.#pictured || (Way === bestWay && this.#failures < MAX_FAILURES)) return this.#lost();
    if (how === "unsupported" && Way !== bestWay) unusable.add(Way.engine);
    this.#try(this.#index + 1);
  }

  // Full jitter, so that a thousand viewers do not reconnect at the same moment.
  #lost(kind = "lost") {
    this.#close();
    if (this.#leftUnseen()) return;
    const ceiling = Math.min(RETRY_MAX_S, RETRY_MIN_S * 2 ** this.#failures++);
    const retryIn = Math.random() * ceiling;
    this.#options.onDelay(null, this.#slow);
    this.#options.onConnection({kind, retryIn});
    this.#retry = setTimeout(() => this.#connect(), retryIn * 1000);
  }
}
