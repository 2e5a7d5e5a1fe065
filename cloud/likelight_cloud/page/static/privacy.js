/** What is kept of this browser: shown, and deleted when somebody asks for it. */

import { forget } from "./kept.js";
import { get, remove } from "./requests.js";
import { lang, word } from "./words.js";

const mine = document.getElementById("mine");
const button = document.getElementById("delete");

const say = (words, deletable) => {
  mine.textContent = words;
  button.hidden = !deletable;
  document.getElementById("me").hidden = false;
};

async function look() {
  const response = await get("/v1/me");
  if (!response.ok) return;
  const { token } = await response.json();
  if (token === null) return say(word("cookie_none"), false);
  const time = new Date(token.expires_at).toLocaleString(lang, {
    weekday: "long",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  say(word("cookie_there", { time }), true);
}

button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    const response = await remove("/v1/me");
    if (!response.ok) throw new Error(response.statusText);
    forget();
    say(word("cookie_deleted"), false);
  } catch {
    say(word("cookie_failed"), true);
  }
  button.disabled = false;
});

// Without an answer nothing is shown: what the page says is true without it.
look().catch(() => {});
