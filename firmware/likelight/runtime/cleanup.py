"""Two dangers for a task that is being cancelled: work that hangs, and a cancellation lost."""

import asyncio
from collections.abc import Coroutine


def raise_if_cancelled() -> None:
    """Raise `CancelledError` if the current task is asked to end. Call it after an `except*`.

    A TaskGroup whose child fails in the moment in which its own task is cancelled raises the
    child's error alone (CPython before 3.13): an `except*` for that error takes the cancellation
    with it, and the task would live for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


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
