// The one player. It walks down a ladder of ways to the picture until one shows it:
// fMP4 over a WebSocket, the same over HTTP, low-latency HLS, MJPEG, a snapshot every 10 s.
//
//   const player = new Player({stage, base: "/k/demo", onState, onConnection, onPicture, onDelay});
//   player.start();
//
// It puts one <video> or <img> into `stage` and calls
//   onState(state)         a state of the contract, whenever the stream's socket tells one
//   onConnection({kind})   "connected", or "lost" with `retryIn` in seconds
//   onPicture()            the first picture of each connection is on the screen
//   onDelay(seconds)       once a second, how old the picture on the screen is; null: not known
// `now()` is the wall time in epoch milliseconds by which the delay is told; a page that knows the
// server's clock gives that. `stage.dataset.way` is "mse", "fetch", "hls", "mjpeg" or "snapshot".

import {FetchWay} from "./fetch.js";
import {HlsWay} from "./hls.js";
import {MjpegWay} from "./mjpeg.js";
import {SnapshotWay} from "./snapshot.js";
import {SocketWay} from "./socket.js";

const LADDER = [SocketWay, FetchWay, HlsWay, MjpegWay, SnapshotWay];

const FIRST_PICTURE_MS = 4000;
const RETRY_MIN_S = 1;
const RETRY_MAX_S = 30;
const LOYALTY = 2; // failures in a row that the winner is forgiven before the ladder is walked anew
const SMOOTH_MS = 30_000; // of moving picture, after which a freeze is forgotten
const LOOK_EVERY_MS = 1000;

const CLIMB_MIN_S = 60; // on a lower rung than the winner's; doubled each time

// What this page has learned, for its life: the best way that ever showed a picture here, and what
// the browser can't do ("mse": it took whole fragments in and showed nothing, or said so itself).
let winner = null;
const broken = new Set();

export class Player {
  #options;
  #running = false;
  #way = null;
  #rung = 0;
  #pictured = false;
  #failures = 0;
  #freezes = 0;
  #climbs = 0;
  #retry = 0;
  #deadline = 0;
  #watch = 0;
  #onVisibility = () => this.#visible();

  constructor({stage, base, label = "Picture from the kitchen", now = Date.now,
    onState = () => {}, onConnection = () => {}, onPicture = () => {}, onDelay = () => {}}) {
    this.#options = {stage, base, label, now, onState, onConnection, onPicture, onDelay};
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    document.addEventListener("visibilitychange", this.#onVisibility);
    this.#visible();
  }

  stop() {
    this.#running = false;
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#rest();
  }

  // Nobody sees a hidden tab, so it does not count as a viewer and keeps no camera awake.
  #visible() {
    if (document.hidden) this.#rest();
    else if (!this.#way) {
      this.#failures = this.#freezes = 0;
      this.#connect();
    }
  }

  #rest() {
    clearTimeout(this.#retry);
    clearTimeout(this.#deadline);
    clearInterval(this.#watch);
    this.#way?.close();
    this.#way = null;
  }

  // When the winner fails and fails, the network has changed, and the ladder is walked anew.
  #connect() {
    this.#try(winner && this.#failures < LOYALTY ? LADDER.indexOf(winner) : 0);
  }

  #try(rung) {
    this.#rest();
    while (LADDER[rung] && !usable(LADDER[rung])) rung++;
    const Way = LADDER[rung];
    if (!Way) return this.#lost();
    const {stage, base, label, now} = this.#options;
    stage.dataset.way = Way.way;
    this.#rung = rung;
    this.#pictured = false;
    const way = this.#way = new Way({stage, base, label, now, tell: this.#ears(() => way)});
    this.#expectPicture();
    const opened = async () => way.open();
    opened().catch((error) => {
      console.warn("likelight player:", error);
      if (this.#way === way) this.#failed("refused");
    });
  }

  // What a way may say; one that was given up is no longer heard.
  #ears(who) {
    const {onState, onConnection} = this.#options;
    const heard = (act) => (said) => this.#way === who() && act(said);
    return {
      state: heard(onState),
      connected: heard(() => onConnection({kind: "connected"})),
      ready: heard(() => this.#expectPicture()), // hls.js is here; only now its 4 s begin
      picture: heard(() => this.#picture()),
      refused: heard(() => this.#failed("refused")), // by the network, or it ended
      unable: heard(() => this.#failed("unable")), // by the browser
      barred: heard(() => this.#failed("barred")), // by the browser, which lets no video play
    };
  }

  #expectPicture() {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(
      () => this.#failed(this.#way.fed ? "unable" : "refused"), FIRST_PICTURE_MS,
    );
  }

  #picture() {
    if (this.#pictured) return;
    this.#pictured = true;
    this.#failures = 0;
    clearTimeout(this.#deadline);
    const Way = LADDER[this.#rung];
    const best = winner ? LADDER.indexOf(winner) : this.#rung;
    if (this.#rung > best) this.#climbTo(best);
    else winner = Way;
    this.#lookAfter(this.#way, Way.stillMs);
    this.#options.onPicture();
  }

  // A line that was gone for a while came back while we stood further down: no reason to stay there.
  #climbTo(rung) {
    const waitS = CLIMB_MIN_S * 2 ** this.#climbs++ * (0.5 + Math.random());
    this.#retry = setTimeout(() => {
      this.#failures = LOYALTY; // if it fails, then straight down again
      this.#try(rung);
    }, waitS * 1000);
  }

  // A frozen picture lies. Placeholders come four times a second, so that one which stands still in
  // any state means that something is broken which nobody else will tell us of.
  #lookAfter(way, stillMs) {
    const began = performance.now();
    let progress = way.progress;
    let movedAt = began;
    this.#watch = setInterval(() => {
      const now = performance.now();
      if (way.progress !== progress) {
        progress = way.progress;
        movedAt = now;
        if (now - began > SMOOTH_MS) {
          this.#freezes = 0;
          if (LADDER[this.#rung] === winner) this.#climbs = 0;
        }
      }
      if (now - movedAt > stillMs) this.#failed("frozen");
      else this.#options.onDelay(way.delay);
    }, LOOK_EVERY_MS);
  }

  #failed(how) {
    const Way = LADDER[this.#rung];
    // Its first frame may stand there already, and would each time again.
    if (how === "barred") broken.add(Way.by);
    if (how === "barred" || (how === "frozen" && ++this.#freezes > 1)) {
      this.#freezes = 0;
      if (Way === winner) winner = null;
      this.#options.onConnection({kind: "lost", retryIn: 0});
      return this.#try(this.#rung + 1);
    }
    if (this.#pictured || (Way === winner && this.#failures < LOYALTY)) return this.#lost();
    if (how === "unable" && Way !== winner) broken.add(Way.by);
    this.#try(this.#rung + 1);
  }

  // Full jitter, so that a thousand viewers do not come back in the same instant.
  #lost() {
    this.#rest();
    const ceiling = Math.min(RETRY_MAX_S, RETRY_MIN_S * 2 ** this.#failures++);
    const retryIn = Math.random() * ceiling;
    this.#options.onDelay(null);
    this.#options.onConnection({kind: "lost", retryIn});
    this.#retry = setTimeout(() => this.#connect(), retryIn * 1000);
  }
}

function usable(Way) {
  return Way.possible && !broken.has(Way.by);
}
