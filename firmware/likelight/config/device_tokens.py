"""The tokens that prove which device this is: what a person, or `likelight pair`, put into the
token file, and what the device has drawn itself since.

The service can write to its state directory alone, so what it draws is kept there. The file counts
again as soon as another token is in it.
"""

import hashlib
import secrets
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from likelight.config.secret import read_secret, read_token
from likelight.config.settings import ConfigError
from likelight.runtime.atomic_file import replace_file

DRAWN_FILE = "device.tokens"
"""In the state directory."""


def checksum(token: str) -> str:
    """Return what a cloud gets of `token`: its SHA-256, as `sha256sum` writes it."""
    return hashlib.sha256(token.encode()).hexdigest()


class _Drawn(BaseModel):
    """What is kept, and what it belongs to."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    cloud: str
    file: str
    """The checksum of what was in the token file."""
    used: tuple[str, ...] = Field(repr=False, max_length=2)
    """The token in use, and the one before it."""
    new: str | None = Field(repr=False)
    """Drawn, and perhaps known to the cloud: its answer has not come yet."""


class DeviceTokens:
    """The tokens of the kitchen `kid` at the cloud `url`, in `file` and in `state_dir`.

    Every call reads or writes the disk. `read` and `draw` raise `ConfigError` while `file` holds no
    token; `draw`, `confirm` and `forget` raise `OSError` where the state directory takes nothing.
    """

    def __init__(self, file: Path, state_dir: Path, url: str, kid: str) -> None:
        self.file = file
        self._drawn = state_dir / DRAWN_FILE
        self._cloud = f"{url.rstrip('/')} {kid}"

    def read(self) -> tuple[str, ...]:
        """Return the token to use, then those to try where the cloud refuses it.

        The one before is kept for a cloud that came back from a backup, and the new one for an
        answer of the cloud that was lost.
        """
        token = read_token(self.file)
        drawn = self._drawn_beside(token)
        if drawn is None:
            return (token,)
        own = (*drawn.used, *([drawn.new] if drawn.new else []))
        if drawn.file == checksum(token):
            return own
        return (token, *(each for each in own if each != token))

    def draw(self, in_use: str) -> str:
        """Return a new token, which is on the disk; the one that was drawn before, while no answer
        to it has come."""
        token = read_token(self.file)
        drawn, file = self._drawn_beside(token), checksum(token)
        if drawn is not None and drawn.new is not None and drawn.file == file:
            return drawn.new
        before = [each for each in drawn.used if each != in_use] if drawn else []
        new = secrets.token_urlsafe(32)
        self._keep(_Drawn(cloud=self._cloud, file=file, used=(in_use, *before[:1]), new=new))
        return new

    def confirm(self) -> None:
        """The cloud takes the new token: it is the one to use."""
        drawn = self._read()
        if drawn is not None and drawn.new is not None:
            used = (drawn.new, *drawn.used[:1])
            self._keep(drawn.model_copy(update={"used": used, "new": None}))

    def forget(self) -> None:
        """The cloud does not take the new token."""
        drawn = self._read()
        if drawn is not None and drawn.new is not None:
            self._keep(drawn.model_copy(update={"new": None}))

    def waits(self) -> bool:
        """Return whether a new token waits for the cloud's answer."""
        drawn = self._read()
        return drawn is not None and drawn.new is not None

    def _drawn_beside(self, token: str) -> _Drawn | None:
        """Return what is kept, if it may be shown to the cloud: it came of `token`, the one in the
        file, wherever that cloud is now; or beside another one, at this cloud."""
        drawn = self._read()
        if drawn is not None and checksum(token) != drawn.file and drawn.cloud != self._cloud:
            return None
        return drawn

    def _read(self) -> _Drawn | None:
        try:
            return _Drawn.model_validate_json(read_secret(self._drawn, "this device's own tokens"))
        except (ConfigError, ValidationError):
            return None

    def _keep(self, drawn: _Drawn) -> None:
        replace_file(self._drawn, drawn.model_dump_json())
