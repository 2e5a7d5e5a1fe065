"""What is made ready before the event loop runs: all that may block or be refused."""

import random
import socket
from dataclasses import dataclass, field

from likelight.assets.catalogue import Notes
from likelight.config.settings import Config
from likelight.config.state_dir import own_token, read_token
from likelight.daemon.camera import camera_config
from likelight.daemon.embedded_cloud import EmbeddedCloud, make_embedded_cloud
from likelight.daemon.kitchen_notes import read_notes
from likelight.daemon.push import read_target
from likelight.feed.placeholders import Placeholder, packaged_placeholders
from likelight.runtime.clock import Now, utc_now
from likelight_hw.push.target import Target


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a device is assembled from, beside its configuration."""

    listener: socket.socket
    """Bound to the device's port."""
    token: str
    """Which device this is, for its cloud."""
    notes: Notes
    placeholders: tuple[Placeholder, ...]
    push_target: Target | None = None
    """Where the stream is pushed to; None when no push is configured."""
    embedded_cloud: EmbeddedCloud | None = None
    """The cloud in this process; None when the configuration names another."""
    now: Now = utc_now
    rng: random.Random = field(default_factory=random.Random)


def prepare(config: Config, listener: socket.socket) -> Prepared:
    """Read what `config` names; `config.state_dir` exists. Raises `ConfigError`."""
    notes = read_notes(config)
    rng = random.Random()
    embedded_cloud = None
    if config.cloud.url is None:
        database = config.state_dir / "cloud.sqlite"
        embedded_cloud = make_embedded_cloud(database, now=utc_now, rng=rng, notes=notes)
    token_file = config.cloud.token_file
    return Prepared(
        listener,
        token=read_token(token_file) if token_file else own_token(config.state_dir),
        notes=notes,
        placeholders=packaged_placeholders(simulated=camera_config(config.camera).simulated),
        push_target=read_target(config.push),
        embedded_cloud=embedded_cloud,
        rng=rng,
    )
