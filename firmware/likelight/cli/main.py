"""The command `likelight`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from likelight import __version__
from likelight.cli.consent import add_consent
from likelight.cli.fleet import add_doctor, add_selftest
from likelight.cli.lights import add_lights, add_queue
from likelight.cli.notes import add_notes
from likelight.config.settings import (
    DEFAULT_FILE,
    CameraSettings,
    Config,
    ConfigError,
    KitchenSettings,
    WebSettings,
    default_state_dir,
    read_config,
)
from likelight.runtime.log import logging_to_stderr
from likelight.runtime.supervisor import GaveUp, root_cause
from likelight_hw.ports import HardwareError

EXIT_USAGE = 2
EXIT_UNAVAILABLE = 69
"""sysexits(3) EX_UNAVAILABLE: the device doesn't run, or the crew doesn't share."""
EXIT_SOFTWARE = 70
"""sysexits(3) EX_SOFTWARE: a critical component gave up; systemd starts the daemon afresh."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except ConfigError as error:
        return _end(error, EXIT_USAGE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="likelight",
        description="A lamp in a kitchen lights when somebody watching taps Like.",
        epilog="Start with: likelight demo",
    )
    parser.add_argument("--version", action="version", version=f"likelight {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

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
        "--port", type=_port, default=8080, help="port to listen on (default %(default)s)"
    )
    demo.add_argument(
        "--state-dir",
        type=Path,
        default=default_state_dir() / "demo",
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
    run.set_defaults(run=_run)

    camera = commands.add_parser("camera", help="look through the camera, to place its masks")
    views = camera.add_subparsers(title="commands", required=True, metavar="COMMAND")
    preview = views.add_parser(
        "preview",
        help="what viewers see, with its masks and a grid, in a file",
        description="Write one picture of the running device, masked as viewers get it, under a "
        "grid of tenths: the corners of camera.masks are read off it. Works only while the "
        "kitchen may be watched, and the on-air light goes on for it.",
    )
    preview.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the picture, .jpg or .png"
    )
    preview.add_argument(
        "--config",
        type=Path,
        default=DEFAULT_FILE,
        metavar="FILE",
        help="the configuration of the running device (default %(default)s)",
    )
    preview.set_defaults(run=_preview)
    add_consent(commands)
    add_lights(commands)
    add_queue(commands)
    add_notes(commands)
    add_selftest(commands)
    add_doctor(commands)
    return parser


def _demo(arguments: argparse.Namespace) -> int:
    driver, path = arguments.camera
    config = Config(
        kitchen=KitchenSettings(id="demo", name="The demo kitchen"),
        web=WebSettings(host=arguments.host, port=arguments.port),
        camera=CameraSettings(driver=driver, path=path, barcode=arguments.barcode),
        state_dir=arguments.state_dir.absolute(),
    )
    return _serve(config, bench=True, browser=not arguments.no_browser, seconds=arguments.seconds)


def _run(arguments: argparse.Namespace) -> int:
    return _serve(read_config(arguments.config), bench=False, browser=False, seconds=None)


def _preview(arguments: argparse.Namespace) -> int:
    from likelight.cli.camera import NoPreview, preview

    try:
        width, height = preview(read_config(arguments.config), arguments.out)
    except NoPreview as refused:
        return _end(refused, EXIT_UNAVAILABLE)
    print(f"{arguments.out}: {width} x {height}, a line at each tenth")
    return 0


def _serve(config: Config, *, bench: bool, browser: bool, seconds: float | None) -> int:
    from likelight.daemon.app import run

    code = 0
    with logging_to_stderr():
        try:
            run(config, bench=bench, browser=browser, seconds=seconds)
        except* (ConfigError, HardwareError) as refused:
            code = _end(root_cause(refused), EXIT_USAGE)
        except* GaveUp as gave_up:
            code = _end(root_cause(gave_up), EXIT_SOFTWARE)
    return code


def _end(error: BaseException, code: int) -> int:
    print(f"likelight: {error}", file=sys.stderr)
    return code


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port; use a number from 1 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no number of seconds")
    return seconds


def _camera(text: str) -> tuple[str, Path | None]:
    if text == "sim":
        return "sim", None
    driver, _, path = text.partition(":")
    if driver == "file" and path:
        return "file", Path(path).absolute()
    raise argparse.ArgumentTypeError(f"{text} is no camera; use sim or file:PATH")
