"""The files of one store's seed, which are copied onto the boot volume of its card as they are."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from likelight.fleet.seed.boot_text import BOOT_TEXT, boot_text
from likelight.fleet.seed.key_file import key_file
from likelight.fleet.stores.network import Network, Security
from likelight.fleet.stores.rows import StoreRow

FIRST_BOOT: Final = "likelight/first-boot.sh"
KEY_FILE: Final = "likelight/network.nmconnection"
RADIUS_CA: Final = "likelight/wifi-authority.pem"
CLOUD_CA: Final = "likelight/cloud-authority.pem"
USER_DATA: Final = b"""\
#cloud-config
# It starts likelight's first boot, and holds no secret.
runcmd:
  - [sh, /boot/firmware/likelight/first-boot.sh]
"""
"""For cloud-init, in place of the image's own; its one act."""

_NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The first that a ZIP can have: equal seeds are equal files."""


@dataclass(frozen=True, slots=True)
class Radius:
    """The server at which devices log in to an 802.1X network."""

    name: str
    """Of the server, in its certificate."""
    ca: bytes
    """Who signs that, as PEM."""


@dataclass(frozen=True, slots=True)
class Seed:
    """The files of one store, by their path on the boot volume."""

    kid: str
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def sha256(self) -> str:
        """Return a checksum of all paths and contents, as hex digits."""
        whole = hashlib.sha256()
        for path, content in self.files.items():
            whole.update(f"{path}\0{len(content)}\0".encode() + content)
        return whole.hexdigest()

    def zipped(self) -> bytes:
        """Return the files as a ZIP, always the same of the same files."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for path, content in self.files.items():
                entry = zipfile.ZipInfo(path, _NO_TIME)
                entry.create_system = 3  # Unix, also where it is made on Windows
                entry.external_attr = 0o100600 << 16
                archive.writestr(entry, content)
        return out.getvalue()


def seed_of(
    store: StoreRow,
    cloud: str,
    code: str,
    radius: Radius | None = None,
    cloud_ca: bytes | None = None,
) -> Seed:
    """Return the seed of `store`, whose device enrols at `cloud` with `code`; for the cloud it
    trusts only `cloud_ca` (PEM), where that is given.

    It takes 4 ms of a processor's time for each new WPA2 passphrase. Consent is in no seed.
    """
    network = store.network or Network()
    profile = key_file(network, radius.name if radius else "")
    files = {
        "user-data": USER_DATA,
        BOOT_TEXT: boot_text(store, cloud, code),
        FIRST_BOOT: Path(__file__).with_name("first-boot.sh").read_bytes(),
    }
    if profile is not None:
        files[KEY_FILE] = profile
    if radius and needs_radius(store):
        files[RADIUS_CA] = radius.ca
    if cloud_ca is not None:
        files[CLOUD_CA] = cloud_ca
    return Seed(store.kid, files)


def needs_radius(store: StoreRow) -> bool:
    """Return whether the device of `store` logs in to an 802.1X network."""
    wifi = store.network.wifi if store.network else None
    return wifi is not None and wifi.security is Security.ENTERPRISE
