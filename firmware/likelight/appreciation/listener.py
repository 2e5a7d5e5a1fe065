"""What the window in tells the rest of the device."""

from typing import Protocol

from likelight.appreciation.sync.connection import CloudConnection
from likelight.contract import Desired, Viewers
from likelight_hw.ports import LightFrame


class KitchenListener(Protocol):
    """The rest of the device, which gets changes. Called on the event loop; no call waits."""

    def on_connection(self, connection: CloudConnection) -> None:
        """The connection to the cloud has changed."""

    def on_viewers(self, viewers: Viewers) -> None:
        """The cloud says something new about who watches."""

    def on_desired(self, desired: Desired) -> None:
        """The cloud desires this state; called at start too, with the last one that is known."""

    def on_privacy_button(self, readable: bool) -> None:
        """Whether the PRIVACY button can be read may have changed."""

    def on_lamp(self, frame: LightFrame) -> None:
        """The lamp shows something else."""

    def on_lit(self, total: int) -> None:
        """The lamp has physically risen for the likes up to the cloud's `total`."""

    def on_button_trouble(self) -> None:
        """A trouble of a button has begun or ended."""
