/** One state out of two sources: the stream's socket (quick) and the summary (slow). */

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
   * A summary arrived. It may tell late of a change that the socket told long ago, so its state
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
  lost: "cloud_crossed",
  unknown: "cloud_crossed",
};

/** The icon that says the same as the words of `state`. */
export function markOf(state) {
  return MARKS[state] ?? "camera";
}

/**
 * The words for `state`. `opensAt` is RFC 3339 or null, `retryAt` is a time of `Date.now()`.
 */
export function wordsOf(state, { opensAt = null, retryAt = null, now = Date.now() } = {}) {
  switch (state) {
    case "live":
      return "Live from the kitchen";
    case "private":
      return "The crew is taking a private moment. Your likes still reach them.";
    case "closed":
      return opensAt ? `The kitchen opens again ${opening(opensAt, now)}.` : "The kitchen is closed.";
    case "fault":
      return "The camera is having trouble. The lamp still works.";
    case "off":
      return "The camera is off. Your likes still reach the crew.";
    case "offline":
      return "We can't reach the kitchen right now. Your notes will wait for it.";
    case "lost":
      return `We lost the connection. Trying again ${retry(retryAt, now)}.`;
    case "unknown":
      return "There is no kitchen at this address.";
    default:
      return "Waking the camera…";
  }
}

function retry(retryAt, now) {
  const seconds = Math.ceil(((retryAt ?? now) - now) / 1000);
  return seconds > 0 ? `in ${seconds} s` : "now";
}

function opening(opensAt, now) {
  const at = new Date(opensAt);
  const clock = clockTime(at, { seconds: false });
  if (at.toDateString() === new Date(now).toDateString()) return `at ${clock}`;
  return `on ${at.toLocaleDateString("en", { weekday: "long" })} at ${clock}`;
}

/** The viewer's own clock, 24 hours: 12:03:07. */
export function clockTime(at, { seconds = true } = {}) {
  const parts = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return at.toLocaleTimeString("en", seconds ? { ...parts, second: "2-digit" } : parts);
}

/** How old the picture is: "0.2 s behind", from 10 s on without the tenths; never none at all. */
export function behind(seconds) {
  return `${seconds < 9.95 ? Math.max(0.1, seconds).toFixed(1) : Math.round(seconds)} s behind`;
}
