/** The bench, wired together: one event stream in, two buttons out, a viewer's phone beside them. */

import { wireButtons } from "./buttons.js";
import { showCode, showCloudPage, wirePhone } from "./phone.js";
import { Panel, draw, lost } from "./scene.js";
import { LogList } from "./log_list.js";

const panel = new Panel();
const logList = new LogList(document.getElementById("log"));
const source = new EventSource("/bench/live");

// A stream that opens sends the whole log again, perhaps that of another process.
source.addEventListener("open", () => logList.clear());
source.addEventListener("error", lost);
source.addEventListener("bench", (event) => {
  const { state, display, log } = JSON.parse(event.data);
  draw(state);
  showCode(state.phone);
  if (state.cloud_page !== null) showCloudPage(state.cloud_page);
  panel.show(display);
  logList.add(log);
});

wireButtons(document);
wirePhone();
