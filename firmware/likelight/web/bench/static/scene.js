/** The lamp, the on-air light, the panel and the numbers, as the daemon's hardware shows them. */

const CAMERA_WORDS = {
  live: "The camera is live.",
  idle: "Nobody watches. The camera sleeps.",
  private: "Private: no picture leaves.",
  closed: "Closed by the schedule.",
  fault: "The camera is having trouble.",
  off: "The camera is switched off.",
};

const find = (id) => document.getElementById(id);

/** Draw `state` as GET /bench/state.json answers it. */
export function draw(state) {
  drawLamp(state.lamp);
  find("on-air").toggleAttribute("data-lit", state.on_air);
  write(find("camera"), CAMERA_WORDS[state.camera] ?? state.camera);
  write(find("likes"), state.likes_lit.toLocaleString("en"));
  write(find("notes"), state.notes_shown.length.toLocaleString("en"));
  write(find("viewers"), state.viewers.toLocaleString("en"));
  const { width, height, text } = state.display;
  const image = find("display");
  image.width = width;
  image.height = height;
  image.alt = `The display: ${text.join(" ")}`;
}

/** The demo does not answer: what is drawn may be wrong now. */
export function lost() {
  find("on-air").removeAttribute("data-lit");
  write(find("camera"), "The demo does not answer. Trying again.");
}

function drawLamp({ level, rgb }) {
  const style = find("bench").style;
  style.setProperty("--level", level.toFixed(3));
  style.setProperty("--lamp", rgb.join(" "));
  const label = `The lamp, ${Math.round(level * 100)} %`;
  if (find("lamp").ariaLabel !== label) find("lamp").ariaLabel = label;
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows the panel's real pixels; while one image loads, the newest of the later ones waits. */
export class Panel {
  #shown = -1;
  #wanted = -1;
  #busy = false;

  show(version) {
    this.#wanted = version;
    if (!this.#busy) this.#load();
  }

  async #load() {
    this.#busy = true;
    while (this.#shown !== this.#wanted) {
      const version = this.#wanted;
      await this.#fetch().catch(() => {});
      this.#shown = version;
    }
    this.#busy = false;
  }

  async #fetch() {
    const response = await fetch("/bench/display.png", { cache: "no-store" });
    if (!response.ok) return;
    const image = find("display");
    const before = image.src;
    image.src = URL.createObjectURL(await response.blob());
    await image.decode();
    if (before) URL.revokeObjectURL(before);
  }
}
