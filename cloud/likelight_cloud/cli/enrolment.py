"""`likelight-cloud kitchen code`: a code with which a device enrols."""

import argparse
from datetime import timedelta

from likelight.contract.enrolment import code_of, new_code
from likelight.runtime.clock import utc_now
from likelight_cloud.cli.database import Commands, action, kitchen_argument, opened
from likelight_cloud.trust.device import hashed

CODE_VALID_FOR = timedelta(days=90)


def add_code(actions: Commands, database: argparse.ArgumentParser) -> None:
    """Add `likelight-cloud kitchen code`."""
    code = action(
        actions,
        "code",
        database,
        _code,
        "print a code with which one device enrols as this kitchen, once, within 90 days; it "
        "ends the code before it",
    )
    kitchen_argument(code)


async def _code(options: argparse.Namespace) -> None:
    code = new_code()
    async with opened(options) as store:
        await store.put_code(options.kid, hashed(code_of(code)), utc_now() + CODE_VALID_FOR)
    print(
        f"On the device of {options.kid}: `sudo likelight pair CODE`. The code, shown only now, is "
        f"good for one device and for 90 days; any before it is void.\n{code}"
    )
