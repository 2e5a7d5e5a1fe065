/** What a screen needs that shows one page for weeks. */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const FARTHEST_PX = 8;
const POINTER_MS = 3000;
const MUTE_MS = 5 * MINUTE_MS;

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

/** Hide the pointer while nobody moves it. */
export function hidePointer() {
  let still = 0;
  const root = document.documentElement;
  const moves = () => {
    clearTimeout(still);
    root.removeAttribute("data-still");
    still = setTimeout(() => root.setAttribute("data-still", ""), POINTER_MS);
  };
  addEventListener("pointermove", moves, { passive: true });
  moves();
}

/**
 * Returns what to call with the address of the script that the page has by now, whenever the stream
 * tells it. The page is loaded anew some minutes after a new one came, or where the stream has told
 * nothing for that long, as behind a proxy that keeps streams back; and once a day while no kitchen is
 * `open()`. It is asked for first, since a browser without network would show its own error for ever.
 */
export function renewer(open) {
  const own = new URL(document.querySelector("script[src]").src).pathname;
  let newest = own;
  let toldAt = performance.now();
  const look = async () => {
    const now = performance.now();
    const mute = now - toldAt > MUTE_MS;
    const old = newest !== own || mute || (now > DAY_MS && !open());
    if (!old || document.hidden) return;
    const reply = await fetch(location.href, { cache: "no-store" }).catch(() => null);
    if (reply?.ok) location.reload();
  };
  // Not all screens in the same moment.
  setInterval(look, MINUTE_MS * (3 + 2 * Math.random()));
  return (script) => {
    newest = script ?? newest;
    toldAt = performance.now();
  };
}
