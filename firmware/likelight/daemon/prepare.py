"""What is made ready before the event loop runs: all that may block or be refused."""

import logging
import random
import socket
from dataclasses import dataclass

from likelight.appreciation.sync.store import DeviceStore
from likelight.assets.catalogue import Notes
from likelight.config.opened_lights import OpenedLights, write_opened_lights
from likelight.config.places import runtime_dir
from likelight.config.settings import Config
from likelight.config.state_dir import is_new, is_usable, own_token
from likelight.daemon.camera import camera_config
from likelight.daemon.embedded_cloud import CloudPlugin, make_embedded_cloud
from likelight.daemon.first_consent import STORE_FILE
from likelight.daemon.kitchen_notes import read_notes
from likelight.daemon.pairing import find_token
from likelight.daemon.push_target import read_push_target
from likelight.feed.placeholders import Placeholder, packaged_placeholders
from likelight.feed.upload.client import Upload
from likelight.runtime.clock import Now, utc_now
from likelight_hw.push.target import PushTarget

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a device is assembled from, beside its configuration."""

    broken: bool
    """The configuration is the last good one, because the new one has a mistake."""
    listener: socket.socket | None
    """Bound to the device's port; None when it can't be bound yet."""
    token: str | None
    """What proves to the cloud which device this is; None when it is not paired."""
    store: DeviceStore
    """Not open yet."""
    state_dir_usable: bool
    """The state directory is there for us to write."""
    new: bool
    """The state directory held nothing of likelight's before this start."""
    notes: Notes
    placeholders: tuple[Placeholder, ...]
    upload: Upload | None
    """To the relay of the cloud that the configuration names; None without one."""
    embedded_cloud: CloudPlugin | None
    """The cloud in this process; None when the configuration names another."""
    push_target: PushTarget | None
    """None when no push is configured."""
    now: Now
    rng: random.Random


def prepare(config: Config, listener: socket.socket | None, *, broken: bool = False) -> Prepared:
    """Read what `config` names. Raises `ConfigError`.

    `broken` says that `config` is the last good one, because the new one has a mistake.
    """
    now, rng, state_dir, cloud = utc_now, random.Random(), config.state_dir, config.cloud
    new = is_new(state_dir)
    notes = read_notes(config.kitchen, config.wiring.display)
    token = find_token(cloud.token_file) if cloud.token_file else own_token(state_dir)
    upload = embedded_cloud = None
    if cloud.url is None:
        embedded_cloud = make_embedded_cloud(state_dir, now=now, rng=rng, notes=notes)
    else:
        upload = Upload(cloud.url, config.kitchen.id, token, rng=rng, proxy=cloud.proxy)
    _note_lights(config)
    return Prepared(
        broken,
        listener,
        token,
        DeviceStore(state_dir / STORE_FILE, kitchen=config.kitchen.id, now=now),
        is_usable(state_dir),
        new,
        notes,
        packaged_placeholders(simulated=camera_config(config.camera).simulated),
        upload,
        embedded_cloud,
        read_push_target(config.push),
        now,
        rng,
    )


def _note_lights(config: Config) -> None:
    """Write down which lights will be opened, for `likelight lights off --hardware`."""
    wiring = config.wiring
    lights = OpenedLights(lamps=wiring.lights, indicator=wiring.indicator)
    try:
        write_opened_lights(runtime_dir(config.state_dir), lights)
    except OSError as error:
        # The daemon starts without the file. It is needed only after the daemon was killed and its
        # configuration was then broken.
        log.warning("Can't write down which lights are opened: %s", error)
