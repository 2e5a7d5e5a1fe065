/** The icons of likelight's one set, by name, from the symbols that stand in the page. */

const SVG = "http://www.w3.org/2000/svg";

/** A new `<svg>` that shows the icon `name`; decorative, so hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Turn `svg` into the icon `name`. */
export function setIcon(svg, name) {
  svg.firstElementChild.setAttribute("href", `#i-${name}`);
}
