/** One state out of two sources: the stream's socket (quick) and the summary (slow). */

import { lang, word } from "./words.js";

export class KitchenState {
  #socket = null;
  #summary = null;

  /** The stream's socket said `value`, now. */
  socketSaid(value, now) {
    this.#socket = { value, at: now };
  }

  /** Without its socket the page knows only what the summary says. */
  socketLost() {
    this.#socket = null;
  }

  /**
   * A summary arrived. It may report late a change that the socket reported long ago, so its state
   * counts from when it changed, by the server's clock. `offline` is the cloud's own word: the
   * device's `since` knows nothing of it, so that one counts from when it was first heard.
   */
  summarySaid(summary, now) {
    const value = summary.state;
    if (value === "offline") {
      if (this.#summary?.value !== value) this.#summary = { value, at: now };
      return;
    }
    const age = Date.parse(summary.server_time) - Date.parse(summary.since);
    this.#summary = { value, at: now - Math.max(0, age) };
  }

  /** The newest of what both sources said, or null. */
  get value() {
    if (!this.#socket || !this.#summary) return (this.#socket ?? this.#summary)?.value ?? null;
    return this.#socket.at >= this.#summary.at ? this.#socket.value : this.#summary.value;
  }
}

const MARKS = {
  live: "dot",
  idle: "camera",
  private: "camera_crossed",
  closed: "clock",
  fault: "wrench",
  off: "camera_crossed",
  offline: "cloud_crossed",
  interrupted: "cloud_crossed",
  lost: "cloud_crossed",
  slow: "cloud_crossed",
  here: "hands",
  unknown: "cloud_crossed",
};

/** The icon that says the same as the words of `state`. */
export function markOf(state) {
  return MARKS[state] ?? "camera";
}

/**
 * The words for `state`. `opensAt` is RFC 3339 or null, `zone` what IANA calls the kitchen's, or
 * null, `retryAt` is a time of `Date.now()`.
 */
export function wordsOf(state, { opensAt = null, zone = null, retryAt = null, now = Date.now() } = {}) {
  switch (state) {
    case "live":
    case "private":
    case "fault":
    case "off":
    case "offline":
    case "interrupted":
    case "waking_long":
    case "slow":
    case "unknown":
    case "here":
      return word(state);
    case "closed":
      return opensAt ? word("opens", { when: opening(opensAt, now, zone) }) : word("closed");
    case "lost":
      return word("lost", { when: retry(retryAt, now) });
    default:
      return word("waking");
  }
}

function retry(retryAt, now) {
  const seconds = Math.ceil(((retryAt ?? now) - now) / 1000);
  return seconds > 0 ? word("soon", { n: seconds }) : word("now");
}

/**
 * The first sentence of `words`, which is drawn into the window, what separates it from the rest,
 * and the rest; `parted` in kitchen.py does the same.
 */
export function parted(words) {
  return /^(.+?[.。])(\s*)(.+)$/su.exec(words)?.slice(1) ?? [words, "", ""];
}

function opening(opensAt, now, zone) {
  const at = new Date(opensAt);
  const time = clockTime(at, { seconds: false });
  const day = at.toLocaleDateString(lang, { weekday: "long" });
  const today = at.toDateString() === new Date(now).toDateString();
  const when = today ? word("at", { time }) : word("on", { day, time });
  return differs(at, zone) ? word("yours", { when }) : when;
}

/** Whether clocks in `zone` (null: nobody knows) show another time than the viewer's at `at`. */
export function differs(at, zone) {
  const shown = { dateStyle: "short", timeStyle: "short" };
  try {
    return zone !== null && at.toLocaleString("en", { ...shown, timeZone: zone }) !== at.toLocaleString("en", shown);
  } catch {
    return false; // a zone that this browser does not know
  }
}

/** The viewer's own clock, or that in `zone`, 24 hours: 12:03:07. */
export function clockTime(at, { seconds = true, zone } = {}) {
  const parts = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone };
  return at.toLocaleTimeString(lang, seconds ? { ...parts, second: "2-digit" } : parts);
}

/**
 * How old the picture is: "0.2 s behind", from 10 s on without the tenths; never none at all. With
 * what is done about it, or the reason, where the viewer's connection is slow.
 */
export function behind(seconds, slow, rendition) {
  const digits = seconds < 9.95 ? 1 : 0;
  const shown = Math.max(0.1, seconds).toLocaleString(lang, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  const words = word("behind", { n: shown });
  const reason = rendition === "main" ? slow && "slow" : rendition;
  return reason ? `${words} · ${word(reason)}` : words;
}
