/** What a screen needs that shows one page for weeks. */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const FARTHEST_PX = 8;

/** Ask that the screen stays on; over plain http, or in another site's frame, it may be refused. */
export function keepAwake() {
  const ask = () => {
    if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", ask); // a hidden page loses it
  ask();
}

/** Move `element` by a few pixels each minute: what stands still for weeks burns into some screens. */
export function moveAbout(element) {
  let step = 0;
  setInterval(() => {
    step += 1;
    // Two periods without a common divisor: 391 minutes until it is back.
    const x = FARTHEST_PX * Math.sin((2 * Math.PI * step) / 17);
    const y = FARTHEST_PX * Math.sin((2 * Math.PI * step) / 23);
    element.style.translate = `${Math.round(x)}px ${Math.round(y)}px`;
  }, MINUTE_MS);
}

/**
 * Returns what to call with the address of the script that the page has by now: it is loaded anew
 * some minutes after a new one came, and once a day while no kitchen is `open()`. The page is asked
 * for first, since a browser without network would show its own error for ever.
 */
export function renewer(open) {
  const own = new URL(document.querySelector("script[src]").src).pathname;
  let newest = own;
  const look = async () => {
    const old = newest !== own || (performance.now() > DAY_MS && !open());
    if (!old || document.hidden) return;
    const reply = await fetch(location.href, { cache: "no-store" }).catch(() => null);
    if (reply?.ok) location.reload();
  };
  // Not all screens in the same moment.
  setInterval(look, MINUTE_MS * (3 + 2 * Math.random()));
  return (script) => {
    newest = script;
  };
}
