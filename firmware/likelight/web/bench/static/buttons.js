/** The crew's two buttons: a finger, or the keys T and P. */

const DOWN_MS = 150;
const KEYS = { t: "thanks", p: "privacy" };

/** Let every [data-press] inside `root` press its button. */
export function wireButtons(root) {
  const buttons = new Map(
    Array.from(root.querySelectorAll("[data-press]"), (button) => [button.dataset.press, button]),
  );
  for (const [name, button] of buttons) wire(button, name);
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const name = KEYS[event.key.toLowerCase()];
    if (!name) return;
    sink(buttons.get(name));
    press(name);
  });
}

/** The device hears of the finger's coming and of its going, and knows what a long press is. */
function wire(button, name) {
  function lift(event) {
    if (!("down" in button.dataset)) return;
    delete button.dataset.down;
    // A page that goes away hears no answer after which it could send this.
    if (event.type === "pagehide") post(name, false);
    else press(name, false);
  }

  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    button.dataset.down = "";
    press(name, true);
  });
  button.addEventListener("pointerup", lift);
  button.addEventListener("pointercancel", lift);
  // A page that is left lets go, or the button would be stuck.
  window.addEventListener("pagehide", lift);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  // A click without a pointer is one of the keyboard, or of who can't use either.
  button.addEventListener("click", (event) => {
    if (event.detail === 0) press(name);
  });
}

let sent = Promise.resolve();

/** Send a tap, or its beginning (`down`: true) or its end (false) alone; one after the other. */
function press(button, down) {
  sent = sent.then(() => post(button, down));
}

function post(button, down) {
  return fetch("/bench/press", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ button, down }),
    keepalive: true,
  }).catch(() => {});
}

function sink(button) {
  button.dataset.down = "";
  setTimeout(() => delete button.dataset.down, DOWN_MS);
}
