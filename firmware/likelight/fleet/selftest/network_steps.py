"""The steps of the self-test for the network and the cloud. They run checks of the doctor."""

import asyncio
from collections.abc import Sequence

from likelight.appreciation.sync.client import CloudError
from likelight.fleet.doctor import doctor
from likelight.fleet.doctor.check import Check, Result
from likelight.fleet.doctor.checks import clock, network, service
from likelight.fleet.selftest.report import Outcome, failed, passed
from likelight.fleet.selftest.session import SelfTestSession, first_error
from likelight.runtime.cleanup import raise_if_cancelled
from likelight.runtime.store_errors import StoreError


async def check_network(session: SelfTestSession) -> Outcome:
    await session.tell(session.words.looking, "Looking for the way out.")
    return await _examine(session, (*network.WAY_OUT, clock.clock, service.port))


async def check_cloud(session: SelfTestSession) -> Outcome:
    await session.tell(session.words.asking, "Asking the cloud.")
    if session.device.ask_own_cloud is None:
        return await _examine(session, network.CLOUD)
    outcome = passed("the cloud inside likelight answers to this device's token")
    try:
        await session.device.ask_own_cloud()
    except* (CloudError, StoreError, OSError) as errors:
        words = str(first_error(errors)) or "it was not ready in time"
        outcome = failed(f"the cloud inside likelight: {words}")
    raise_if_cancelled()
    return outcome


async def _examine(session: SelfTestSession, checks: Sequence[Check]) -> Outcome:
    """Let the doctor look; the first thing that failed is the step's."""
    found = await asyncio.to_thread(doctor.examine, session.system, checks)
    for diagnosis in found:
        if diagnosis.finding.result is Result.FAIL:
            no = f"{diagnosis.check.what}? No: {diagnosis.finding.words}"
            return failed(no, diagnosis.fix)
    seen = (one.finding for one in found if one.finding.result is not Result.SKIP)
    words = "; ".join(finding.words for finding in seen)
    return passed(words or found[0].finding.words)
