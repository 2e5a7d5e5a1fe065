"""From a configuration to a report: the hardware is opened, tested, and switched off."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path

from likelight.config.settings import Config
from likelight.config.state_dir import held
from likelight.fleet.doctor.system import System
from likelight.fleet.selftest.hardware import open_hardware
from likelight.fleet.selftest.report import SelfTestReport, write_report
from likelight.fleet.selftest.session import SelfTestSession
from likelight.fleet.selftest.steps import STEPS
from likelight.fleet.selftest.technician import Technician, keyboard

Say = Callable[[str], None]


def selftest(config: Config, file: Path, *, unattended: bool, say: Say) -> SelfTestReport:
    """Test the hardware of `config`; write what was seen to `file` and return it.

    Afterwards all is dark. Holds the state directory, so that no daemon starts meanwhile. Raises
    `ConfigError` when one runs, `HardwareError` for an unknown driver, `OSError` for the report,
    and `CancelledError` when a signal ends it.
    """
    with held(config.state_dir) as state_dir, _owner_kept(state_dir):
        seen = asyncio.run(_test(config, unattended=unattended, say=say))
        write_report(seen, file)
        return seen


async def _test(config: Config, *, unattended: bool, say: Say) -> SelfTestReport:
    system, hardware = System(config), open_hardware(config)
    technician = Technician(unattended=unattended, hint=say)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(hardware.close)
        # A lost terminal (SIGHUP) or a shutdown leaves no lamp on, either.
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(ending, task.cancel)
        if not unattended:
            await stack.enter_async_context(keyboard(sys.stdin.fileno(), technician.on_line))
        if hardware.simulated:
            say(
                f"SIMULATED: {', '.join(hardware.simulated)}. What is simulated answers for itself."
            )
        return await SelfTestSession(system, hardware, technician, say).run(STEPS, system.now)


@contextmanager
def _owner_kept(state_dir: Path) -> Iterator[None]:
    """Give files that root made to the directory's owner: the service couldn't open them."""
    try:
        yield
    finally:
        if os.geteuid() == 0:
            owner = state_dir.stat()
            for entry in state_dir.iterdir():
                with suppress(FileNotFoundError):
                    os.chown(entry, owner.st_uid, owner.st_gid, follow_symlinks=False)
