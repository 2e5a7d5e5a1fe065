/** The line that says how the kitchen is, and what is drawn over a picture that is not live. */

import { setIcon } from "./icons.js";
import { KitchenState, markOf, parted, wordsOf } from "./state.js";
import { word } from "./words.js";

// What the device itself sends over the stream's socket is valid even when the cloud is not reachable.
const DEVICE_OWN = new Set(["private", "closed", "fault", "off"]);

const WAKING = new Set(["connecting", "idle", "waking_long"]);
const WAKING_MS = 10_000;

export class StateLine {
  #main;
  #text;
  #drawn;
  #mark;
  #say;
  #known = new KitchenState();
  #connected = false;
  #pictured = false;
  #opensAt = null;
  #zone = null;
  #unknown = false;
  #retry = { cloud: null, stream: null };
  #away = "lost";
  #said = null;
  #told = null;
  #wakingSince = null;

  /** `main` holds #state and #what; `say(words)` speaks to screen readers. */
  constructor(main, say) {
    this.#main = main;
    this.#text = main.querySelector("#state > span");
    this.#drawn = main.querySelector("#what");
    this.#mark = main.querySelector("#state svg");
    this.#say = say;
    setInterval(() => this.#draw(), 1000);
  }

  socketSaid(value) {
    this.#connected = true;
    this.#retry.stream = null;
    this.#known.socketSaid(value, Date.now());
    this.#draw();
  }

  /**
   * `kind`: "connected", or why the player tries again in `retryIn` seconds: the connection was
   * "lost", or it is too "slow".
   */
  stream(kind, retryIn) {
    this.#connected = kind === "connected";
    this.#away = kind;
    this.#pictured = false;
    this.#retry.stream = this.#connected ? null : Date.now() + retryIn * 1000;
    if (!this.#connected) this.#known.socketLost();
    this.#draw();
  }

  pictureCame() {
    this.#pictured = true;
    this.#draw();
  }

  /** The tab is hidden: the player has closed picture and socket, and nothing is wrong. */
  fellAsleep() {
    this.#connected = this.#pictured = false;
    this.#retry.stream = null;
    this.#known.socketLost();
    this.#draw();
  }

  summarySaid(summary) {
    this.#retry.cloud = null;
    this.#opensAt = summary.opens_at ?? null;
    this.#zone = summary.hours?.zone ?? null;
    this.#known.summarySaid(summary, Date.now());
    this.#draw();
  }

  cloudLost(seconds) {
    this.#retry.cloud = Date.now() + seconds * 1000;
    this.#draw();
  }

  kitchenUnknown() {
    this.#unknown = true;
    this.#draw();
  }

  get #shown() {
    if (this.#unknown) return "unknown";
    const value = this.#known.value;
    if (this.#connected && DEVICE_OWN.has(value)) return value;
    if (this.#retry.cloud !== null) return "lost";
    if (this.#retry.stream !== null && ["live", "idle", "interrupted"].includes(value)) return this.#away;
    if (value !== null && value !== "idle") return value;
    const since = (this.#wakingSince ??= Date.now());
    return Date.now() - since < WAKING_MS ? (value ?? "connecting") : "waking_long";
  }

  // Where there is no picture, how the camera is has no news as long as nothing is wrong.
  #wordedAs(shown) {
    const well = shown === "live" || WAKING.has(shown);
    return this.#main.dataset.place === "here" && well ? "here" : shown;
  }

  #draw() {
    const shown = this.#shown;
    if (!WAKING.has(shown)) this.#wakingSince = null;
    const retryAt = this.#retry.cloud ?? this.#retry.stream;
    const words = wordsOf(this.#wordedAs(shown), { opensAt: this.#opensAt, zone: this.#zone, retryAt });
    const open = this.#pictured && !this.#unknown && this.#known.value === "live";
    this.#main.dataset.state = shown;
    this.#main.toggleAttribute("data-open", open);
    // Not with what stands there: a browser may have translated it.
    if (this.#told !== words) this.#write((this.#told = words), shown);
    if (this.#said === shown) return;
    this.#said = shown;
    setIcon(this.#mark, markOf(this.#wordedAs(shown)));
    this.#say(words);
  }

  // The window is drawn with the first sentence; one that says it all stands below alone.
  #write(words, shown) {
    const [first, between, rest] = shown === "closed" && this.#opensAt ? [words, "", ""] : parted(words);
    const what = document.createElement("span");
    what.className = "what";
    what.textContent = first;
    this.#text.replaceChildren(...(rest ? [what, between + rest] : [first]));
    this.#drawn.textContent = shown === "closed" ? word("closed") : rest ? first : "";
  }
}
