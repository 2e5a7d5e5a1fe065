// A <video> that plays by itself on every browser: muted, inline, and with nothing to cast.

export function liveVideo(label, {picture, error}) {
  const video = document.createElement("video");
  video.muted = video.autoplay = video.playsInline = true;
  video.disableRemotePlayback = true; // else Safari's ManagedMediaSource never opens
  video.setAttribute("aria-label", label);
  video.addEventListener("loadeddata", picture);
  video.addEventListener("error", error);
  return video;
}

/** Let the decoder and the last picture go at once. */
export function dismiss(video) {
  video.removeAttribute("src");
  video.srcObject = null;
  video.load();
  video.remove();
}

/** A number that changes while pictures come out of the decoder. */
export function decoded(video) {
  return video.getVideoPlaybackQuality?.().totalVideoFrames ?? video.currentTime;
}

/**
 * Even a muted video may be refused, by an iPhone that saves power for one. MJPEG needs no leave.
 */
export function play(video, barred) {
  video.play().catch((error) => {
    if (error.name === "NotAllowedError") barred();
  });
}
