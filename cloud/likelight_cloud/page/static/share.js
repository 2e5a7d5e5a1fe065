/** Sharing the kitchen's page: with what the phone has for it, else by copying its address. */

import { word } from "./words.js";

/** `button` shares `url`; `line` then says what became of it. */
export function shareBy(button, line, url) {
  const say = (words) => {
    line.textContent = words;
  };
  button.addEventListener("click", async () => {
    if (navigator.share) {
      // Somebody who closes the phone's own sheet has changed their mind: that is no failure.
      return navigator.share({ title: document.title, url }).catch(() => {});
    }
    try {
      await navigator.clipboard.writeText(url);
      say(word("share_copied"));
    } catch {
      // There is no clipboard on plain http, as in a kitchen's own network.
      say(`${word("share_copy")} ${url}`);
    }
  });
}
