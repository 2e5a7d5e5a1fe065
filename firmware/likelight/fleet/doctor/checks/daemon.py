"""What the running daemon says of itself, over its control socket."""

from likelight.appreciation.obstacle import Obstacle
from likelight.appreciation.sync.connection import CloudConnection
from likelight.fleet.doctor.check import Check, Finding, check, fail, ok, skip, warn
from likelight.fleet.doctor.system import System
from likelight.runtime.troubles import Trouble
from likelight.web.control.client import CommandRefused, NotRunning
from likelight.web.control.messages import HealthAnswer

_PAIR = (
    "on the cloud's server: `likelight-cloud kitchen code KID`, with the code that it prints here: "
    "`sudo likelight pair CODE`"
)
_LOG = "`sudo journalctl -u likelight -p warning -n 20` says why"
_PRESS = "let the crew press PRIVACY once"
_CONNECTIONS = {
    CloudConnection.OFFLINE: (
        "the cloud has not answered for 90 s or more",
        "`sudo likelight doctor --all`: see route, dns, tls and cloud; " + _LOG,
    ),
    CloudConnection.REFUSED: ("the cloud refuses this device", _PAIR),
    CloudConnection.SUPERSEDED: (
        "superseded: another device uses this one's token (a copied card)",
        "switch the other device off, and give this one a new token: " + _PAIR,
    ),
}
_TROUBLES = {
    Trouble.PAIRING_REFUSED: (
        "an operator has refused this device, or confirmed it as another kitchen than kitchen.id",
        "`sudo journalctl -u likelight -p err -n 5` says which; 15 minutes later it has a new code",
    ),
    Trouble.NOT_PAIRED: ("not paired: there is no token, or it can't be one", _PAIR),
    Trouble.CONFIG: (
        "the configuration has a mistake; the last good one runs, with the camera off",
        "`sudo likelight config check`",
    ),
    Trouble.STATE_DIR: (
        "the state directory is not there, or not the service's to write; nothing is stored",
        "`sudo ls -ld DIRECTORY` (state_dir), `sudo chown likelight: DIRECTORY`, and restart",
    ),
    Trouble.DISK_FULL: (
        "the disk is full, and nothing can be stored",
        "`sudo journalctl --vacuum-size=100M`, and remove what else is large",
    ),
    Trouble.DISK_READ_ONLY: (
        "the disk is read-only, and nothing can be stored",
        "`sudo journalctl -k -p err -n 20` says why; most cards end so: put in a new one",
    ),
    Trouble.STORE_IN_MEMORY: ("nothing is stored", _LOG),
    Trouble.CLOUD_STORE: ("the inner cloud's database was damaged, or can't be opened", _LOG),
    Trouble.ADDRESS: (
        "the web page's address or port is not there, or not free",
        "`ip address` and `sudo ss -ltnp` show both; set web.host or web.port",
    ),
    Trouble.BOOT_TEXT: (
        "likelight.txt on the boot volume has a mistake, and nothing of it counts",
        "see boot-volume",
    ),
    Trouble.LANGUAGE: (
        "the crew's language can't be written here, and the panel speaks English",
        "see shaping; restart after that",
    ),
    Trouble.BRAND_NOTES: (
        "the brand's notes can't be used, and the built-in ones are",
        "`likelight notes check FOLDER` (kitchen.catalogue); restart after that",
    ),
    Trouble.PUSH_URL: (
        "the push's address can't be read or used, and nothing is pushed",
        "see secret-files, and " + _LOG + "; restart after that",
    ),
    Trouble.KITCHEN_CHANGED: (
        "what was stored belongs to another kitchen, and does not count",
        "`sudo likelight consent record --help` tells how to record consent again; " + _PRESS,
    ),
    Trouble.STORE_DAMAGED: (
        "the store was damaged and set aside; the kitchen is private until the crew shares",
        _PRESS + ", and look at disk-health",
    ),
}
"""What each says, and the fix."""


def superseded(system: System) -> bool:
    """Return whether the running daemon says that another device uses its token."""
    if system.socket is None:
        return False
    try:
        return system.ask_daemon(system.socket).cloud == CloudConnection.SUPERSEDED
    except (NotRunning, CommandRefused):
        return False


@check(
    "daemon",
    what="The running likelight is well, as it says itself",
    why="Only the daemon knows that another device uses its token, or that nothing is stored",
    fix=_LOG,
)
def daemon(system: System) -> Finding:
    if system.socket is None:
        return skip("no daemon is asked")
    try:
        health = system.ask_daemon(system.socket)
    except NotRunning:
        return skip("none runs: see service")
    except CommandRefused as error:
        if isinstance(error.__cause__, PermissionError):
            return skip(str(error))
        return fail(str(error), "`sudo systemctl restart likelight`")
    if found := _wrong(health):
        words, fixes = zip(*found, strict=True)
        return fail("; ".join(words), "; ".join(dict.fromkeys(fixes)))
    if health.camera_code is not None:
        return warn(f"the camera is off: {health.camera_reason}", "see camera-present and consent")
    return ok(f"{health.kitchen}: cloud {health.cloud}")


def _wrong(health: HealthAnswer) -> list[tuple[str, str]]:
    """Return what does not work, each with its fix."""
    connections = {str(name): said for name, said in _CONNECTIONS.items()}
    troubles = {str(name): said for name, said in _TROUBLES.items()}
    if health.pairing_code is not None:
        troubles[Trouble.NOT_PAIRED] = (
            f"not paired: it waits until an operator confirms its code, {health.pairing_code}",
            f"on the cloud's server: `likelight-cloud pairing confirm {health.pairing_code} KID`",
        )
    obstacle = next((one for one in Obstacle if one.code == health.obstacle), None)
    # Not paired, it can't be connected: one cause, one line.
    paired = Trouble.NOT_PAIRED not in health.troubles
    found = [troubles.get(name, (name, _LOG)) for name in health.troubles]
    if paired and health.cloud in connections:
        found.append(connections[health.cloud])
    if obstacle is not None and obstacle is not Obstacle.NOT_CLAIMED:
        found.insert(0, (f"{obstacle.code}: {obstacle.said}", obstacle.fix))
    found += [(f"{part}: {why}", _LOG) for part, why in health.hardware.items()]
    return found


@check(
    "catalogue",
    what="The device shows the notes that the cloud asks for",
    why="Where these can't be used or do not come, the old ones stay, and viewers get no new ones",
    fix="Refused: mend the folder (`likelight notes check FOLDER`) and publish it; else see cloud",
)
def catalogue(system: System) -> Finding:
    if system.socket is None:
        return skip("no daemon is asked")
    try:
        trouble = system.ask_daemon(system.socket).catalogue
    except (NotRunning, CommandRefused):
        return skip("no daemon answers: see daemon")
    return warn(trouble) if trouble else ok("it does, or none is asked for")


CHECKS: tuple[Check, ...] = (daemon, catalogue)
