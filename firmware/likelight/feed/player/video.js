// A <video> that plays by itself on every browser: muted, inline, and with nothing to cast.
//
// One in a window of its own (picture in picture) stays while the connection is away, because a browser
// opens that window at a press only: without its last picture, and the next connection plays in it.

const AWAY = {width: 640, height: 360, shade: "#171411", ink: "#FFF3E2"};

const uses = new WeakMap(); // by video: ends the listeners of the way that uses it

/** A video in `stage`: the one in a window of its own, else a new one. */
export function liveVideo(stage, label, {picture, error}) {
  const kept = document.pictureInPictureElement;
  const video = stage.contains(kept) ? kept : document.createElement("video");
  video.muted = video.autoplay = video.playsInline = true;
  video.disableRemotePlayback = true; // else Safari's ManagedMediaSource never opens
  video.setAttribute("aria-label", label);
  video.srcObject = null;
  uses.get(video)?.abort();
  uses.set(video, new AbortController());
  listen(video, "loadeddata", picture);
  listen(video, "error", error);
  if (video !== kept) stage.append(video);
  return video;
}

/** Call `listener` at each event `type`, until another way uses the video. */
export function listen(video, type, listener) {
  video.addEventListener(type, listener, {signal: uses.get(video).signal});
}

/**
 * Remove the video, its decoder and the last picture at once. In a window of its own it shows the
 * words `away` instead.
 */
export function removeVideo(video, away) {
  uses.get(video)?.abort();
  video.removeAttribute("src");
  if (document.pictureInPictureElement === video) {
    video.srcObject = stillOf(away);
    return;
  }
  video.srcObject = null;
  video.load();
  video.remove();
}

/** Remove from `stage` what no way shows any more, but a video in a window of its own. */
export function clear(stage) {
  for (const shown of [...stage.children]) {
    if (shown !== document.pictureInPictureElement) shown.remove();
  }
}

// A stream of one still picture: the sentences of `words` in the middle.
function stillOf(words) {
  const {width, height, shade, ink} = AWAY;
  const canvas = Object.assign(document.createElement("canvas"), {width, height});
  const pen = canvas.getContext("2d");
  const stream = canvas.captureStream();
  pen.fillStyle = shade;
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = ink;
  pen.font = "28px system-ui, sans-serif";
  pen.textAlign = "center";
  const lines = words.match(/[^.。]+[.。]*/gu) ?? [];
  const first = height / 2 - 20 * (lines.length - 1);
  lines.forEach((line, n) => pen.fillText(line.trim(), width / 2, first + 40 * n, width - 32));
  return stream;
}

/** A number that changes while pictures come out of the decoder. */
export function decodedFrames(video) {
  return video.getVideoPlaybackQuality?.().totalVideoFrames ?? video.currentTime;
}

/**
 * Play; a browser may not allow even a muted video, for example an iPhone in low-power mode. MJPEG
 * needs no permission.
 */
export function play(video, notAllowed) {
  video.play().catch((error) => {
    if (error.name === "NotAllowedError") notAllowed();
  });
}
