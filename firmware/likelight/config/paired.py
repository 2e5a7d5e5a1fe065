"""Which kitchen an operator has made this device, where its configuration leaves that open: a layer
below the configuration, in the state directory."""

from pathlib import Path

from likelight.config.layers import Layer, layer_of_file, merged
from likelight.config.section import full_path
from likelight.config.toml_lines import Key
from likelight.config.toml_text import quoted
from likelight.runtime.atomic_file import replace_file

PAIRED_FILE = "paired.toml"
_CHOSEN = ("id", "name")


def with_paired(layers: list[Layer], state_dir: Path) -> list[Layer]:
    """Return `layers` over what was paired, where they name a cloud. It stands in the state
    directory that they name, else in `state_dir`."""
    settings = merged(layers)
    cloud = settings.get("cloud")
    if not isinstance(cloud, dict) or "url" not in cloud:
        return layers
    try:
        file = full_path(Path(settings.get("state_dir", state_dir))) / PAIRED_FILE
        return [_layer(file), *layers] if file.is_file() else layers
    except (OSError, TypeError, ValueError):
        return layers


def _layer(file: Path) -> Layer:
    """Return what `file` says of the kitchen, and nothing else of what may stand there.

    The service's account can write it, and root's commands read it: another `cloud.token_file` of
    its choice would be a file that root writes.
    """
    layer = layer_of_file(file, str(file))
    kitchen = layer.settings.get("kitchen")
    table = kitchen if isinstance(kitchen, dict) else {}
    chosen = {key: table[key] for key in _CHOSEN if key in table}
    lines: dict[Key, int] = {}
    for key in chosen:
        if line := layer.lines.get(("kitchen", key)):
            lines["kitchen", key] = line
    return Layer(layer.name, {"kitchen": chosen}, lines, layer.mistakes)


def paired_id(state_dir: Path) -> str | None:
    """Return the id of the kitchen that was paired; None without one."""
    try:
        kid = layer_of_file(state_dir / PAIRED_FILE, "").settings["kitchen"]["id"]
    except (OSError, KeyError, TypeError):
        return None
    return kid if isinstance(kid, str) else None


def write_paired(state_dir: Path, kid: str, name: str) -> None:
    """Keep which kitchen this device is, on the disk on return. Raises `OSError`."""
    text = f"[kitchen]\nid = {quoted(kid)}\nname = {quoted(name)}\n"
    replace_file(state_dir / PAIRED_FILE, text, mode=0o644)
