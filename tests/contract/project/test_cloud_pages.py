"""The pages that set a cloud's server up say what is so.

Here the page for one VM runs, and all commands are parsed; tests/e2e/cloud/play_cloud_pages.py runs
the other pages, in the long run.
"""

import re
import subprocess
from pathlib import Path

import aiohttp
import pytest

from support.cloud import KID
from support.cloud_server import cloud_server
from support.played_server import (
    CLOUD,
    FOLLOWED,
    NOTED,
    SERVED,
    WELL,
    blocks,
    needs_root,
    run,
    written,
)

PAGES = ("ONE_VM.md", "MANAGED_POSTGRESQL.md", "SEVERAL_HOSTS.md")


@needs_root
def test_the_page_for_one_vm(tmp_path: Path) -> None:
    install, commands, _ = blocks("ONE_VM.md")
    told = run(
        tmp_path / "whole",
        written(install).rstrip() + FOLLOWED,
        SERVED,
        written(commands),
        "ls /var/lib/likelight-cloud/\n",
        NOTED,
    )
    assert WELL in told
    tokens = re.findall(r"^[\w-]{43}$", told, re.M)
    assert len(tokens) == 2, "the kitchen's and the operator's"
    assert "likelight-cloud.sqlite3" in told
    assert "systemctl enable --now likelight-cloud.socket" in told
    assert "certbot --nginx -d kitchens.example.com" in told


@pytest.mark.parametrize("page", PAGES)
def test_bash_takes_each_command(page: str) -> None:
    assert blocks(page)
    for block in blocks(page):
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), block


async def test_the_table_of_what_a_cdn_may_keep_is_what_the_server_says(tmp_path: Path) -> None:
    page = (CLOUD / "SEVERAL_HOSTS.md").read_text()
    rows = re.findall(r"^\| (.+) \| (.+) \|$", page.split("## A CDN in front")[1], re.M)[1:]
    said = {said for _, said in rows}
    async with (
        cloud_server(tmp_path / "db", "https://kitchens.example.com") as served,
        aiohttp.ClientSession(headers={"Host": "kitchens.example.com"}) as session,
    ):

        async def told(path: str) -> str:
            async with session.get(f"{served.public}{path}") as reply:
                assert reply.status == 200, path
                return reply.headers["Cache-Control"]

        async with session.get(f"{served.public}/k/{KID}") as reply:
            html = await reply.text()
        hashed = re.findall(r'"(/static/[^"]*\.[0-9a-f]{16}\.[^"]*)"', html)
        assert hashed
        stated = (f"/k/{KID}/card.png", "/oembed?url=https://kitchens.example.com/k/demo")
        for paths, caching in (
            (hashed, "public, max-age=31536000, immutable"),
            (
                (
                    f"/k/{KID}",
                    f"/k/{KID}/here",
                    f"/embed/{KID}",
                    "/",
                    "/privacy",
                    "/robots.txt",
                    "/privacy.json",
                ),
                "no-cache",
            ),
            (stated, "public, max-age=3600"),
            (("/v1/catalogue",), "public, max-age=300"),
            ((f"/v1/kitchens/{KID}",), "public, max-age=1"),
            (("/v1/me", "/healthz"), "no-store"),
        ):
            assert {await told(path) for path in paths} == {caching}
            assert any(f"`{caching}`" in row for row in said)
