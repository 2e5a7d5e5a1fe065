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
    showPress(buttons.get(name));
    press(name);
  });
}

/** Send press and release one by one: the device decides what a long press is. */
function wire(button, name) {
  function lift(event) {
    if (!("down" in button.dataset)) return;
    delete button.dataset.down;
    // A page that is closed gets no answers any more, so it can't wait for the last one.
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
  // A page that is closed releases the button, which would otherwise be stuck.
  window.addEventListener("pagehide", lift);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  // A click without a pointer comes from the keyboard, or from an assistive device.
  button.addEventListener("click", (event) => {
    if (event.detail === 0) press(name);
  });
}

let sent = Promise.resolve();

/** Send a tap, or only the press (`down`: true) or only the release (false), one after another. */
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

function showPress(button) {
  button.dataset.down = "";
  setTimeout(() => delete button.dataset.down, DOWN_MS);
}
