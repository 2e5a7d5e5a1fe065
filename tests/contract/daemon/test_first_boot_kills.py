"""A first boot that is cut off at 20 instants: each ends enrolled, by the code of its card."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from likelight.contract.enrolment import code_of, new_code
from likelight_cloud.trust.device import hashed
from support.cloud_server import cloud_server

LATEST = datetime(2099, 1, 1, tzinfo=UTC)
TESTS = Path(__file__).parents[2]
INSTANTS = 20


async def test_each_ends_enrolled_without_a_second_code_and_no_secret_is_left(
    tmp_path: Path,
) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site, asyncio.timeout(300):
        coming = []
        for number in range(INSTANTS + 1):
            kid, code = f"store-{number}", new_code()
            store = site.cloud.cloud.store
            await store.add_kitchen(kid, kid, datetime.now(UTC))
            await store.put_code(kid, hashed(code_of(code)), LATEST)
            coming.append(f"{kid}={code}")
        boots = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "support.first_boot_kills", tmp_path, site.public, *coming),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=TESTS,
        )
        try:
            said, wrong = await boots.communicate()
        finally:
            if boots.returncode is None:
                boots.kill()
                await boots.wait()
        assert boots.returncode == 0, wrong.decode()[-3000:]
        ends = [line.split() for line in said.decode().splitlines() if line.startswith("store-")]
        assert len(ends) == INSTANTS
        async with aiohttp.ClientSession(site.public) as session:
            for kid, exit_code, token in ends:
                assert exit_code == "0", kid
                bearer = {"Authorization": f"Bearer {token}"}
                url = f"/v1/kitchens/{kid}/events?wait=0"
                async with session.get(url, headers=bearer) as answer:
                    assert answer.status == 200, kid
