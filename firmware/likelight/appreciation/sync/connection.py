"""How the device stands with its cloud."""

from enum import StrEnum


class CloudConnection(StrEnum):
    """How the device stands with its cloud."""

    STARTING = "starting"
    CONNECTED = "connected"
    OFFLINE = "offline"
    """No good reply for 90 s."""
    REFUSED = "refused"
    """The token is revoked or the kitchen unknown; the camera must be off."""
    SUPERSEDED = "superseded"
    """Another device polls with this one's token: a cloned card."""

    @property
    def admitted(self) -> bool:
        """False once the cloud has refused this device."""
        return self is not CloudConnection.REFUSED
