"""What `/boot/firmware/config.txt` switches on for this board."""

from likelight.fleet.doctor.system import System

FILES = ("/boot/firmware/config.txt", "/boot/config.txt")
_SECTIONS = {
    "zero-2w": {"pi0", "pi02"},
    "pi-3b-plus": {"pi3", "pi3+"},
    "pi-4": {"pi4"},
    "pi-5": {"pi5"},
}
_MODELS = {"pi0", "pi0w", "pi02", "pi1", "pi2", "pi3", "pi3+", "pi4", "pi5", "pi400", "pi500"}
_MODELS |= {"cm1", "cm3", "cm4", "cm4s", "cm5", "none"}

Switched = dict[str, list[tuple[str, ...]]]
"""`dtparam` and `dtoverlay`, each with the words of its lines."""


def switched_on(system: System) -> Switched | None:
    """Return the effective lines; None where there is no such file, or it can't be read."""
    text = system.text(*FILES)
    if text is None:
        return None
    mine = _SECTIONS.get(system.config.board or "", _MODELS)
    counts, found = True, Switched()
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.strip("[]").lower()
            counts = section not in _MODELS or section in mine
        elif counts and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key.strip(), []).append(tuple(value.replace(" ", "").split(",")))
    return found


def has_param(switched: Switched, name: str) -> bool:
    """Return whether `dtparam=name` is there, alone or with others, and not off."""
    words = [word for line in switched.get("dtparam", []) for word in line]
    values = [word.partition("=")[2] for word in words if word.partition("=")[0] == name]
    return bool(values) and values[-1] not in ("off", "0", "no", "false")
