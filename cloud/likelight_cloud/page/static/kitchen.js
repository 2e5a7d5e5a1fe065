/** The viewer's page, wired together. Of what it knows only the notes of this tab outlive it. */

import { Player } from "/player/player.js";
import { Ask } from "./ask.js";
import { Growth, Hearts } from "./hearts.js";
import { Hours } from "./hours.js";
import { setIcon } from "./icons.js";
import { Kept } from "./kept.js";
import { Likes } from "./likes.js";
import { Live } from "./live.js";
import { Moment } from "./moment.js";
import { Notes } from "./notes.js";
import { Receipts } from "./receipts.js";
import { holdToken } from "./requests.js";
import { shareBy } from "./share.js";
import { behind } from "./state.js";
import { StateLine } from "./stateline.js";
import { Total } from "./total.js";
import { doubleTap, smallPictureBy, wholeScreenBy } from "./view.js";
import { Watching } from "./watching.js";
import { chooseLanguage, counted, word } from "./words.js";

const ASLEEP_AFTER_MS = 30_000;
const RIM_MS = 900;
// A delay that nobody notices is not worth a line.
const DELAY_TOLD_S = 3;
// States in which the page is about a picture.
const ON_AIR = ["live", "idle", "interrupted"];

// A link to a moment is for this viewer alone: who copies the address, or finds it later, gets none.
const address = new URL(location.href);
if (address.searchParams.has("moment")) {
  address.searchParams.delete("moment");
  history.replaceState(history.state, "", address);
}

const kid = location.pathname.split("/")[2];
const api = `/v1/kitchens/${kid}`;
const find = (id) => document.getElementById(id);
const main = find("kitchen");
// Guests in the house have the heart and the notes, and wake no camera.
const here = main.dataset.place === "here";
if (main.dataset.place === "embed") holdToken();

const say = (words) => {
  find("said").textContent = words;
};
const total = new Total(find("total"), say);
const stateLine = new StateLine(main, say);
const picture = main.querySelector(".window");
const hearts = new Hearts({ button: find("like"), halo: find("halo"), flights: find("flights"), picture });
const growth = new Growth((n) => hearts.others(n));
const moment = new Moment(find("moment"));
const watching = here ? null : new Watching(`${api}/watching`);

const receipts = new Receipts(
  (kind, mark, words) => {
    const line = find("receipt").querySelector(`[data-kind="${kind}"]`);
    line.hidden = words === undefined;
    if (line.hidden) return;
    setIcon(line.querySelector("svg"), mark);
    line.querySelector("span").textContent = words;
    find("hint").hidden = true;
  },
  {
    lit: () => {
      main.dataset.lit = "";
      setTimeout(() => delete main.dataset.lit, RIM_MS);
    },
    thanked: () => moment.thanked(),
    noteThanked: (text) => moment.quote(text),
    askSummary: () => live.ask(),
  },
  new Kept(kid),
);

const source = here ? "here" : undefined;
const likes = new Likes(`${api}/likes`, source, {
  asked: () => growth.asked(),
  sent: (reply) => {
    hearts.ours(reply.accepted);
    growth.by(total.atLeast(reply.total));
    growth.answered(reply.accepted);
    receipts.likeSent(reply.total);
  },
  limited: () => receipts.likeLimited(),
  late: () => receipts.likeLate(),
  refused: () => {
    growth.answered(0);
    receipts.likeRefused();
  },
});

// What the server wrote into the page; its time is not told, since a browser may keep a page.
const first = JSON.parse(find("summary").textContent);
const notes = new Notes(`${api}/notes`, source, find("notes"), first?.catalogue ?? null, {
  sent: (id, text) => receipts.noteSent(id, text),
  limited: (seconds, full) => receipts.noteLimited(seconds, full),
  late: () => receipts.noteLate(),
  refused: () => receipts.noteRefused(),
});

// How far this clock is ahead of the server's, at most, in milliseconds: a summary that took no time
// to come would tell it exactly, and the quickest of them comes close.
let ahead = Infinity;
const serverTime = () => Date.now() - (Number.isFinite(ahead) ? ahead : 0);
const hours = new Hours(find("hours"), find("left"), serverTime);
const ask = new Ask(find("hint"), serverTime);

let rendition = "main";

const offerSmallPicture = smallPictureBy(find("small"), find("stage"));
const player = here ? null : new Player({
  stage: find("stage"),
  base: `/k/${kid}`,
  label: word("picture"),
  away: word("lost", { when: word("shortly") }),
  now: serverTime,
  onState: (value) => stateLine.socketSaid(value),
  onConnection: ({ kind, retryIn }) => stateLine.stream(kind, retryIn),
  onPicture: () => {
    stateLine.pictureCame();
    offerSmallPicture();
  },
  onRendition: (word) => {
    rendition = word;
  },
  onDelay: (seconds, slow) => {
    const told = seconds !== null && (slow || rendition !== "main" || seconds > DELAY_TOLD_S);
    find("delay").hidden = !told;
    if (told) find("delay").textContent = behind(seconds, slow, rendition);
  },
  onUnseen: () => fallAsleep(),
});

const told = (summary) => {
  find("name").textContent = summary.name;
  const live = !here && ON_AIR.includes(summary.state);
  document.title = live ? word("named", { name: summary.name }) : summary.name;
  find("badge").hidden = !summary.simulated;
  find("viewers").hidden = !summary.viewers.band;
  const band = summary.viewers.band ?? "";
  find("band").textContent = band;
  // A range takes the form of its end.
  const most = Number.parseInt(band.split("-").at(-1)) || 0;
  find("band").nextElementSibling.textContent = counted("watching", most);
  growth.by(total.atLeast(summary.likes.total));
  stateLine.summarySaid(summary);
  hours.summary(summary);
  ask.summary(summary.moment);
  receipts.summary(summary);
  notes.offered(summary.catalogue ?? null);
};

const live = new Live(api, {
  summary: (summary) => {
    ahead = Math.min(ahead, Date.now() - Date.parse(summary.server_time));
    told(summary);
  },
  lost: (seconds) => stateLine.cloudLost(seconds),
  unknown: () => {
    stateLine.kitchenUnknown();
    player?.stop();
    watching?.stop();
  },
});

// A page that nobody sees does not count as watching, and soon closes its connection: a browser has
// six for all tabs.
let drowsy = 0;
const fallAsleep = () => {
  clearTimeout(drowsy);
  watching?.stop();
  stateLine.fellAsleep();
  drowsy = setTimeout(() => live.stop(), ASLEEP_AFTER_MS);
};
const look = () => {
  if (!document.hidden) {
    clearTimeout(drowsy);
    watching?.start();
    live.restart();
  } else if (!player) fallAsleep(); // a picture may be seen beside a hidden tab: the player knows
};
document.addEventListener("visibilitychange", look);
addEventListener("online", look);

find("like").addEventListener("click", (event) => {
  event.preventDefault(); // the form is for browsers without JavaScript
  likes.tap();
});
// A key that is held repeats itself, and would like some thirty times a second.
find("like").addEventListener("keydown", (event) => {
  if (event.repeat) event.preventDefault();
});
doubleTap(picture, () => likes.tap());
wholeScreenBy(find("whole"), main);
find("language").addEventListener("change", (event) => chooseLanguage(event.target.value));
// Friends get the page with the picture, in their own language.
shareBy(find("share"), find("shared"), find("share").dataset.url || `${location.origin}/k/${kid}`);
addEventListener("pagehide", () => {
  likes.leave();
  watching?.end();
});

if (first) told({ ...first, server_time: first.since });
player?.start();
look();
