/** The bench, wired together: one event stream in, two buttons out. */

import { wireButtons } from "./buttons.js";
import { Panel, draw, lost } from "./scene.js";
import { Ticket } from "./ticket.js";

const panel = new Panel();
const ticket = new Ticket(document.getElementById("log"));
const source = new EventSource("/bench/live");

// A stream that opens tells the whole log again, perhaps that of another process.
source.addEventListener("open", () => ticket.clear());
source.addEventListener("error", lost);
source.addEventListener("bench", (event) => {
  const { state, display, log } = JSON.parse(event.data);
  draw(state);
  panel.show(display);
  ticket.add(log);
});

wireButtons(document);
