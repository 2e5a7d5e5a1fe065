"""`likelight lights` and `likelight queue`: to the running daemon, or to the lamp itself."""

import argparse
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from likelight.appreciation.lamp.effects import EFFECTS, Effect, UnknownEffect, effect
from likelight.config.settings import (
    DEFAULT_FILE,
    Config,
    ConfigError,
    default_state_dir,
    read_config,
)
from likelight.runtime.log import logging_to_stderr
from likelight.web.control.client import NotRunning, Refused, call, find
from likelight_hw.ports import HardwareError

if TYPE_CHECKING:
    from likelight.appreciation.lamp.lamp import Lamp
    from likelight.appreciation.lamp.trial import Planned

log = logging.getLogger(__name__)

EXIT_USAGE = 2
EXIT_UNAVAILABLE = 69
EXIT_INTERRUPTED = 130
"""As a shell has it, of a command that Ctrl-C ended."""

QUEUE = {
    "pause": "notes and likes wait, and nothing is lost; what is under way ends first",
    "resume": "end the pause: what waited is shown",
    "skip": "the note on the screen is done, the next one comes",
    "mute": "the lamp stays at its base, notes still show; likes wait for the lamp",
    "unmute": "end the mute: the likes that waited are shown as one glow",
    "test": "show a note marked as a test, which is counted nowhere",
}
UNTIL = {
    "pause": "Paused until `likelight queue resume`, or until likelight is started again.",
    "resume": "Likes and notes are shown again.",
    "mute": "Muted until `likelight queue unmute`, or until likelight is started again.",
    "unmute": "The lamp answers likes again.",
    "test": "A note marked as a test is on its way to the screen.",
}


def add_lights(commands: Any) -> None:
    """Add `likelight lights`."""
    lights = commands.add_parser(
        "lights",
        help="try the lamp, or switch it off",
        description="Try the lamp, or switch it off. What is shown as a test is counted nowhere "
        "and reported to nobody. Without a running daemon, test and play open the lamp themselves.",
    )
    actions = lights.add_subparsers(title="commands", required=True, metavar="COMMAND")
    test = actions.add_parser("test", help="show every effect once, and say which it is")
    test.set_defaults(run=_test)
    play = actions.add_parser("play", help="show one effect")
    play.add_argument("effect", metavar="EFFECT", help=", ".join(EFFECTS))
    play.set_defaults(run=_play)
    off = actions.add_parser(
        "off", help="dark, until `lights on` or the next start; likes wait meanwhile"
    )
    off.add_argument(
        "--hardware",
        action="store_true",
        help="don't ask a daemon: open the lamp and the on-air light and switch both off. For the "
        "moment after the daemon's end; always succeeds",
    )
    off.set_defaults(run=_off)
    on = actions.add_parser("on", help="end `lights off`: the likes that waited are one glow")
    on.set_defaults(run=_on)
    for action in (test, play, off, on):
        add_device(action)
    strip = actions.add_parser("strip", help="draw an effect over time, as a small picture")
    strip.add_argument("effect", metavar="EFFECT", help=", ".join(EFFECTS))
    strip.add_argument("--out", type=Path, required=True, metavar="FILE", help="the picture, .png")
    strip.set_defaults(run=_strip)


def add_queue(commands: Any) -> None:
    """Add `likelight queue`."""
    queue = commands.add_parser(
        "queue",
        help="hold likes and notes back for a while, and let them go",
        description="Hold likes and notes back for a while, and let them go. Nothing is lost, and "
        "viewers are told only what has really happened.",
    )
    actions = queue.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, words in QUEUE.items():
        action = actions.add_parser(name, help=words, description=words.capitalize() + ".")
        action.set_defaults(run=_queue, action=name)
        add_device(action)


def add_device(action: argparse.ArgumentParser) -> None:
    """Add the options that say which device is meant; `device` reads them."""
    which = action.add_mutually_exclusive_group()
    which.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"the device's configuration (default {DEFAULT_FILE}; where there is none, the demo)",
    )
    which.add_argument(
        "--state-dir", type=Path, metavar="DIR", help="the demo that keeps its state there"
    )


def device(arguments: argparse.Namespace) -> Config:
    """Return the configuration of the device that is meant. Raises `ConfigError`."""
    if arguments.state_dir is not None:
        return Config(state_dir=arguments.state_dir.absolute())
    if arguments.config is None and not DEFAULT_FILE.exists():
        return Config(state_dir=default_state_dir() / "demo")
    return read_config(arguments.config or DEFAULT_FILE)


def _test(arguments: argparse.Namespace) -> int:
    return _show(device(arguments), "/lights/test", None, lambda lamp: lamp.test())


def _play(arguments: argparse.Namespace) -> int:
    try:
        effect(arguments.effect)
    except UnknownEffect as error:
        return _end(error, EXIT_USAGE)
    return _show(
        device(arguments),
        "/lights/play",
        {"effect": arguments.effect},
        lambda lamp: lamp.play(arguments.effect),
    )


def _show(
    config: Config,
    url: str,
    body: dict[str, Any] | None,
    plan: "Callable[[Lamp], tuple[Planned, ...]]",
) -> int:
    """Let the daemon's lamp play, or where none runs the lamp alone."""
    try:
        answer = call(find(config), "POST", url, body)
        return _follow(answer)
    except NotRunning:
        return _show_alone(config, plan)
    except Refused as refused:
        return _end(refused, EXIT_UNAVAILABLE)


def _follow(answer: dict[str, Any]) -> int:
    """Tell what the daemon's lamp shows, when it does."""
    if answer["simulated"]:
        print("SIMULATED: this lamp exists only on the bench page.")
    began = time.monotonic()
    for one in answer["effects"]:
        _until(began + one["starts_s"])
        _say(effect(one["name"]))
    _until(began + one["starts_s"] + one["seconds"])
    return 0


def _show_alone(config: Config, plan: "Callable[[Lamp], tuple[Planned, ...]]") -> int:
    from likelight.cli.lamp_alone import play_alone

    if all(lamp.driver == "sim" for lamp in config.lights):
        print("SIMULATED: there is nothing to see. lights.driver in the configuration names a lamp")
    with logging_to_stderr():
        try:
            gave_light = play_alone(config, plan, lambda one: _say(one.effect))
        except HardwareError as error:
            return _end(error, EXIT_UNAVAILABLE)
        except KeyboardInterrupt:
            return EXIT_INTERRUPTED
    return 0 if gave_light else EXIT_UNAVAILABLE


def _off(arguments: argparse.Namespace) -> int:
    if arguments.hardware:
        return _all_off(arguments)
    return _ask(arguments, "/lights/off", "Dark until `likelight lights on`, or the next start.")


def _on(arguments: argparse.Namespace) -> int:
    return _ask(arguments, "/lights/on", "The lamp is on again.")


def _queue(arguments: argparse.Namespace) -> int:
    if arguments.action == "test":
        return _ask(arguments, "/notes/test", UNTIL["test"])
    if arguments.action != "skip":
        return _ask(arguments, f"/queue/{arguments.action}", UNTIL[arguments.action])
    try:
        skipped = call(find(device(arguments)), "POST", "/queue/skip")["skipped"]
    except (NotRunning, Refused) as error:
        return _end(error, EXIT_UNAVAILABLE)
    print("The next one, please." if skipped else "There is no note on the screen.")
    return 0


def _ask(arguments: argparse.Namespace, url: str, done: str) -> int:
    try:
        call(find(device(arguments)), "POST", url)
    except (NotRunning, Refused) as error:
        return _end(error, EXIT_UNAVAILABLE)
    print(done)
    return 0


def _all_off(arguments: argparse.Namespace) -> int:
    """Switch everything off, whatever is wrong: this runs when all else has ended."""
    from likelight_hw import registry

    with logging_to_stderr():
        try:
            wiring = device(arguments).wiring
            registry.all_off(wiring.lights, wiring.indicator)
        except ConfigError as error:
            _end(error, 0)
            _off_as_far_as_can_be_read(arguments.config or DEFAULT_FILE)
        except Exception:
            # A unit whose ExecStopPost fails is a failed unit, and no light goes off by that.
            log.exception("The lights may still be on")
    return 0


def _off_as_far_as_can_be_read(file: Path) -> None:
    from likelight.config.salvage import lights_in
    from likelight_hw import registry

    try:
        found = lights_in(file)
    except OSError:
        print("likelight: no light was switched off", file=sys.stderr)
        return
    registry.all_off(found.lamps, found.indicator)
    if found.lamps or found.indicator.driver != "sim":
        print("likelight: what can be read of its lights is switched off", file=sys.stderr)
    else:
        print("likelight: no light was switched off", file=sys.stderr)
    for name in found.unread:
        print(f"likelight: {name} can't be read, and may still be on", file=sys.stderr)


def _strip(arguments: argparse.Namespace) -> int:
    from likelight.appreciation.lamp.strip import strip

    try:
        picture = strip(effect(arguments.effect))
        if arguments.out.suffix.lower() != ".png":
            raise ConfigError(f"{arguments.out} is no picture's name; let it end with .png")
        picture.save(arguments.out, "PNG", optimize=True)
    except (UnknownEffect, OSError) as error:
        return _end(error, EXIT_USAGE)
    print(f"{arguments.out}: {picture.width} x {picture.height}")
    return 0


def _until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def _say(shown: Effect) -> None:
    print(f"{shown.name:10} {shown.means}", flush=True)


def _end(error: BaseException, code: int) -> int:
    print(f"likelight: {error}", file=sys.stderr)
    return code
