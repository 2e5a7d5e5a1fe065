"""`likelight lights off --hardware`: switch all lights off after the daemon's end, even with a
configuration that is broken, or was changed since the daemon opened them.

systemd runs it as ExecStopPost. It always succeeds: a unit whose ExecStopPost fails is a failed
unit, which switches no light off.
"""

import argparse
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from likelight.cli.exits import Exit
from likelight.cli.target import Places, target_of, usual_state_dir
from likelight.config.places import runtime_dir

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from likelight.config.opened_lights import OpenedLights

log = logging.getLogger(__name__)


def all_off(arguments: argparse.Namespace) -> Exit:
    """Switch the lamp and the on-air light off. Never raises."""
    try:
        from likelight.runtime.log import logging_to_stderr

        with logging_to_stderr():
            try:
                _switch_off(arguments)
            except Exception:
                log.exception("The lights may still be on")
    except Exception:
        # Even the log fails, so we can report it nowhere.
        with suppress(Exception):
            log.exception("The lights may still be on")
    return Exit.DONE


def _switch_off(arguments: argparse.Namespace) -> None:
    from likelight.config.settings import ConfigError
    from likelight_hw import registry

    places = Places()
    try:
        target = target_of(arguments)
        wiring = target.config.wiring
    except Exception as error:
        # Whatever it is, the lights that were opened are known without a configuration.
        log.warning("%s", error, exc_info=not isinstance(error, ConfigError))
        state_dir = usual_state_dir(places)
        looked_in = (runtime_dir(state_dir), places.service_runtime, state_dir)
        opened = _opened_lights(looked_in, needed=True)
        if opened is None:
            log.warning("No light was switched off")
            return
        log.warning("Switching off what likelight opened when it started last")
        registry.all_off(opened.lamps, opened.indicator)
    else:
        opened = _opened_lights(_directories(target.config.state_dir, places), needed=False)
        lamps, indicator = wiring.lights, wiring.indicator
        if opened is not None and (opened.lamps, opened.indicator) != (lamps, indicator):
            # One pin may mean light when it is high in one of them, and when it is low in the
            # other: only what was opened can be on.
            log.warning("The configuration has changed: switching off what likelight opened last")
            lamps, indicator = opened.lamps, opened.indicator
        registry.all_off(lamps, indicator)
        _warn_of_a_daemon(target.socket)


def _directories(state_dir: "Path", places: Places) -> "tuple[Path, ...]":
    """Return where the daemon with this `state_dir` leaves its lights.json."""
    service = (places.service_runtime,) if state_dir == places.service_state else ()
    return (runtime_dir(state_dir), *service, state_dir)


def _warn_of_a_daemon(control_socket: "Path") -> None:
    # Imported once the lights are off, which nothing in it may prevent.
    from likelight.web.control.client import listens

    if listens(control_socket):
        log.warning(
            "A likelight runs here and may light them again; to keep the lamp dark while it runs: "
            "`likelight lights off`"
        )


def _opened_lights(looked_in: "Iterable[Path]", *, needed: bool) -> "OpenedLights | None":
    """Return what the last daemon opened, None when that is not known.

    The log then says why, as far as a file is damaged, or `needed` and absent.
    """
    from likelight.config.opened_lights import LightsFileError, read_opened_lights

    directories = dict.fromkeys(looked_in)
    unusable = False
    for directory in directories:
        try:
            opened = read_opened_lights(directory)
        except LightsFileError as error:
            log.warning("%s", error)
            unusable = True
            continue
        if opened is not None:
            return opened
    if needed and not unusable:
        log.warning(
            "No likelight has left a lights.json in %s",
            " or ".join(str(directory) for directory in directories),
        )
    return None
