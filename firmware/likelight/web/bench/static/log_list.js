/** The log of the bench: the newest line on top. */

const KEPT = 100;

export class LogList {
  #list;

  constructor(list) {
    this.#list = list;
  }

  clear() {
    this.#list.replaceChildren();
  }

  /** Add `lines`, oldest first, as the bench sends them. */
  add(lines) {
    for (const line of lines) this.#list.prepend(item(line));
    while (this.#list.childElementCount > KEPT) this.#list.lastElementChild.remove();
  }
}

function item({ at, level, text }) {
  const entry = document.createElement("li");
  entry.dataset.level = level;
  const time = document.createElement("time");
  time.dateTime = at;
  time.textContent = new Date(at).toLocaleTimeString("en", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
  const words = document.createElement("span");
  words.textContent = text;
  entry.append(time, words);
  return entry;
}
