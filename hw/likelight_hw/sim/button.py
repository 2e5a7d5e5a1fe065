"""A button that software presses."""

from collections.abc import AsyncGenerator

from likelight_hw.debounce import Debouncer


class SimButton:
    """A button with the debounce of a real one. Call its methods on the event loop."""

    simulated = True

    def __init__(self) -> None:
        self._contacts = Debouncer()

    def press(self) -> None:
        """Press and release; the release counts once the contacts are calm, 50 ms later."""
        self.hold()
        self.release()

    def hold(self) -> None:
        """Press, without a release."""
        self._contacts.touch(True)

    def release(self) -> None:
        """Release."""
        self._contacts.touch(False)

    def edges(self) -> AsyncGenerator[bool, None]:
        return self._contacts.edges()
