/** Requests to the cloud, each with a time-out, so that a retry can begin. */

const LIMIT_MS = 8000;
const LONGEST_RETRY_S = 15;
const TOKEN = "Likelight-Viewer";

/**
 * Ask for `url`; resolves to the response with any status, rejects when none came. Never from
 * the browser's cache: a summary's age follows from its `server_time`, which a 304 would not renew.
 */
export function get(url) {
  return fetch(url, { signal: limit(), cache: "no-store" });
}

// The viewer's token where there can be no cookie; null where the browser keeps one.
let token = null;

/** Hold the viewer's token in this page's memory: in another site's frame browsers block cookies. */
export function holdToken() {
  token = "";
}

/** Send `body` as JSON. `keepalive` lets a like outlive the page that sent it. */
export async function post(url, body, headers = {}) {
  const viewer = token === null ? {} : { [TOKEN]: token };
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...viewer, ...headers },
    body: JSON.stringify(body),
    keepalive: true,
    signal: limit(),
  });
  if (token !== null) token = response.headers.get(TOKEN) ?? token;
  return response;
}

/** Ask for `url` to be deleted. */
export function remove(url) {
  return fetch(url, { method: "DELETE", signal: limit() });
}

/** Seconds the server asks us to wait, or null. */
export function retryAfter(response) {
  const seconds = Number.parseFloat(response.headers.get("Retry-After") ?? "");
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

/** Seconds before try number `tries` (0, 1, …): full jitter, never under a quarter of a second. */
export function backoff(tries) {
  const longest = Math.min(LONGEST_RETRY_S, 2 ** tries);
  return 0.25 + Math.random() * longest;
}

/** A version 4 UUID. `crypto.randomUUID` exists on https only; a kitchen's LAN is plain http. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export function pause(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

function limit() {
  return AbortSignal.timeout ? AbortSignal.timeout(LIMIT_MS) : undefined;
}
