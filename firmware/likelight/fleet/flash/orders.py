"""What is to be flashed: the list and the codes, joined and checked whole before the first byte."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from likelight.config.address import check_cloud_url
from likelight.fleet.flash.errors import FlashError
from likelight.fleet.seed.seed import Radius, Seed, needs_radius, seed_of
from likelight.fleet.stores.codes import read_codes
from likelight.fleet.stores.rows import StoreRow, read_stores, without_zeros
from likelight.fleet.stores.table import named
from likelight.runtime.tls import ca_file_error

_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True, slots=True)
class Order:
    """One store, and with what its device begins."""

    store: StoreRow
    cloud: str
    code: str = field(repr=False)
    radius: Radius | None
    cloud_ca: bytes | None = None
    """Who signs the cloud's certificate, as PEM; None: an authority that every device knows."""

    def seed(self) -> Seed:
        """Return the seed; it takes some milliseconds of a processor's time."""
        return seed_of(self.store, self.cloud, self.code, self.radius, self.cloud_ca)


def read_orders(
    stores: Path,
    codes: Path,
    cloud: str,
    kids: Sequence[str],
    radius: Radius | None,
    cloud_ca: bytes | None = None,
) -> tuple[Order, ...]:
    """Return an order for each store of the list `stores`, or for those of them with an id in
    `kids`. The whole list is checked in any case.

    Raises `FlashError`, and `ListError` for what is in one of the files.
    """
    try:
        check_cloud_url(cloud)
    except ValueError as error:
        raise FlashError(f"--cloud: {error}") from None
    if cloud_ca is not None and not cloud.lower().startswith("https://"):
        raise FlashError("--cloud-ca is for a cloud whose address begins with https://")
    rows = {row.kid: row for row in read_stores(stores, for_devices=True)}
    code_of_store = read_codes(codes)
    for kid, meant in without_zeros(tuple(rows.values()), frozenset(code_of_store)).items():
        if meant in code_of_store:
            raise FlashError(
                f"{stores}, column store: {kid} is {meant} without its zeros, which Excel drops. "
                "Format the column as text, and type it again"
            )
    if unknown := [kid for kid in kids if kid not in rows]:
        raise FlashError(f"{stores} has no store {named(unknown)}")
    chosen = [rows[kid] for kid in dict.fromkeys(kids or rows)]
    if uncoded := [row.kid for row in chosen if row.kid not in code_of_store]:
        raise FlashError(
            f"{codes} has no code for {named(uncoded)}: on the cloud's server, "
            "`likelight-cloud kitchen import STORES.csv --codes CODES.csv` draws them, but not for "
            "a store whose device has a token: for that one add the code that "
            "`likelight-cloud kitchen code KID` prints, as a line STORE,CODE"
        )
    if radius is None and (enterprise := [row.kid for row in chosen if needs_radius(row)]):
        raise FlashError(
            f"{named(enterprise)} log in by security enterprise: add --radius-ca FILE and "
            "--radius-name NAME, or a stranger's access point could take their passphrases"
        )
    return tuple(Order(row, cloud, code_of_store[row.kid], radius, cloud_ca) for row in chosen)


def read_radius(ca: Path | None, name: str | None) -> Radius | None:
    """Return the server at which devices log in to 802.1X networks. Raises `FlashError`."""
    if ca is None and name is None:
        return None
    if ca is None or name is None:
        raise FlashError("--radius-ca and --radius-name belong together: give both")
    if not _HOST.fullmatch(name):
        raise FlashError("--radius-name is the server's name in its certificate: letters and dots")
    return Radius(name, read_authority(ca, "--radius-ca"))


def read_authority(file: Path, option: str) -> bytes:
    """Return the certificates (PEM) in `file`, which `option` has named. Raises `FlashError`."""
    if error := ca_file_error(file):
        raise FlashError(f"{option}: {error}")
    try:
        return file.read_bytes()
    except OSError as error:
        raise FlashError(f"{option}: {file} can't be read: {error.strerror}") from error
