"""What the device asks of a cloud, and every way in which a cloud can fail to answer."""

from enum import StrEnum
from typing import Protocol

from likelight.contract import Events, Status, StatusReply


class FailureKind(StrEnum):
    """What kind of failure keeps the device from its cloud, as far as is known."""

    NETWORK = "network"
    """Nothing was reached, or the failure does not say more."""
    NAME_SERVER = "name-server"
    """No name server answered."""
    DNS = "dns"
    """A name server answered that it does not know the cloud's name."""
    CLOCK = "clock"
    """The cloud's certificate is not valid at the time that this device's clock shows."""
    INTERCEPTED = "intercepted"
    """Somebody else answers: a log-in page, a proxy."""
    CERTIFICATE = "certificate"
    """What answers has no certificate of the cloud, or does not speak TLS."""
    SETTINGS = "settings"
    """A file that the configuration names for the connection can't be used."""
    CLOUD = "cloud"
    """The cloud's machine was reached, but it fails."""


class CloudError(Exception):
    """The cloud did not give what was asked for."""


class DeviceRefused(CloudError):
    """401, 403 or 404 in the contract's words: the token is revoked or the kitchen unknown."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the cloud refuses this device (status {status})")
        self.status = status


class BadCursor(CloudError):
    """400: the cursor is damaged or belongs to another kitchen."""


class Superseded(CloudError):
    """409: another device polls with this one's token, or another start of this one."""


class NewTimeLine(CloudError):
    """410: the cloud began a new time line; ask with `cursor`, or without one when it is None."""

    def __init__(self, cursor: str | None) -> None:
        super().__init__("the cloud began a new time line")
        self.cursor = cursor


class RotationRefused(CloudError):
    """409: the cloud asked for no new token, or has got another one."""


class CloudBusy(CloudError):
    """429 or 503 with `Retry-After`, in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"the cloud is busy for {retry_after:g} s")
        self.retry_after = retry_after


class Invalid(CloudError):
    """422: the cloud can't take what was sent, and would not take the same again."""


class Unreachable(CloudError):
    """No usable answer: DNS, TLS, time-out, another 5xx, or a server that does not speak the
    contract. `message` holds nothing that the other end wrote, or only what can be printed."""

    def __init__(self, message: str, failure: FailureKind = FailureKind.NETWORK) -> None:
        super().__init__(message)
        self.failure = failure


class ReplyTooLarge(Unreachable):
    """The reply is larger than the contract allows, and was not read to its end."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the reply is larger than {most // 1024} KiB")


class CatalogueUnknown(CloudError):
    """404: the cloud has no such catalogue for this kitchen."""


class WrongDocument(CloudError):
    """What came is not the catalogue document that was asked for: its checksum says so, or its
    size."""


class CloudClient(Protocol):
    """A cloud that speaks the contract. Every failure is a `CloudError`."""

    async def events(
        self, cursor: str | None, dv: int, wait: int, boot_id: str | None = None
    ) -> Events:
        """Ask what is new past `cursor`; the reply is held for up to `wait` seconds, 0..30.

        `boot_id` is that of the statuses to come. Without one it is a diagnosis, which has none.
        """

    async def status(self, status: Status) -> StatusReply:
        """Report the device's status to the cloud."""
