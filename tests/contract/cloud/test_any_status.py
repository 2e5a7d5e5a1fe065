"""Whatever a device with a good token sends as its status: the cloud says what is wrong with it."""

import asyncio
import secrets
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.cloud import KID, TOKEN, Site, serving, status
from support.strange import STRANGE, changed, paths, replaced, wire

WHOLE = status(
    cursor="c1",
    applied_version=1,
    camera={
        "state": "closed",
        "since": "2026-11-21T11:59:00Z",
        "cause": "schedule",
        "opens_at": "2026-11-21T15:00:00Z",
    },
    light={"lit_total": 0, "last_lit_at": "2026-11-21T11:59:00Z"},
    notes=[{"id": "n1", "shown_at": "2026-11-21T11:59:00Z", "thanked_at": "2026-11-21T11:59:30Z"}],
    thanks={"id": "t1", "at": "2026-11-21T11:59:00Z"},
    health={
        "sw": "0.1.0",
        "uptime_s": 1,
        "temp_c": 61.2,
        "throttled": 0,
        "disk_free_mb": 812,
        "rssi": -61,
        "clock_skew_ms": 40,
        "fps": 30,
        "consent_review": "2027-02-01",
        "findings": [{"id": "lamp", "level": "fail"}],
    },
)


def of_a_new_boot(body: Any) -> Any:
    """Return `body` as the newest status of all, so that the cloud keeps what it says."""
    if isinstance(body, dict) and body.get("boot_id") == WHOLE["boot_id"]:
        return {**body, "boot_id": secrets.token_hex(8)}
    return body


async def taken(site: Site, said: Any) -> int:
    """Post `said`; check that the kitchen still answers everybody, and return the status."""
    body = of_a_new_boot(said)
    if isinstance(body, dict):
        await site.poll(boot_id=body.get("boot_id"))
    reply = await site.call(
        "POST",
        f"/v1/kitchens/{KID}/status",
        data=wire(body),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    assert (await site.call("GET", f"/v1/kitchens/{KID}")).status == 200
    assert (await site.poll()).status == 200
    return reply.status


async def test_each_field_with_each_strange_value_is_taken_or_refused(tmp_path: Path) -> None:
    async with serving(tmp_path / "cloud.db") as site:
        seen = set()
        for path in paths(WHOLE):
            for value in STRANGE:
                code = await taken(site, replaced(WHOLE, path, value))
                assert code in (200, 400, 413, 422), (path, value)
                seen.add(code)
        assert {200, 422} <= seen


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(changed(WHOLE), min_size=1, max_size=5))
def test_any_status_is_taken_or_refused(tmp_path: Path, bodies: list[Any]) -> None:
    async def scenario() -> None:
        async with serving(tmp_path / "cloud.db") as site:
            for body in bodies:
                assert await taken(site, body) in (200, 400, 413, 422)

    asyncio.run(scenario())
