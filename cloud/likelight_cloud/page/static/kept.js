/** The notes of this tab, over a reload. Nothing is put into the browser before the first one. */

const PREFIX = "likelight:notes:";

export class Kept {
  #name;

  constructor(kid) {
    this.#name = PREFIX + kid;
  }

  /** What `write` was given last in this tab, or nothing. */
  read() {
    try {
      return JSON.parse(sessionStorage.getItem(this.#name)) ?? [];
    } catch {
      return []; // a browser may forbid it
    }
  }

  write(notes) {
    try {
      sessionStorage.setItem(this.#name, JSON.stringify(notes));
    } catch {
      // Forbidden, or full: after a reload these notes are unknown.
    }
  }
}

/** Forget the notes of this tab, of every kitchen. */
export function forget() {
  try {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith(PREFIX)) sessionStorage.removeItem(name);
    }
  } catch {
    // Forbidden: there are none.
  }
}
