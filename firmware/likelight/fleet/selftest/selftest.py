"""From a configuration to a report: the device is assembled, tested, and switched off."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path

from likelight.config.settings import Config
from likelight.config.state_dir import held, is_new, ours
from likelight.daemon.assembly import assemble
from likelight.daemon.prepare import Prepared, prepare
from likelight.fleet.doctor.system import System
from likelight.fleet.selftest.report import SelfTestReport, write_report
from likelight.fleet.selftest.session import SelfTestSession
from likelight.fleet.selftest.steps import STEPS
from likelight.fleet.selftest.technician import Technician, keyboard
from likelight.fleet.selftest.under_test import under_test
from likelight.gate.consent import CONSENT_FILE

Say = Callable[[str], None]


def selftest(config: Config, file: Path, *, unattended: bool, say: Say) -> SelfTestReport:
    """Test the hardware of `config`; write what was seen to `file` and return it.

    Afterwards all is dark. Holds the state directory, so that no daemon starts meanwhile. Raises
    `ConfigError` when one runs, `HardwareError` for an unknown driver, `OSError` for the report,
    and `CancelledError` when a signal ends it.
    """
    with held(config.state_dir) as state_dir, _left_as_it_was(state_dir):
        prepared = prepare(config, listener=None)
        seen = asyncio.run(_test(config, prepared, unattended=unattended, say=say))
        write_report(seen, file)
        return seen


async def _test(
    config: Config, prepared: Prepared, *, unattended: bool, say: Say
) -> SelfTestReport:
    system, technician = System(config), Technician(unattended=unattended, hint=say)
    async with AsyncExitStack() as stack:
        assembled = await stack.enter_async_context(assemble(config, prepared))
        device = under_test(config, prepared, assembled)
        # A lost terminal (SIGHUP) or a shutdown leaves no lamp on, either.
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(ending, task.cancel)
        if not unattended:
            await stack.enter_async_context(keyboard(sys.stdin.fileno(), technician.on_line))
        if device.simulated:
            say(f"SIMULATED: {', '.join(device.simulated)}. What is simulated answers for itself.")
        return await SelfTestSession(system, device, technician, say).run(STEPS, system.now)


@contextmanager
def _left_as_it_was(state_dir: Path) -> Iterator[None]:
    """Leave a new device new, unless its crew has consented: its first consent elsewhere begins
    shared. Else give files that root made to the directory's owner: the service couldn't open them.
    """
    new = is_new(state_dir)
    try:
        yield
    finally:
        if new and not (state_dir / CONSENT_FILE).exists():
            for entry in ours(state_dir):
                entry.unlink(missing_ok=True)
        if os.geteuid() == 0:
            owner = state_dir.stat()
            for entry in state_dir.iterdir():
                with suppress(FileNotFoundError):
                    os.chown(entry, owner.st_uid, owner.st_gid, follow_symlinks=False)
