"""A bound on clean-up work that may hang, also in a task that is being cancelled."""

import asyncio
from collections.abc import Coroutine


async def finish_within(work: Coroutine[object, object, None], seconds: float) -> bool:
    """Do `work`, but cancel it after `seconds`; return whether it was done. Raises what it raises.

    It runs in a task of its own, so that it may have time-outs inside. It uses neither
    asyncio.timeout() nor wait_for(): before Python 3.11.4 the first raises CancelledError in place
    of TimeoutError in a task that is being cancelled; before 3.12 the second swallows a
    cancellation that comes in the moment in which the work ends.
    """
    job = asyncio.ensure_future(work)
    try:
        await asyncio.wait((job,), timeout=seconds)
    finally:
        done = job.done()
        job.cancel()
    if done:
        job.result()
    return done
