"""How often a keyframe is asked for."""

import asyncio

KEYFRAME_EVERY_S = 1.0


class KeyframePace:
    """Allows a request for a keyframe at most once a second: keyframes are large."""

    def __init__(self) -> None:
        self._allowed_at = float("-inf")

    def allow(self) -> bool:
        """Return True when a second has passed since the last True, on the loop's clock."""
        now = asyncio.get_running_loop().time()
        if now - self._allowed_at < KEYFRAME_EVERY_S:
            return False
        self._allowed_at = now
        return True
