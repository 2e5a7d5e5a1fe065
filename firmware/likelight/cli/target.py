"""Which device a command means. All commands follow this one rule:

1. `--config FILE`: the device with this configuration.
2. `--state-dir DIR`: the demo that keeps its state in DIR.
3. Neither: the device with the configuration /etc/likelight/likelight.toml, where that exists.
4. Otherwise the demo that keeps its state where `likelight demo` does without options.

A configuration that names no `state_dir` means, in this order, $STATE_DIRECTORY (systemd sets it),
the service's /var/lib/likelight where that exists, and the user's own ~/.local/state/likelight.

The service listens for commands in /run/likelight, every other daemon in its state directory.
"""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.config.places import (
    CONTROL_SOCKET,
    DEFAULT_FILE,
    SERVICE_RUNTIME,
    SERVICE_STATE,
    default_state_dir,
)

if TYPE_CHECKING:
    from likelight.config.settings import CameraSettings, Config, WebSettings

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
    """What `add_subparsers` returns; argparse has no public name for it."""

_RULE = f"""Without either option: the device with {DEFAULT_FILE}, where that exists, else the demo.
Without state_dir, a configuration means {SERVICE_STATE} where that exists."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where this machine keeps the configuration and the files of the service."""

    default_file: Path = DEFAULT_FILE
    service_state: Path = SERVICE_STATE
    service_runtime: Path = SERVICE_RUNTIME


@dataclass(frozen=True, slots=True)
class Target:
    """A device: its configuration, whose `state_dir` is the right one, and its control socket."""

    config: "Config"
    socket: Path
    demo: bool = False


def add_device_options(command: argparse.ArgumentParser) -> None:
    """Add the options that say which device is meant; `target_of` reads them."""
    group = command.add_argument_group("which device", _RULE)
    which = group.add_mutually_exclusive_group()
    which.add_argument(
        "--config", type=Path, metavar="FILE", help="the device with this configuration"
    )
    which.add_argument(
        "--state-dir", type=Path, metavar="DIR", help="the demo that keeps its state in DIR"
    )


def target_of(arguments: argparse.Namespace) -> Target:
    """Return the device that a command line means. Raises `ConfigError`."""
    return find_target(arguments.config, arguments.state_dir, Places())


def find_target(file: Path | None, state_dir: Path | None, places: Places) -> Target:
    """Return the device that `--config` and `--state-dir` mean. Raises `ConfigError`."""
    from likelight.config.settings import read_config

    if file is None and state_dir is None and places.default_file.exists():
        file = places.default_file
    demo = file is None
    if file is None:
        config = demo_config((state_dir or demo_state_dir()).absolute())
    else:
        usual = usual_state_dir(places)
        config = read_config(file, usual)
        if "state_dir" not in config.model_fields_set:
            config = config.model_copy(update={"state_dir": usual})
    return Target(config, _socket(config.state_dir, places), demo)


def socket_without_config(file: Path | None, places: Places) -> Path:
    """Return where the daemon of a configuration with a mistake most likely listens."""
    from likelight.config.last_good import named_state_dirs

    named = named_state_dirs(file or places.default_file, os.environ, ())
    sockets = [_socket(state_dir, places) for state_dir in (*named, usual_state_dir(places))]
    return next((socket for socket in sockets if socket.exists()), sockets[-1])


def usual_state_dir(places: Places) -> Path:
    """Return the state directory of a configuration that names none."""
    own = default_state_dir()
    in_service = "STATE_DIRECTORY" in os.environ
    return own if in_service or not places.service_state.is_dir() else places.service_state


def demo_state_dir() -> Path:
    """Return where the demo keeps its state, unless an option says otherwise."""
    return default_state_dir() / "demo"


def demo_config(
    state_dir: Path, web: "WebSettings | None" = None, camera: "CameraSettings | None" = None
) -> "Config":
    """Return the configuration of the demo: simulated hardware, and the cloud inside."""
    from likelight.config.settings import CameraSettings, Config, KitchenSettings, WebSettings

    return Config(
        kitchen=KitchenSettings(id="demo", name="The demo kitchen"),
        web=web or WebSettings(),
        camera=camera or CameraSettings(),
        state_dir=state_dir,
    )


def _socket(state_dir: Path, places: Places) -> Path:
    of_service = places.service_runtime / CONTROL_SOCKET
    if state_dir == places.service_state and of_service.exists():
        return of_service
    return state_dir / CONTROL_SOCKET
