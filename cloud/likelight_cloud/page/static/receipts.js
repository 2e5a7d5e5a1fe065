/** What the kitchen confirmed, and nothing before it did. */

import { get } from "./requests.js";
import { clockTime } from "./state.js";

const REMEMBERED_NOTES = 5;
const SOON_S = 3;
const LONGEST_S = 60;
const FINAL = new Set(["thanked", "expired"]);
const NOTE_WORDS = {
  shown: "The crew saw your note",
  thanked: "The crew says thanks",
  expired: "Your note came too late to be shown",
};
const NOTE_MARKS = { shown: "star", thanked: "hands", expired: "clock" };

export class Receipts {
  #show;
  #lit;
  #waitingFor = null;
  #notes = [];
  #shown = null;
  #thanks = undefined;
  #asking = false;
  #askAgain = false;
  #noteLine = null;
  #limitOver = 0;

  /**
   * `show(kind, mark, words)` puts a line in place, `kind` is "like" or "note"; without words it
   * takes the line away;
   * `lit()` is called when the lamp has lit for a like of ours.
   */
  constructor(show, lit) {
    this.#show = show;
    this.#lit = lit;
  }

  /** A like of ours is durable, `total` counts it. */
  likeSent(total) {
    this.#waitingFor = Math.max(total, this.#waitingFor ?? 0);
    this.#show("like", "check", "Sent");
  }

  likeLimited() {
    this.#show("like", "heart", "The lamp is glowing already. One moment.");
  }

  likeLate() {
    this.#show("like", "cloud_crossed", "Not sent yet. Trying again.");
  }

  likeRefused() {
    this.#show("like", "cloud_crossed", "Your like could not be sent. Reload the page to try again.");
  }

  noteSent(id, text) {
    this.#notes = [...this.#notes.slice(1 - REMEMBERED_NOTES), { id, state: "queued" }];
    this.#tell("check", `Sent: ${text}`);
    // When the answer was late, the summary that tells of this note may have come before it.
    this.#askForNotes();
  }

  /** It holds for a while only; then what was known of the last note stands there again. */
  noteLimited(seconds) {
    clearTimeout(this.#limitOver);
    this.#show("note", "clock", `One note at a time. You can send the next ${soon(seconds)}.`);
    const over = () => this.#show("note", ...(this.#noteLine ?? []));
    this.#limitOver = setTimeout(over, Math.min(seconds ?? SOON_S, LONGEST_S) * 1000);
  }

  noteLate() {
    this.#tell("cloud_crossed", "Your note is not sent yet. Trying again.");
  }

  noteRefused() {
    this.#tell("cloud_crossed", "This note could not be sent. Choose another one.");
  }

  #tell(mark, words) {
    clearTimeout(this.#limitOver);
    this.#noteLine = [mark, words];
    this.#show("note", mark, words);
  }

  /** A summary came in: see what of ours it confirms. */
  summary(summary) {
    this.#lampOf(summary.lamp);
    const thanked = summary.thanks_at ?? null;
    const thanksNew = this.#thanks !== undefined && thanked !== null && thanked !== this.#thanks;
    const changed = summary.notes.shown !== this.#shown || thanked !== this.#thanks;
    this.#shown = summary.notes.shown;
    this.#thanks = thanked;
    if (thanksNew) this.#tell(NOTE_MARKS.thanked, NOTE_WORDS.thanked);
    if (changed) this.#askForNotes();
  }

  #lampOf(lamp) {
    if (this.#waitingFor === null || lamp.lit_total < this.#waitingFor) return;
    this.#waitingFor = null;
    const at = lamp.last_lit_at ? ` at ${clockTime(new Date(lamp.last_lit_at))}` : "";
    this.#show("like", "lamp", `Your like lit the lamp${at}`);
    this.#lit();
  }

  // A change may come while an answer is under way that does not hold it yet: ask once more.
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
    let told;
    try {
      const response = await get(`/v1/notes/${encodeURIComponent(note.id)}`);
      if (!response.ok) return;
      told = await response.json();
    } catch {
      return;
    }
    if (told.state === note.state) return;
    note.state = told.state;
    if (told.state in NOTE_WORDS) this.#tell(NOTE_MARKS[told.state], NOTE_WORDS[told.state]);
  }
}

function soon(seconds) {
  if (seconds === null) return "in a moment";
  if (seconds < 100) return `in ${Math.max(1, Math.ceil(seconds))} s`;
  return `at ${clockTime(new Date(Date.now() + seconds * 1000), { seconds: false })}`;
}
