/** The crew's two buttons: a finger, or the keys T and P. */

const DOWN_MS = 150;
const LONG_MS = 1000;
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

/** A finger that stays for a second is a long press. PRIVACY acts on the way down. */
function wire(button, name) {
  let waiting = null;

  function lift() {
    clearTimeout(waiting);
    waiting = null;
    delete button.dataset.down;
  }

  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    button.dataset.down = "";
    if (name === "privacy") {
      press(name);
      return;
    }
    waiting = setTimeout(() => {
      waiting = null;
      press(name, true);
    }, LONG_MS);
  });
  button.addEventListener("pointerup", () => {
    if (waiting !== null) press(name);
    lift();
  });
  button.addEventListener("pointercancel", lift);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  // A click without a pointer is one of the keyboard, or of who can't use either.
  button.addEventListener("click", (event) => {
    if (event.detail === 0) press(name);
  });
}

function press(button, long = false) {
  fetch("/bench/press", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(long ? { button, long } : { button }),
  }).catch(() => {});
}

function sink(button) {
  button.dataset.down = "";
  setTimeout(() => delete button.dataset.down, DOWN_MS);
}
