"""What is made ready before the event loop runs: all that may block or be refused."""

import logging
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from likelight.appreciation.sync.store import DeviceStore
from likelight.assets.catalogue import BUNDLED, DEFAULT
from likelight.config.device_tokens import DeviceTokens
from likelight.config.opened_lights import OpenedLights, write_opened_lights
from likelight.config.places import BOOT_REPORT, STICKS, runtime_dir
from likelight.config.settings import Config, ConfigError
from likelight.config.state_dir import is_new, is_usable, own_token
from likelight.daemon.camera import camera_config
from likelight.daemon.disk_watch import DiskState, disk_state
from likelight.daemon.embedded_cloud import CloudPlugin, make_embedded_cloud
from likelight.daemon.first_consent import STORE_FILE
from likelight.daemon.kept_catalogue import KeptCatalogue
from likelight.daemon.kitchen_notes import check_language, read_notes, read_sent
from likelight.daemon.push_target import read_push_target
from likelight.feed.placeholders import Placeholder, packaged_placeholders
from likelight.feed.upload.client import Upload
from likelight.runtime.clock import Now, utc_now
from likelight.runtime.clock_sync import BootClock
from likelight.runtime.commit_pace import CommitPace
from likelight.runtime.http_session import Trust
from likelight.runtime.network_manager import Link, ask_link
from likelight.runtime.troubles import Trouble
from likelight_hw.push.target import PushTarget

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a device is assembled from, beside its configuration."""

    troubles: frozenset[Trouble]
    """What is wrong at the start."""
    listener: socket.socket | None
    """Bound to the device's port; None when it can't be bound yet."""
    tokens: tuple[str, ...]
    """What proves to the cloud which device this is: the one to use, then those to try where it is
    refused; empty when it is not paired."""
    device_tokens: DeviceTokens | None
    """Where they come from; None with the cloud in this process."""
    trust: Trust
    """Which authorities may sign the cloud's certificate, for polls and upload."""
    store: DeviceStore
    """Not open yet."""
    new: bool
    """The state directory held nothing of likelight's before this start."""
    catalogue: KeptCatalogue
    """The notes that the device shows: what a cloud elsewhere has sent, or its own."""
    language: str
    """The crew's, or English where it can't be written here."""
    placeholders: tuple[Placeholder, ...]
    upload: Upload | None
    """To the relay of the cloud that the configuration names; None without one."""
    embedded_cloud: CloudPlugin | None
    """The cloud in this process; None when the configuration names another, or none can run."""
    push_target: PushTarget | None
    """None when no push is configured, or its address can't be read."""
    clock: BootClock
    boot_report: Path
    """Where root's command tells what it could not take over from the boot volume."""
    sticks: Path
    """Where it tells of the USB sticks that are plugged in."""
    now: Now
    rng: random.Random
    ask_link: Callable[[], Link | None] = ask_link
    """Asks how this computer stands in its local network; blocks."""


def prepare(config: Config, listener: socket.socket | None, *, broken: bool = False) -> Prepared:
    """Read what `config` names. What can't be used is left out, logged and told as a trouble.

    `broken` says that `config` is the last good one, because the new one has a mistake.
    """
    now, rng, state_dir, cloud = utc_now, random.Random(), config.state_dir, config.cloud
    new = is_new(state_dir)
    trust = Trust(cloud.ca_file)
    kitchen, language, notes = config.kitchen, DEFAULT, BUNDLED
    upload = embedded_cloud = push_target = device_tokens = None
    tokens: tuple[str, ...] = ()
    pace: CommitPace | None = None
    wrong = {
        Trouble.CONFIG: broken,
        # Where the disk takes nothing, that is what to say: no setting is wrong.
        Trouble.STATE_DIR: not is_usable(state_dir) and disk_state(state_dir) == DiskState(),
        Trouble.ADDRESS: listener is None,
    }
    troubles = {trouble for trouble, present in wrong.items() if present}
    with _left_out(Trouble.LANGUAGE, "The panel speaks English", troubles):
        check_language(kitchen.language)
        language = kitchen.language
    with _left_out(Trouble.BRAND_NOTES, "The built-in notes are used", troubles):
        notes = read_notes(kitchen, config.wiring.display)
    with _left_out(Trouble.PUSH_URL, "Nothing is pushed", troubles):
        push_target = read_push_target(config.push)
    with _left_out(Trouble.NOT_PAIRED, "Not paired with a cloud", troubles):
        if cloud.url is not None:
            device_tokens = DeviceTokens(config.token_file, state_dir, cloud.url, kitchen.id)
            tokens = device_tokens.read()
        else:
            pace = CommitPace()
            embedded_cloud = make_embedded_cloud(
                state_dir, now=now, rng=rng, pace=pace, notes=notes, site=config.web.site
            )
            tokens = (own_token(state_dir),)
    if cloud.url is not None:
        upload = Upload(
            cloud.url, kitchen.id, next(iter(tokens), None), rng=rng, proxy=cloud.proxy, trust=trust
        )
    catalogue = KeptCatalogue(
        state_dir,
        kitchen.id,
        notes,
        language=language,
        check=lambda document: read_sent(document, language, config.wiring.display),
    )
    if cloud.url is not None:
        catalogue.read()
    _note_lights(config)
    return Prepared(
        frozenset(troubles),
        listener,
        tokens,
        device_tokens,
        trust,
        DeviceStore(state_dir / STORE_FILE, kitchen=kitchen.id, now=now, pace=pace),
        new,
        catalogue,
        language,
        packaged_placeholders(simulated=camera_config(config.camera).simulated),
        upload,
        embedded_cloud,
        push_target,
        BootClock(runtime_dir(state_dir)),
        BOOT_REPORT,
        STICKS,
        now,
        rng,
    )


@contextmanager
def _left_out(trouble: Trouble, instead: str, troubles: set[Trouble]) -> Iterator[None]:
    """Add `trouble` where what the block reads can't be used; the log says what is so `instead`."""
    try:
        yield
    except ConfigError as error:
        log.error("%s; all else works: %s", instead, error)  # noqa: TRY400  in words
        troubles.add(trouble)


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
