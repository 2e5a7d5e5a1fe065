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

/** Remove the video, its decoder and the last picture at once. */
export function removeVideo(video) {
  video.removeAttribute("src");
  video.srcObject = null;
  video.load();
  video.remove();
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
