"""`likelight demo` and `likelight run`: the daemon itself."""

import argparse
import logging
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.cli.config import add_set_option
from likelight.cli.exits import Exit, end
from likelight.cli.target import demo_config, demo_state_dir
from likelight.config.places import DEFAULT_FILE

if TYPE_CHECKING:
    from likelight.cli.target import Commands
    from likelight.config.last_good import LastGood
    from likelight.config.settings import Config
    from likelight.daemon.app import RunOptions
    from likelight.daemon.self_check import Look

log = logging.getLogger(__name__)


def add_demo(commands: "Commands") -> None:
    """Add `likelight demo`."""
    demo = commands.add_parser(
        "demo",
        help="the whole system on this computer, with simulated hardware",
        description="Start the whole system with simulated hardware: a kitchen, its camera and "
        "lamp, and the page for its viewers. Ctrl-C ends it. What was liked is kept in "
        "--state-dir.",
    )
    demo.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on; 0.0.0.0 lets phones on this network in (default %(default)s)",
    )
    demo.add_argument(
        "--port", type=port, default=8080, help="port to listen on (default %(default)s)"
    )
    demo.add_argument(
        "--state-dir",
        type=Path,
        default=demo_state_dir(),
        metavar="DIR",
        help="where likes and notes are kept (default %(default)s)",
    )
    demo.add_argument(
        "--camera",
        type=_camera,
        default=("sim", None),
        metavar="sim|file:PATH",
        help="a drawn kitchen, or any video file, looped (default sim)",
    )
    demo.add_argument(
        "--barcode",
        action="store_true",
        help="draw each frame's capture time into the picture, for measuring",
    )
    demo.add_argument("--no-browser", action="store_true", help="don't open the pages in a browser")
    demo.add_argument(
        "--for",
        dest="seconds",
        type=_seconds,
        metavar="SECONDS",
        help="end this long after it is ready",
    )
    demo.set_defaults(run=_demo)


def add_run(commands: "Commands") -> None:
    """Add `likelight run`."""
    run = commands.add_parser(
        "run",
        help="the daemon of a kitchen, from its configuration",
        description="Run the daemon of one kitchen, as its configuration says. systemd does this.",
    )
    run.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_FILE,
        metavar="FILE",
        help="the configuration, TOML (default %(default)s)",
    )
    add_set_option(run)
    run.set_defaults(run=_run)


def _demo(arguments: argparse.Namespace) -> Exit:
    from likelight.config.settings import CameraSettings, WebSettings
    from likelight.daemon.app import RunOptions
    from likelight.web.http.public_site import SELF

    driver, path = arguments.camera
    config = demo_config(
        arguments.state_dir.absolute(),
        WebSettings(host=arguments.host, port=arguments.port, embed_origins=(SELF,)),
        CameraSettings(driver=driver, path=path, barcode=arguments.barcode),
    )
    browser = not arguments.no_browser
    return serve(config, RunOptions(bench=True, browser=browser, seconds=arguments.seconds))


def _run(arguments: argparse.Namespace) -> Exit:
    from likelight.config.cautions import cautions
    from likelight.config.last_good import LastGood
    from likelight.config.reset import reset_is_begun
    from likelight.config.settings import ConfigError, read_layered
    from likelight.daemon.app import RunOptions

    file, mistakes = arguments.config.absolute(), ""
    try:
        config = read_layered(arguments.config, os.environ, arguments.assignments).config
        options = RunOptions(good=LastGood(file=file, config=config))
    except ConfigError as error:
        good = _last_good(file, arguments.assignments)
        if good is None:
            raise
        config, mistakes, options = good.config, str(error), RunOptions(broken=True)
    if reset_is_begun(config.state_dir):
        _finish_reset(config)
        # What was read may have been the old store's.
        return _run(arguments)
    if config.cloud.url is not None:
        options = replace(options, look=_own_look(config))
    for words in cautions(config):
        print(f"likelight: {words}", file=sys.stderr)
    return serve(config, options, mistakes)


def _finish_reset(config: "Config") -> None:
    """End a reset that was begun. Raises `ConfigError` where that can't be done: as long as
    anything is left of the old store, the device must not run with it."""
    from likelight.config.reset import finish_reset
    from likelight.config.settings import ConfigError
    from likelight.config.state_dir import held

    try:
        with held(config.state_dir):
            finish_reset(config)
    except OSError as error:
        words = f"the store of before can't be forgotten: {error.filename}: {error.strerror}"
        raise ConfigError(f"{words}; `sudo likelight reset --for-another-store`") from error


def _own_look(config: "Config") -> "Look":
    """Return what looks at the device of `config`; only a cloud elsewhere hears what it finds."""
    from likelight.config.places import CONTROL_SOCKET, runtime_dir
    from likelight.fleet.doctor.own_look import OwnLook, no_command
    from likelight.fleet.doctor.system import System

    socket = runtime_dir(config.state_dir) / CONTROL_SOCKET
    return OwnLook(lambda: System(config, socket=socket, run=no_command))


def _last_good(file: Path, assignments: list[str]) -> "LastGood | None":
    """Return the last good configuration of `file`, which is broken, or gone; None without one."""
    from likelight.config.last_good import named_state_dirs, read_last_good
    from likelight.config.places import default_state_dir

    named = named_state_dirs(file, os.environ, assignments)
    return read_last_good([*named, default_state_dir()], file)


def serve(config: "Config", options: "RunOptions", mistakes: str = "") -> Exit:
    """Run the daemon of `config` until it ends; `mistakes` are those of a newer configuration."""
    from likelight.config.settings import ConfigError
    from likelight.daemon.app import KitchenChosen, run
    from likelight.runtime.log import logging_to_stderr
    from likelight.runtime.supervisor import GaveUp, root_cause
    from likelight_hw.ports import HardwareError

    code = Exit.DONE
    with logging_to_stderr():
        if mistakes:
            log.error("%s", mistakes)
            log.error("The last good configuration runs, with the camera off. Mend it, and restart")
        try:
            run(config, options)
        except* (ConfigError, HardwareError) as refused:
            code = end(root_cause(refused), Exit.USAGE)
        except* KitchenChosen as chosen:
            code = end(root_cause(chosen), Exit.AGAIN)
        except* GaveUp as gave_up:
            code = end(root_cause(gave_up), Exit.SOFTWARE)
    return code


def port(text: str) -> int:
    """Return the port that an option names. Raises `argparse.ArgumentTypeError`."""
    if not text.isdigit() or not 1024 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port; use a number from 1024 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return seconds


def _camera(text: str) -> tuple[str, Path | None]:
    if text == "sim":
        return "sim", None
    driver, _, path = text.partition(":")
    if driver == "file" and path:
        return "file", Path(path).absolute()
    raise argparse.ArgumentTypeError(f"{text} is not a camera; use sim or file:PATH")
