/** What a closed kitchen tells: how long until it opens, the hours of the week, today's likes. */

import { clockTime, differs } from "./state.js";
import { lang, word } from "./words.js";

const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const MINUTE_MS = 60_000;
const LOOK_MS = 1000;

export class Hours {
  #section;
  #left;
  #now;
  #closed = false;
  #opensAt = null;
  #zone = null;

  /** `left` also shows how long it is until then; `now()` is the server's time in ms since 1970. */
  constructor(section, left, now) {
    this.#section = section;
    this.#left = left;
    this.#now = now;
    // On a phone the week would push the heart and the notes below the first screen.
    section.querySelector("details").open = matchMedia("(min-width: 48em)").matches;
    setInterval(() => this.#closed && this.#tick(), LOOK_MS);
  }

  /** A summary came. */
  summary({ hours, likes, opens_at: opensAt, state }) {
    this.#closed = state === "closed";
    this.#opensAt = this.#closed && opensAt ? Date.parse(opensAt) : null;
    this.#zone = hours?.zone ?? null;
    const days = daysOf(hours);
    const find = (selector) => this.#section.querySelector(selector);
    find("details").hidden = days.length === 0;
    const rows = [...this.#section.querySelectorAll("tr")];
    days.forEach((day, n) => setWords(rows[n].querySelector("span"), day ?? word("day_closed")));
    find("a").hidden = !days.some(Boolean);
    find("#today").hidden = likes.today === 0; // a nought would thank nobody
    setWords(find("#today"), word("today", { n: likes.today.toLocaleString(lang) }));
    this.#tick();
  }

  #tick() {
    const left = this.#opensAt === null ? "" : untilOpening(this.#opensAt - this.#now());
    for (const place of [this.#left, this.#section.querySelector("#until")]) setWords(place, left);
    if (this.#closed) this.#tickZone();
  }

  // Whose times these are is said only where the reader's clock shows others.
  #tickZone() {
    const now = new Date(this.#now());
    const told = this.#section.querySelector("#zone");
    told.hidden = this.#section.querySelector("details").hidden || !differs(now, this.#zone);
    if (!told.hidden) {
      const time = clockTime(now, { seconds: false, zone: this.#zone });
      setWords(told, word("zone", { zone: nameOf(this.#zone, now), time }));
    }
    const today = weekdayIn(this.#zone, now);
    this.#section.querySelectorAll("tr").forEach((row, n) => {
      if (n === today) row.setAttribute("aria-current", "date");
      else row.removeAttribute("aria-current");
    });
  }
}

/** The words of each day from Monday on; null for a closed one, none at all without limits. */
function daysOf(hours) {
  const week = hours?.week ?? {};
  if (Object.keys(week).length === 0) return [];
  const open = (day) => (week[day] ?? "closed") !== "closed";
  return WEEKDAYS.map((day) => (open(day) ? week[day].replaceAll("-", "\u2013") : null));
}

/** "Opens in 2 hr, 10 min"; from two days on in days, and without a figure in the last minute. */
export function untilOpening(ms) {
  const minutes = Math.ceil(ms / MINUTE_MS);
  if (minutes <= 0) return word("opens_when", { when: word("shortly") });
  if (minutes >= 48 * 60) {
    const days = new Intl.RelativeTimeFormat(lang).format(Math.floor(minutes / 1440), "day");
    return word("opens_when", { when: days });
  }
  const parts = [[Math.floor(minutes / 60), "hour"], [minutes % 60, "minute"]];
  const shown = parts
    .filter(([n]) => n > 0)
    .map(([n, unit]) => n.toLocaleString(lang, { style: "unit", unit, unitDisplay: "short" }));
  return word("opens_in", { left: shown.join("\u00a0") });
}

function nameOf(zone, at) {
  const parts = new Intl.DateTimeFormat(lang, { timeZone: zone, timeZoneName: "long" });
  return parts.formatToParts(at).find(({ type }) => type === "timeZoneName").value;
}

/** Which row is today in `zone`; the reader's own day where that is not known. */
function weekdayIn(zone, at) {
  const options = { weekday: "long", timeZone: zone ?? undefined };
  try {
    return WEEKDAYS.indexOf(at.toLocaleDateString("en", options).toLowerCase());
  } catch {
    return -1; // a zone that this browser does not know
  }
}

function setWords(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
