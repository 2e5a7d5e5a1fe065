"""What a device keeps of its pairing: its kitchen, and the token that it draws for itself.

The token is on the disk before it is sent to a cloud: that may take it, and its reply be lost.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from likelight.appreciation.obstacle import Obstacle
from likelight.config.paired import paired_id, write_paired
from likelight.config.secret import read_token
from likelight.config.settings import Config, ConfigError
from likelight.runtime.atomic_file import replace_file, sync_folder

SERIAL = Path("/sys/firmware/devicetree/base/serial-number")
"""A Raspberry Pi's own number."""

REFUSED_FILE = "refused-code"
"""In the state directory: that the cloud has refused the code that came with the card."""
_REFUSALS = (Obstacle.CODE_USED, Obstacle.CODE_VOID)


def serial_number() -> str | None:
    """Return this device's own number; None where it has none."""
    with suppress(OSError, UnicodeDecodeError):
        serial = SERIAL.read_text("ascii").strip("\0\n ")
        if serial.isalnum() and len(serial) <= 64:
            return serial
    return None


def draw_token(file: Path, state_dir: Path) -> str:
    """Return the token that waits beside `file`, a new one where none does. Raises `OSError`.

    The owner of `state_dir`, the daemon, may read it, also when root draws it.
    """
    draft = _draft(file)
    with suppress(ConfigError):
        return read_token(draft)
    token = secrets.token_urlsafe(32)
    replace_file(draft, token, owner=_owner(state_dir))
    return token


def keep_token(file: Path) -> None:
    """Make the token that was drawn the one in `file`, on the disk on return. Raises `OSError`."""
    # Gone where the daemon and a command had the same confirmed: then it is in `file`.
    with suppress(FileNotFoundError):
        _draft(file).replace(file)
    sync_folder(file.parent)


def drop_token(file: Path) -> None:
    """Forget the token that was drawn: it is another kitchen's. Raises `OSError`."""
    _draft(file).unlink(missing_ok=True)


def keep_refusal(state_dir: Path, why: Obstacle) -> None:
    """Keep that the cloud has refused the code: the daemon says so. Raises `OSError`."""
    replace_file(state_dir / REFUSED_FILE, why.code, owner=_owner(state_dir))


def drop_refusal(state_dir: Path) -> None:
    """Forget what was refused. Raises `OSError`."""
    (state_dir / REFUSED_FILE).unlink(missing_ok=True)


def refused_code(state_dir: Path) -> Obstacle | None:
    """Return why the cloud has refused the code; None where it has not."""
    with suppress(OSError, UnicodeDecodeError):
        kept = (state_dir / REFUSED_FILE).read_text("ascii")
        return next((one for one in _REFUSALS if one.code == kept), None)
    return None


def take_kitchen(config: Config, kid: str, name: str) -> bool:
    """Keep the token that was drawn, and that the device of `config` is the kitchen `kid`.

    Return False, and keep nothing, where its configuration names another. Raises `OSError`.
    """
    if kid != config.kitchen.id:
        if not _leaves_kitchen_open(config):
            return False
        write_paired(config.state_dir, kid, name)
    keep_token(config.token_file)
    return True


def kitchen_from_next_start(config: Config) -> str:
    """Return which kitchen the device of `config` is once it begins anew."""
    paired = paired_id(config.state_dir) if _leaves_kitchen_open(config) else None
    return paired or config.kitchen.id


def _leaves_kitchen_open(config: Config) -> bool:
    """Return whether no configuration names the kitchen, or only an earlier pairing does."""
    named = "id" in config.kitchen.model_fields_set
    return not named or paired_id(config.state_dir) == config.kitchen.id


def _owner(state_dir: Path) -> tuple[int, int] | None:
    """Return whom a file of root's is given to there; None to leave it."""
    if os.geteuid() != 0 or not state_dir.exists():
        return None
    owner = state_dir.stat()
    return owner.st_uid, owner.st_gid


def _draft(file: Path) -> Path:
    # A card may be copied to all devices of a franchise after its first start. With one token for
    # all of them an operator who confirms one device would make each of them that kitchen.
    serial = serial_number()
    return file.with_name(f"{file.name}.{serial}.new" if serial else f"{file.name}.new")
