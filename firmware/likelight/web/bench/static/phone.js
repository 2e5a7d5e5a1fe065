/** The viewer's phone: the page in a frame, and the code for a real phone. */

const find = (id) => document.getElementById(id);

/** Let the button put the phone away, so that nobody watches, and take it out again. */
export function wirePhone() {
  const frame = find("phone");
  const page = frame.src;
  find("away").addEventListener("click", ({ currentTarget: button }) => {
    const away = button.ariaPressed !== "true";
    button.ariaPressed = String(away);
    frame.src = away ? "about:blank" : page;
  });
}

/** Show the code of `address`, where a phone opens the page; null when none reaches this computer. */
export function showCode(address) {
  const code = find("code");
  code.hidden = address === null;
  if (address !== null && !code.src) code.src = "/bench/phone.svg";
  find("scan").textContent =
    address ?? "For a phone, start the demo with --host 0.0.0.0: a code to scan stands here then.";
}

/** Lead to the page at `address`, of a cloud elsewhere, whose page no frame of this site may have. */
export function showCloudPage(address) {
  const link = find("page");
  link.href = address;
  link.textContent = address;
  find("phone")?.closest("section").remove();
}
