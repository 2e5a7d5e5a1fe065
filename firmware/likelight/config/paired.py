"""Which kitchen an operator has made this device, where its configuration leaves that open: a layer
below the configuration, in the state directory."""

import json
from pathlib import Path

from likelight.config.layers import Layer, layer_of_file, merged
from likelight.config.section import full_path
from likelight.runtime.atomic_file import replace_file

PAIRED_FILE = "paired.toml"


def with_paired(layers: list[Layer], state_dir: Path) -> list[Layer]:
    """Return `layers` over what was paired, where they name a cloud. It stands in the state
    directory that they name, else in `state_dir`."""
    settings = merged(layers)
    cloud = settings.get("cloud")
    if not isinstance(cloud, dict) or "url" not in cloud:
        return layers
    try:
        file = full_path(Path(settings.get("state_dir", state_dir))) / PAIRED_FILE
        return [layer_of_file(file, str(file)), *layers]
    except (OSError, TypeError, ValueError):
        return layers


def paired_id(state_dir: Path) -> str | None:
    """Return the id of the kitchen that was paired; None without one."""
    try:
        kid = layer_of_file(state_dir / PAIRED_FILE, "").settings["kitchen"]["id"]
    except (OSError, KeyError, TypeError):
        return None
    return kid if isinstance(kid, str) else None


def write_paired(state_dir: Path, kid: str, name: str) -> None:
    """Keep which kitchen this device is, on the disk on return. Raises `OSError`."""
    # JSON's texts are TOML's, too.
    text = f"[kitchen]\nid = {json.dumps(kid)}\nname = {json.dumps(name)}\n"
    replace_file(state_dir / PAIRED_FILE, text, mode=0o644)
