/** What the kitchen has confirmed; a line appears only after that. */

import { get } from "./requests.js";
import { clockTime } from "./state.js";
import { word } from "./words.js";

const REMEMBERED_NOTES = 5;
const SOON_S = 3;
const LONGEST_S = 60;
const LATE_MS = 5000;
const FINAL = new Set(["thanked", "expired", "note_lost"]);
const NOTE_MARKS = { held: "clock", shown: "star", thanked: "hands", expired: "clock", note_lost: "cloud_crossed" };

export class Receipts {
  #show;
  #on;
  #late = 0;
  #waitingFor = null;
  #kept;
  #notes = [];
  #shown = null;
  #thanksIds = null;
  #asking = false;
  #askAgain = false;
  #noteLine = null;
  #limitOver = 0;

  /**
   * `show(kind, mark, words)` puts a line in place, `kind` is "like" or "note"; without words it
   * takes the line away;
   * `on.lit()` is called when the lamp has lit for a like of ours, `on.thanked()` when the crew
   * pressed THANKS, `on.noteThanked(text)` when it did so for a note of ours; `on.askSummary()` when a
   * receipt is so late that the summaries may have stopped. `kept` has the notes of this tab from
   * before it was loaded again.
   */
  constructor(show, on, kept) {
    this.#show = show;
    this.#on = on;
    this.#kept = kept;
    this.#notes = kept.read();
    const last = this.#notes.at(-1);
    if (last) this.#showNote(last);
  }

  /** A like of ours is durable, `total` counts it. */
  likeSent(total) {
    this.#waitingFor = Math.max(total, this.#waitingFor ?? 0);
    this.#show("like", "check", word("sent"));
    this.#askWhenLate();
  }

  likeLimited() {
    this.#show("like", "heart", word("glowing"));
  }

  likeLate() {
    this.#show("like", "cloud_crossed", word("like_late"));
  }

  likeRefused() {
    this.#show("like", "cloud_crossed", word("like_refused"));
  }

  noteSent(id, text) {
    const note = { id, text, state: "queued" };
    this.#notes = [...this.#notes.slice(1 - REMEMBERED_NOTES), note];
    this.#kept.write(this.#notes);
    this.#showNote(note);
    // When the answer was late, the summary that confirms this note may have come before it.
    this.#askForNotes();
    this.#askWhenLate();
  }

  /** The line stays only for a while; then the last note's line is shown again. */
  noteLimited(seconds, full) {
    clearTimeout(this.#limitOver);
    this.#show("note", "clock", word(full ? "note_full" : "note_limit", { when: soon(seconds) }));
    const over = () => this.#show("note", ...(this.#noteLine ?? []));
    this.#limitOver = setTimeout(over, Math.min(seconds ?? SOON_S, LONGEST_S) * 1000);
  }

  noteLate() {
    this.#showLine("cloud_crossed", word("note_late"));
  }

  noteRefused() {
    this.#showLine("cloud_crossed", word("note_refused"));
  }

  #askWhenLate() {
    clearTimeout(this.#late);
    this.#late = setTimeout(() => {
      if (this.#waitingFor !== null) this.#on.askSummary();
      this.#askForNotes();
    }, LATE_MS);
  }

  #showNote({ state, text }) {
    if (state in NOTE_MARKS) this.#showLine(NOTE_MARKS[state], word(state));
    else this.#showLine("check", word("note_sent", { note: text }));
  }

  #showLine(mark, words) {
    clearTimeout(this.#limitOver);
    this.#noteLine = [mark, words];
    this.#show("note", mark, words);
  }

  /** A summary came in: see which of our likes and notes it confirms. */
  summary(summary) {
    this.#lampOf(summary.lamp);
    const thanksNew = this.#isNewThanks(summary.thanks?.id);
    const changed = summary.notes.shown !== this.#shown || thanksNew;
    this.#shown = summary.notes.shown;
    if (thanksNew) {
      this.#showLine(NOTE_MARKS.thanked, word("thanked"));
      this.#on.thanked();
    }
    if (changed) this.#askForNotes();
  }

  // A thanks is new by its id, and once: a cloud that came back from a backup forgets the last one
  // until the device repeats it. What the first summary says was there before this page.
  #isNewThanks(id) {
    const known = this.#thanksIds;
    if (known === null) this.#thanksIds = new Set([id]);
    if (known === null || id === undefined || known.has(id)) return false;
    known.add(id);
    return true;
  }

  #lampOf(lamp) {
    if (this.#waitingFor === null || lamp.lit_total < this.#waitingFor) return;
    this.#waitingFor = null;
    const at = lamp.last_lit_at;
    const words = at ? word("lit_at", { time: clockTime(new Date(at)) }) : word("lit");
    this.#show("like", "lamp", words);
    this.#on.lit();
  }

  // A change may happen after the server made the answer that is on its way: ask once more.
  async #askForNotes() {
    if (this.#asking) {
      this.#askAgain = true;
      return;
    }
    this.#asking = true;
    do {
      this.#askAgain = false;
      await Promise.all(this.#notes.filter((note) => !FINAL.has(note.state)).map((n) => this.#ask(n)));
    } while (this.#askAgain);
    this.#asking = false;
  }

  async #ask(note) {
    let state;
    try {
      const response = await get(`/v1/notes/${encodeURIComponent(note.id)}`);
      if (response.ok) ({ state } = await response.json());
      // The cloud had taken it: one that came back from a backup has lost it.
      else if (response.status === 404) state = "note_lost";
      else return;
    } catch {
      return;
    }
    if (state === note.state) return;
    note.state = state;
    this.#kept.write(this.#notes);
    if (state in NOTE_MARKS) this.#showNote(note);
    if (state === "thanked") this.#on.noteThanked(note.text);
  }
}

function soon(seconds) {
  if (seconds === null) return word("shortly");
  if (seconds < 100) return word("soon", { n: Math.max(1, Math.ceil(seconds)) });
  const time = clockTime(new Date(Date.now() + seconds * 1000), { seconds: false });
  return word("at", { time });
}
