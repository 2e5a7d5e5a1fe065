/** Where the pictures of a wall stand: as large as all of them can be, each of them alike. */

const RATIO = 9 / 16;
// The line below a picture, in px and by its width; wall.css has the same.
const LINE = { least: 20, share: 0.035 };
const MOVE = { duration: 300, easing: "cubic-bezier(0.2, 0.7, 0.3, 1)" };

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** The width in px of each of `n` tiles that fill `width` times `height`, `gap` apart. */
export function widthOf(n, width, height, gap) {
  let widest = 0;
  for (let columns = 1; columns <= n; columns += 1) {
    const rows = Math.ceil(n / columns);
    const wide = (width - gap * (columns - 1)) / columns;
    const high = (height - gap * (rows - 1)) / rows;
    widest = Math.max(widest, Math.min(wide, (high - LINE.least) / (RATIO + LINE.share)));
  }
  return Math.max(0, Math.floor(widest));
}

/** Give the tiles that are shown in `tiles` their size. */
export function arrange(tiles) {
  const n = tiles.querySelectorAll(".kitchen[data-shown]").length;
  const gap = Number.parseFloat(getComputedStyle(tiles).columnGap);
  const width = widthOf(n, tiles.clientWidth, tiles.clientHeight, gap);
  tiles.style.setProperty("--width", `${width}px`);
}

/** Let those tiles in `tiles` that `change()` moves glide to their new places. */
export function moved(tiles, change) {
  const shown = [...tiles.querySelectorAll(".kitchen[data-shown]")];
  const before = shown.map((tile) => tile.getBoundingClientRect());
  change();
  if (calm.matches || document.hidden) return;
  shown.forEach((tile, i) => {
    const after = tile.getBoundingClientRect();
    if (!after.width) return;
    const from = before[i];
    const scale = from.width / after.width;
    const by = `translate(${from.left - after.left}px, ${from.top - after.top}px) scale(${scale})`;
    tile.animate({ transform: [by, "none"] }, MOVE);
  });
}
