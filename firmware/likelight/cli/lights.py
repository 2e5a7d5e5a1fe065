"""`likelight lights`: tries the lamp, through the running daemon or alone, or switches it off."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from likelight.appreciation.lamp.effects import EFFECTS, Effect, UnknownEffect, effect
from likelight.cli.exits import Exit, end
from likelight.cli.target import add_device_options, target_of

if TYPE_CHECKING:
    from likelight.appreciation.lamp.lamp import Lamp
    from likelight.appreciation.lamp.trial import Planned
    from likelight.cli.target import Commands, Target
    from likelight.config.settings import Config
    from likelight.web.control.messages import EffectsAnswer, Request

    Plan = Callable[[Lamp], tuple[Planned, ...]]

_NAMES_A_LAMP = "lights.driver in the configuration names a lamp"


def add_lights(commands: "Commands") -> None:
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
        add_device_options(action)
    strip = actions.add_parser("strip", help="draw an effect over time, as a small picture")
    strip.add_argument("effect", metavar="EFFECT", help=", ".join(EFFECTS))
    strip.add_argument("--out", type=Path, required=True, metavar="FILE", help="the picture, .png")
    strip.set_defaults(run=_strip)


def _test(arguments: argparse.Namespace) -> Exit:
    return _show(target_of(arguments), "/lights/test", None, lambda lamp: lamp.test())


def _play(arguments: argparse.Namespace) -> Exit:
    from likelight.web.control.messages import PlayRequest

    name = arguments.effect
    try:
        effect(name)
    except UnknownEffect as error:
        return end(error, Exit.USAGE)
    wanted = PlayRequest(effect=name)
    return _show(target_of(arguments), "/lights/play", wanted, lambda lamp: lamp.play(name))


def _show(target: "Target", url: str, request: "Request | None", plan: "Plan") -> Exit:
    """Let the daemon's lamp play or, where no daemon runs, the lamp by itself."""
    from likelight.web.control.client import CommandRefused, NotRunning, call
    from likelight.web.control.messages import EffectsAnswer

    try:
        answer = call(target.socket, "POST", url, EffectsAnswer, request)
    except NotRunning:
        return _show_alone(target.config, plan)
    except CommandRefused as refused:
        return end(refused, Exit.UNAVAILABLE)
    return _follow(answer)


def _follow(answer: "EffectsAnswer") -> Exit:
    """Name each effect when the daemon's lamp begins it; return after the last."""
    if answer.simulated:
        print(f"SIMULATED: no real lamp shows this. {_NAMES_A_LAMP}")
    ends = began = time.monotonic()
    for one in answer.effects:
        _sleep_until(began + one.starts_s)
        _name(effect(one.name))
        ends = began + one.starts_s + one.seconds
    _sleep_until(ends)
    return Exit.DONE


def _show_alone(config: "Config", plan: "Plan") -> Exit:
    from likelight.cli.lamp_alone import play_alone
    from likelight.runtime.log import logging_to_stderr
    from likelight_hw.ports import HardwareError

    if all(lamp.driver == "sim" for lamp in config.lights):
        print(f"SIMULATED: there is nothing to see. {_NAMES_A_LAMP}")
    with logging_to_stderr():
        try:
            gave_light = play_alone(config, plan, lambda one: _name(one.effect))
        except HardwareError as error:
            return end(error, Exit.UNAVAILABLE)
        except KeyboardInterrupt:
            return Exit.INTERRUPTED
    return Exit.DONE if gave_light else Exit.UNAVAILABLE


def _off(arguments: argparse.Namespace) -> Exit:
    if arguments.hardware:
        from likelight.cli.all_off import all_off

        return all_off(arguments)
    from likelight.cli.send import send_command

    done = "Dark until `likelight lights on`, or the next start."
    return send_command(target_of(arguments), "/lights/off", done)


def _on(arguments: argparse.Namespace) -> Exit:
    from likelight.cli.send import send_command

    return send_command(target_of(arguments), "/lights/on", "The lamp is on again.")


def _strip(arguments: argparse.Namespace) -> Exit:
    from likelight.appreciation.lamp.strip import strip

    if arguments.out.suffix.lower() != ".png":
        return end(f"{arguments.out} is not a picture's name; let it end with .png", Exit.USAGE)
    try:
        picture = strip(effect(arguments.effect))
        picture.save(arguments.out, "PNG", optimize=True)
    except (UnknownEffect, OSError) as error:
        return end(error, Exit.USAGE)
    print(f"{arguments.out}: {picture.width} x {picture.height}")
    return Exit.DONE


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def _name(shown: Effect) -> None:
    print(f"{shown.name:10} {shown.means}", flush=True)
