"""The first consent of a new device: it begins shared, as a device with a simulated camera does.

On every other device a consent says nothing about PRIVACY.
"""

import asyncio
import os

from likelight.appreciation.sync.store import DeviceStore
from likelight.config.settings import Config, ConfigError
from likelight.config.state_dir import held, is_new
from likelight.daemon.camera import camera_config
from likelight.gate.marker import MARKER_FILE, Marker
from likelight.gate.privacy_memory import PrivacyMemory

STORE_FILE = "device.sqlite"


def is_first_consent(config: Config) -> bool:
    """Return whether a consent that is recorded now would be a new device's first."""
    return not camera_config(config.camera).simulated and is_new(config.state_dir)


def begin_shared(config: Config) -> None:
    """Write "shared" where `likelight run` looks for it.

    If that fails, or a likelight has just started, the kitchen stays private until a press.
    """
    try:
        with held(config.state_dir):
            asyncio.run(_begin_shared(config))
            if os.geteuid() == 0:
                # The service's account must be able to open what root made.
                owner = config.state_dir.stat()
                os.chown(config.state_dir / STORE_FILE, owner.st_uid, owner.st_gid)
    except (ConfigError, OSError):
        return


async def _begin_shared(config: Config) -> None:
    file, kitchen = config.state_dir / STORE_FILE, config.kitchen.id
    store = DeviceStore(file, kitchen=kitchen)
    memory = PrivacyMemory(store, Marker(config.state_dir / MARKER_FILE, kitchen), None)
    await store.open()
    try:
        await memory.keep(private=False)
    finally:
        memory.close()
        await store.close()
