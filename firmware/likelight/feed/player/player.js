// The one player: fMP4 over a WebSocket into Media Source Extensions, and MJPEG where that fails.
//
//   const player = new Player({stage, base: "/k/demo", onState, onConnection, onPicture});
//   player.start();
//
// It puts one <video> or <img> into `stage` and calls
//   onState(state)         a state of the contract, whenever the stream's socket tells one
//   onConnection({kind})   "connected", or "lost" with `retryIn` in seconds
//   onPicture()            the first picture of each connection is on the screen
// `stage.dataset.way` is "mse" or "mjpeg"; the video's `dataset.lag` is how far, in milliseconds,
// the picture on the screen lies behind the end of the buffer.

const FIRST_PICTURE_MS = 4000;
const RETRY_MIN_S = 1;
const RETRY_MAX_S = 30;
const REFUSALS = 3; // WebSockets that never opened before MJPEG gets a try

const MAX_QUEUE = 8 * 1024 * 1024; // bytes; 30 s of video that the browser did not take
const KEEP_S = 5; // of what has been played
const MAX_LAG_S = 2; // more is no live picture: jump
const SETTLE_S = 1.5; // after a join, while the cached pictures rush in, jump sooner
const SETTLE_LAG_S = 0.4; // a placeholder lasts 0.25 s

// The cushion is what the buffer may hold at its emptiest, just before a fragment comes. It is kept
// small, grows when the network's jitter makes the video stall, and shrinks again slowly.
const CUSHION_S = 0.03;
const CUSHION_MAX_S = 0.45;
const BAND_S = 0.04; // above the cushion: here the rate stays what it is
const SHRINK_EVERY_MS = 5000;

// What this page has learned: "mse" after a first picture, "mjpeg" when MSE can't work here.
let winner = null;
let jpegRequests = 0;

export class Player {
  #options;
  #way = null;
  #timer = 0;
  #failures = 0;
  #refusals = 0;
  #running = false;
  #onVisibility = () => this.#visible();

  constructor({stage, base, label = "Picture from the kitchen",
    onState = () => {}, onConnection = () => {}, onPicture = () => {}}) {
    this.#options = {stage, base, label, onState, onConnection, onPicture};
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
      this.#failures = 0;
      this.#connect();
    }
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#way?.close();
    this.#way = null;
  }

  #connect() {
    clearTimeout(this.#timer);
    const mse = winner === "mse" || (winner === null && this.#refusals < REFUSALS);
    const {stage, base, label, onState, onConnection, onPicture} = this.#options;
    stage.dataset.way = mse ? "mse" : "mjpeg";
    const Way = mse ? MseWay : MjpegWay;
    this.#way = new Way(stage, base, label, {
      state: onState,
      connected: () => onConnection({kind: "connected"}),
      picture: () => {
        this.#failures = this.#refusals = 0;
        if (mse) winner = "mse";
        onPicture();
      },
      refused: () => {
        // Some proxies refuse WebSockets. When MJPEG does not help either, the network is down, and
        // the better way gets its chance again; that is why this is not remembered as a winner.
        this.#refusals = mse ? this.#refusals + 1 : 0;
        this.#lost();
      },
      lost: () => this.#lost(),
      // The browser can't do it, here or at all. A page that has seen MSE work only reconnects.
      unable: () => {
        if (winner === "mse") return this.#lost();
        winner = "mjpeg";
        this.#rest();
        this.#connect();
      },
    });
    this.#way.open();
  }

  // Full jitter, so that a thousand viewers do not come back in the same instant.
  #lost() {
    this.#rest();
    const ceiling = Math.min(RETRY_MAX_S, RETRY_MIN_S * 2 ** this.#failures++);
    const retryIn = Math.random() * ceiling;
    this.#options.onConnection({kind: "lost", retryIn});
    this.#timer = setTimeout(() => this.#connect(), retryIn * 1000);
  }
}

class MseWay {
  #stage; #base; #label; #tell;
  #video = document.createElement("video");
  #socket = null;
  #source = null;
  #buffer = null;
  #mime = "";
  #queue = []; // {mime} or ArrayBuffer, in the order they came
  #queued = 0;
  #deadline = 0;
  #shown = false;
  #opened = false;
  #closed = false;
  #live = new LiveEdge(this.#video, () => this.#end("unable"));

  constructor(stage, base, label, tell) {
    this.#stage = stage;
    this.#base = base;
    this.#label = label;
    this.#tell = tell;
  }

  open() {
    const Source = window.ManagedMediaSource ?? window.MediaSource;
    if (!Source) return this.#end("unable");
    this.#source = new Source();
    this.#source.addEventListener("sourceopen", () => this.#pump());
    this.#prepareVideo();
    this.#openSocket();
    this.#expectPicture("refused"); // for a socket that neither opens nor fails
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#deadline);
    this.#socket?.close();
    this.#live.stop();
    this.#video.removeAttribute("src");
    this.#video.srcObject = null;
    this.#video.load(); // lets the decoder and the last picture go at once
    this.#video.remove();
  }

  #prepareVideo() {
    const video = this.#video;
    video.muted = video.autoplay = video.playsInline = true;
    video.disableRemotePlayback = true; // else Safari's ManagedMediaSource never opens
    video.setAttribute("aria-label", this.#label);
    video.addEventListener("error", () => this.#end(this.#shown ? "lost" : "unable"));
    video.addEventListener("loadeddata", () => this.#picture());
    if (window.ManagedMediaSource) video.srcObject = this.#source;
    else {
      const url = URL.createObjectURL(this.#source);
      video.src = url;
      this.#source.addEventListener("sourceopen", () => URL.revokeObjectURL(url), {once: true});
    }
    this.#stage.append(video);
  }

  #openSocket() {
    const url = new URL(`${this.#base}/ws`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = this.#socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#opened = true;
      clearTimeout(this.#deadline);
      this.#deadline = 0;
      this.#tell.connected();
    };
    socket.onmessage = ({data}) => this.#receive(data);
    socket.onclose = () => this.#end(this.#opened ? "lost" : "refused");
  }

  #receive(data) {
    if (this.#closed) return;
    if (typeof data === "string") {
      const message = JSON.parse(data);
      if (message.mime) this.#queue.push(message);
      if (message.state) this.#tell.state(message.state);
    } else {
      this.#queue.push(data);
      this.#queued += data.byteLength;
      if (!this.#shown && !this.#deadline) this.#expectPicture("unable");
    }
    if (this.#queued > MAX_QUEUE) this.#end("lost");
    else this.#pump();
  }

  #expectPicture(otherwise) {
    this.#deadline = setTimeout(() => this.#end(otherwise), FIRST_PICTURE_MS);
  }

  #picture() {
    if (this.#shown || this.#closed) return;
    this.#shown = true;
    clearTimeout(this.#deadline);
    this.#tell.picture();
  }

  // Feeds the SourceBuffer, which takes one thing at a time; all that waits goes in together.
  #pump() {
    if (this.#closed || this.#source.readyState !== "open" || this.#buffer?.updating) return;
    if (this.#buffer && this.#live.trim(this.#buffer)) return;
    try {
      while (this.#queue[0]?.mime) this.#adopt(this.#queue.shift().mime);
      if (!this.#queue.length || !this.#buffer) return;
      let count = this.#queue.findIndex((item) => item.mime);
      if (count < 0) count = this.#queue.length;
      const parts = this.#queue.splice(0, count);
      this.#live.measure(this.#buffer);
      this.#buffer.appendBuffer(count === 1 ? parts[0] : joined(parts));
      this.#queued -= parts.reduce((sum, part) => sum + part.byteLength, 0);
    } catch (error) {
      console.warn("likelight player:", error);
      this.#end(this.#shown ? "lost" : "unable");
    }
  }

  #adopt(mime) {
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

  #end(how) {
    if (this.#closed) return;
    this.close();
    this.#tell[how]();
  }
}

// Keeps a video at the end of its buffer: by jumping when far, by playing a little faster when near.
class LiveEdge {
  #video;
  #cushion = CUSHION_S;
  #emptiest = [Infinity, Infinity]; // of this half second and of the last one
  #turned = 0;
  #began = 0;
  #told = 0;
  #shrinking = 0;
  #refused;

  constructor(video, refused) {
    this.#video = video;
    this.#refused = refused;
    video.addEventListener("waiting", () => this.#ranDry());
  }

  stop() {
    clearInterval(this.#shrinking);
  }

  // Called just before an append: what the buffer still holds now is what the network left us.
  measure(buffer) {
    const {buffered} = buffer;
    if (!buffered.length) return;
    const now = performance.now();
    if (now - this.#turned > 500) {
      this.#turned = now;
      this.#emptiest = [Infinity, this.#emptiest[0]];
    }
    const left = buffered.end(buffered.length - 1) - this.#video.currentTime;
    this.#emptiest[0] = Math.min(this.#emptiest[0], left);
  }

  // A stream begins, or another one goes on in its place (the camera's after a placeholder's). The
  // first frame of it lasts as long as the wait for it was; nobody misses anything when we jump.
  begin() {
    this.#began = 0;
    this.#cushion = CUSHION_S;
    this.#shrinking ||= setInterval(() => {
      this.#cushion = Math.max(CUSHION_S, this.#cushion * 0.8);
    }, SHRINK_EVERY_MS);
  }

  // Called after each append.
  follow(buffer) {
    const {buffered} = buffer;
    if (!buffered.length) return;
    const video = this.#video;
    const now = performance.now();
    const start = buffered.start(buffered.length - 1);
    const end = buffered.end(buffered.length - 1);
    const lag = end - video.currentTime;
    let most = now - this.#began < SETTLE_S * 1000 ? SETTLE_LAG_S : MAX_LAG_S;
    if (!this.#began) {
      this.#began = now;
      most = CUSHION_S;
    }
    // Before the last range there is a gap, and nothing will ever fill it.
    if (video.currentTime < start || lag > most || lag < -0.5) {
      video.currentTime = Math.max(start, end - CUSHION_S);
      this.#emptiest = [Infinity, Infinity];
    }
    if (video.paused) this.#play();
    this.#setRate();
    if (now - this.#told > 1000) {
      this.#told = now;
      video.dataset.lag = Math.round((end - video.currentTime) * 1000);
    }
  }

  // Returns true when it has begun to remove what was played; `updateend` comes after it.
  trim(buffer) {
    const {buffered} = buffer;
    const until = this.#video.currentTime - KEEP_S;
    if (!buffered.length || buffered.start(0) > until - KEEP_S) return false;
    buffer.remove(0, until);
    return true;
  }

  // Even a muted video may be refused, by an iPhone that saves power for one. MJPEG needs no leave.
  #play() {
    this.#video.play().catch((error) => {
      if (error.name === "NotAllowedError") this.#refused();
    });
  }

  #ranDry() {
    if (this.#began && performance.now() - this.#began > SETTLE_S * 1000) {
      this.#cushion = Math.min(CUSHION_MAX_S, this.#cushion + 0.02);
    }
  }

  #setRate() {
    const left = Math.min(...this.#emptiest);
    const over = left - this.#cushion;
    const video = this.#video;
    let rate = video.playbackRate;
    if (left === Infinity || over <= 0) rate = 1;
    else if (over > BAND_S) rate = Math.min(1.25, 1.05 + (over - BAND_S));
    if (rate !== video.playbackRate) video.playbackRate = rate;
  }
}

class MjpegWay {
  #stage; #base; #tell;
  #image = new Image();
  #deadline = 0;
  #closed = false;

  constructor(stage, base, label, tell) {
    this.#stage = stage;
    this.#base = base;
    this.#tell = tell;
    this.#image.alt = label;
  }

  open() {
    const image = this.#image;
    image.addEventListener("load", () => this.#picture(), {once: true});
    image.addEventListener("error", () => this.#end());
    this.#deadline = setTimeout(() => this.#end(), FIRST_PICTURE_MS);
    // A number, because browsers may share one connection among images of the same address.
    image.src = `${this.#base}/stream.mjpg?${++jpegRequests}`;
    this.#stage.append(image);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#deadline);
    this.#image.removeAttribute("src"); // ends the request; removing the element does not
    this.#image.remove();
  }

  #picture() {
    if (this.#closed) return;
    clearTimeout(this.#deadline);
    this.#tell.connected();
    this.#tell.picture();
  }

  #end() {
    if (this.#closed) return;
    this.close();
    this.#tell.refused();
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
