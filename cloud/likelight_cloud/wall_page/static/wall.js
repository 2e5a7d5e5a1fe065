/** Several kitchens on one screen that nobody touches: they come and go by themselves, and no reason is told. */

import { hidePointer, keepAwake, moveAbout, renewer } from "./care.js";
import { Follow } from "./follow.js";
import { arrange } from "./layout.js";
import { Tile } from "./tile.js";
import { word } from "/static/page/words.js";
import { parted } from "/static/page/state.js";

const ASLEEP_AFTER_MS = 30_000;
// Over HTTP/1.1 a browser has six connections to a server: one is the event stream's, one must stay
// free for what is short.
const MOST_CONNECTIONS = 4;

const find = (id) => document.getElementById(id);
const main = find("wall");
const kitchens = JSON.parse(find("kitchens").textContent);
const tiles = new Map();
let lost = false;

// What stands there while no picture is shown.
const rest = () => {
  const all = [...tiles.values()];
  main.toggleAttribute("data-open", all.some((tile) => tile.shown));
  const waking = all.some((tile) => tile.waking);
  main.dataset.state = lost ? "lost" : waking ? "idle" : "offline";
  const said = lost ? word("lost", { when: word("shortly") }) : word(waking ? "waking" : "quiet");
  const [what, , more] = parted(said);
  if (find("what").textContent === what) return;
  find("what").textContent = what;
  find("rest").textContent = more;
};

for (const { kid } of kitchens) {
  const element = main.querySelector(`[data-kid="${kid}"]`);
  const tile = new Tile(kid, element, {
    flights: find("flights"),
    sparing: kitchens.length > MOST_CONNECTIONS,
    changed: () => {
      arrange(find("tiles"));
      rest();
    },
  });
  tiles.set(kid, tile);
}

const tell = (told) => {
  for (const kitchen of told) tiles.get(kitchen.kid)?.tell(kitchen);
  rest();
};

const renew = renewer(() => [...tiles.values()].some((tile) => tile.open));

const follow = new Follow(`/v1/wall/live?k=${kitchens.map(({ kid }) => kid).join()}`, {
  wall: ({ kitchens: told, script }) => {
    lost = false;
    tell(told);
    renew(script);
  },
  alive: () => renew(),
  hearts: (grown) => {
    for (const [kid, n] of Object.entries(grown)) tiles.get(kid)?.hearts(n);
  },
  lost: () => {
    lost = true;
    rest();
  },
});

// What nobody sees must not keep cameras on. The player of each kitchen closes by itself.
let drowsy = 0;
const look = () => {
  clearTimeout(drowsy);
  for (const tile of tiles.values()) document.hidden ? tile.sleep() : tile.wake();
  if (document.hidden) drowsy = setTimeout(() => follow.stop(), ASLEEP_AFTER_MS);
  else follow.restart();
};
document.addEventListener("visibilitychange", look);
addEventListener("online", () => document.hidden || follow.restart());
addEventListener("pagehide", () => tiles.forEach((tile) => tile.end()));
addEventListener("resize", () => arrange(find("tiles")));

hidePointer();
keepAwake();
moveAbout(main);
tell(kitchens);
look();
