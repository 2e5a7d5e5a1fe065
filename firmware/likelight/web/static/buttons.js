/** The crew's two buttons: a finger, or the keys T and P. */

const DOWN_MS = 150;
const KEYS = { t: "thanks", p: "privacy" };

/** Let every [data-press] inside `root` press its button. */
export function wireButtons(root) {
  const buttons = new Map(
    Array.from(root.querySelectorAll("[data-press]"), (button) => [button.dataset.press, button]),
  );
  for (const [name, button] of buttons) button.addEventListener("click", () => press(name));
  document.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
    const name = KEYS[event.key.toLowerCase()];
    if (!name) return;
    sink(buttons.get(name));
    press(name);
  });
}

function press(button) {
  fetch("/bench/press", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ button }),
  }).catch(() => {});
}

function sink(button) {
  button.dataset.down = "";
  setTimeout(() => delete button.dataset.down, DOWN_MS);
}
