/**
 * Sharing the kitchen's page: with what the phone has for it, else by copying its
 * address, else by showing it selected.
 */

import { word } from "./words.js";

/** `button` shares `url`; `line` then says what became of it. */
export function shareBy(button, line, url) {
  const say = (...words) => line.replaceChildren(...words);
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
      const address = document.createElement("bdi");
      address.textContent = url;
      say(`${word("share_copy")} `, address);
      // Selected already: what is left is to copy it.
      getSelection().selectAllChildren(address);
    }
  });
}
