"""The steps of the self-test for the network and the cloud. They run checks of the doctor."""

import asyncio
from collections.abc import Sequence

from likelight.fleet.doctor import doctor
from likelight.fleet.doctor.check import Check, Result
from likelight.fleet.doctor.checks import clock, network, service
from likelight.fleet.selftest.own_cloud import own_cloud_answers
from likelight.fleet.selftest.report import Outcome, failed, passed
from likelight.fleet.selftest.session import SelfTestSession


async def check_network(session: SelfTestSession) -> Outcome:
    await session.tell(session.words.looking, "Looking for the way out.")
    return await _examine(session, (*network.WAY_OUT, clock.clock, service.port))


async def check_cloud(session: SelfTestSession) -> Outcome:
    await session.tell(session.words.asking, "Asking the cloud.")
    if session.config.cloud.url is None:
        return await own_cloud_answers(session.config, session.system.now)
    return await _examine(session, network.CLOUD)


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
