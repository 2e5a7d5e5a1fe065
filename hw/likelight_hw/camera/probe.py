"""Checks, before anything is started, whether a camera's source can be opened."""

import asyncio
from subprocess import DEVNULL, PIPE

from likelight_hw.camera.config import CameraConfig
from likelight_hw.child.spawn import module_command
from likelight_hw.ports import HardwareError

_PROBE_S = 15.0


async def probe(config: CameraConfig) -> None:
    """Open the source once, in a process of its own, and close it again.

    Raises `HardwareError` with one line for IT when the source is missing or can't be decoded.
    """
    if config.driver == "sim" and not config.barcode:
        return
    command = (*module_command("likelight_hw.camera"), "--probe")
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True
    )
    try:
        async with asyncio.timeout(_PROBE_S):
            words, _ = await process.communicate(config.to_json().encode())
    except TimeoutError:
        raise HardwareError(f"can't read {config.path}: it does not answer") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        reason = words.decode() or f"can't read {config.path}: its video can't be decoded"
        raise HardwareError(reason)
