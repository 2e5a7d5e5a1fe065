/** How the picture is seen: on the whole screen, in a small window of its own; a double tap likes. */

const DOUBLE_MS = 350;
const NEAR_PX = 40;

/** `button` lets `main` take the whole screen, and gives it back; hidden where that can't be. */
export function wholeScreenBy(button, main) {
  if (!document.fullscreenEnabled || !main.requestFullscreen) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    // The browser may refuse both; the page is then as it was.
    const done = document.fullscreenElement ? document.exitFullscreen() : main.requestFullscreen();
    done.catch(() => {});
  });
  document.addEventListener("fullscreenchange", () => {
    button.setAttribute("aria-pressed", String(document.fullscreenElement === main));
  });
}

/**
 * `button` puts the video in `stage` into a small window, and back; hidden while there is none.
 * Returns what to call when another picture has come.
 */
export function smallPictureBy(button, stage) {
  const video = () => stage.querySelector("video");
  button.addEventListener("click", () => {
    const leaves = document.pictureInPictureElement !== null;
    const done = leaves ? document.exitPictureInPicture() : video()?.requestPictureInPicture();
    done?.catch(() => {});
  });
  return () => {
    button.hidden = !(document.pictureInPictureEnabled && video());
  };
}

/** Two taps on `picture`, soon after each other and at one place, call `like`. */
export function doubleTap(picture, like) {
  let last = null;
  picture.addEventListener("pointerup", (event) => {
    if (!event.isPrimary || event.button !== 0 || event.target.closest("button")) return;
    const near = last && Math.hypot(event.clientX - last.x, event.clientY - last.y) < NEAR_PX;
    const second = near && event.timeStamp - last.at < DOUBLE_MS;
    last = second ? null : { x: event.clientX, y: event.clientY, at: event.timeStamp };
    if (second) like();
  });
}
