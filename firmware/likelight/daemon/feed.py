"""The feed of one device: the hub, and the outlets that the configuration names."""

import secrets
from dataclasses import dataclass

from likelight.daemon.events import DeviceEvents
from likelight.daemon.prepare import Prepared
from likelight.daemon.push import Push
from likelight.feed.hls.hls import Hls
from likelight.feed.hub import Hub
from likelight.feed.rendition import Rendition
from likelight.feed.upload.client import Upload
from likelight.runtime.clock import now_us
from likelight_hw.camera.process import CameraProcess
from likelight_hw.ports import Rendition as CameraRendition


@dataclass(frozen=True, slots=True)
class Feed:
    """From the camera to the viewers, and if configured to the cloud's relay and a media server."""

    hub: Hub
    hls: Hls
    upload: Upload | None
    push: Push | None


def build_feed(prepared: Prepared, camera: CameraProcess, events: DeviceEvents) -> Feed:
    """Build the hub and its outlets. Nothing runs yet."""

    def keyframe(rendition: Rendition) -> None:
        camera.keyframe(CameraRendition(rendition))

    hub = Hub(now_us=now_us, on_demand=events.on_demand, request_keyframe=keyframe)
    hls = Hls(hub, epoch=secrets.token_hex(4))
    upload, push = prepared.upload, None
    if upload is not None:
        upload.attach(hub, request_keyframe=keyframe)
    if prepared.push_target is not None:
        push = Push(
            prepared.push_target,
            hub,
            request_keyframe=camera.keyframe,
            on_change=events.changes.bump,
            rng=prepared.rng,
        )
    return Feed(hub, hls, upload, push)
