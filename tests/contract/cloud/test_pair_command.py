"""`likelight pair` against a real cloud: its token is on the disk before the cloud hears of it."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from likelight.cli.main import main
from likelight.config.secret import read_token
from likelight.contract import LATEST
from likelight.contract.enrolment import code_of, new_code, user_code_of
from likelight.runtime.clock import utc_now
from likelight_cloud.api.device import pairing as pairing_api
from likelight_cloud.store.base import Store
from likelight_cloud.store.pairing import Pairing
from likelight_cloud.trust.device import hashed
from support.cloud import KID
from support.cloud_server import cloud_server
from support.demo import command
from support.serving import serving
from support.waiting import WITHIN_S


class Bench:
    """A device's files, and who types there."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.token_file = folder / "token"
        self.draft = folder / "token.new"
        self.config = folder / "likelight.toml"
        self._capsys = capsys

    def set_up(self, url: str, kid: str = KID) -> None:
        """Write the configuration."""
        text = f'state_dir = "{self.config.parent}"\n[kitchen]\nid = "{kid}"\n'
        if url:
            text += f'[cloud]\nurl = "{url}"\ntoken_file = "{self.token_file}"\n'
        self.config.write_text(text)

    async def pair(self, *words: str) -> tuple[int, str]:
        """Run the command; return its exit code and what it said."""
        self._capsys.readouterr()
        done = await asyncio.to_thread(main, ["pair", *words, "--config", str(self.config)])
        said = self._capsys.readouterr()
        return done, said.out + said.err


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capsys)


async def drawn(store: Store) -> str:
    code = new_code()
    await store.put_code(KID, hashed(code_of(code)), LATEST)
    return code


async def test_a_code_enrols_this_device_under_a_token_of_its_own(
    tmp_path: Path, bench: Bench
) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site:
        store = site.cloud.cloud.store
        bench.set_up(site.public)
        done, said = await bench.pair(await drawn(store))
        assert (done, "within 10 s" in said) == (0, True)
        token = read_token(bench.token_file)
        assert hashed(token) in await store.token_hashes(KID)
        assert bench.token_file.stat().st_mode & 0o777 == 0o600
        assert not bench.draft.exists()
        # Enrolled again, as the doctor says: another token, and a daemon that has the one before.
        done, said = await bench.pair(await drawn(store))
        assert (done, "within 10 s" in said, "restart" in said) == (0, True, False)
        assert read_token(bench.token_file) != token


@asynccontextmanager
async def waiting(bench: Bench) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Run the command without a code in a process of its own; yield it and the code it shows."""
    process = await asyncio.create_subprocess_exec(
        *command("pair", "--config", str(bench.config)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WITHIN_S):
            line = (await process.stdout.readline()).decode()
        assert line.startswith("The code, for 15 minutes: ")
        yield process, line.split()[-1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def confirm(store: Store, code: str, kid: str | None) -> None:
    decided = await store.decide_pairing(b"op", hashed(user_code_of(code)), kid, utc_now())
    assert isinstance(decided, Pairing)


async def test_without_a_code_it_shows_one_and_a_confirmation_outlives_ctrl_c(
    tmp_path: Path, bench: Bench
) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site:
        store = site.cloud.cloud.store
        bench.set_up(site.public)
        async with waiting(bench) as (process, code):
            process.send_signal(signal.SIGINT)
            async with asyncio.timeout(WITHIN_S):
                _, said = await process.communicate()
            assert (process.returncode, said) == (130, b"")
        assert not bench.token_file.exists()
        await confirm(store, code, KID)
        done, said_then = await bench.pair()
        assert (done, f"({KID}) now" in said_then) == (0, True)
        assert hashed(read_token(bench.token_file)) in await store.token_hashes(KID)


async def test_a_refusal_by_the_operator_ends_it_in_words(
    tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pairing_api, "INTERVAL_S", 1)
    async with cloud_server(tmp_path / "cloud.db") as site:
        bench.set_up(site.public)
        async with waiting(bench) as (process, code):
            await confirm(site.cloud.cloud.store, code, None)
            async with asyncio.timeout(WITHIN_S):
                _, said = await process.communicate()
            assert process.returncode == 1
            assert b"the operator has refused this device" in said
        assert not bench.token_file.exists()


async def test_a_reply_that_is_lost_locks_nobody_out(tmp_path: Path, bench: Bench) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site:
        store = site.cloud.cloud.store
        code = await drawn(store)

        async def lost(request: web.Request) -> web.Response:
            # The token is on the disk by now, and the cloud takes it.
            token = bytes.fromhex((await request.json())["token_sha256"])
            assert hashed(read_token(bench.draft)) == token
            await store.redeem(hashed(code_of(code)), token, utc_now())
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

        async with serving([web.post("/v1/enrol", lost)]) as url:
            bench.set_up(url)
            done, said = await bench.pair(code)
            assert (done, "type the same again" in said) == (69, True)
            assert not bench.token_file.exists()
        bench.set_up(site.public)
        assert (await bench.pair(code))[0] == 0
        assert hashed(read_token(bench.token_file)) in await store.token_hashes(KID)


async def test_each_refusal_is_said_in_words_and_leaves_the_token_in_use(
    tmp_path: Path, bench: Bench
) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site:
        store = site.cloud.cloud.store
        bench.set_up(site.public)
        await bench.pair(await drawn(store))
        before = bench.token_file.read_text()
        used = await drawn(store)
        await store.redeem(hashed(code_of(used)), hashed("another"), utc_now())
        assert "another device has used this code" in (await bench.pair(used))[1]
        unknown = await bench.pair(new_code())
        assert (unknown[0], "mistyped, or void" in unknown[1]) == (1, True)
        old = new_code()
        await store.put_code(KID, hashed(code_of(old)), utc_now())
        assert "has expired" in (await bench.pair(old))[1]
        short = await bench.pair(old[:-1])
        assert (short[0], "CODE: an enrolment code has 26 letters" in short[1]) == (2, True)
        assert bench.token_file.read_text() == before


async def test_what_is_no_cloud_enrols_nobody(bench: Bench) -> None:
    async def log_in_page(_: web.Request) -> web.Response:
        return web.json_response({"kid": "../other", "name": "a log-in page"}, status=201)

    async with serving([web.post("/v1/enrol", log_in_page)]) as url:
        bench.set_up(url)
        done, said = await bench.pair(new_code())
    assert (done, "is not a cloud" in said) == (69, True)
    assert not bench.token_file.exists()
    bench.set_up("")
    done, said = await bench.pair(new_code())
    assert (done, "--cloud URL, or cloud.url" in said) == (2, True)
    done, said = await bench.pair(new_code(), "--cloud", "cloud.example")
    assert (done, "likelight: --cloud URL, or cloud.url: write it with https://" in said) == (
        2,
        True,
    )


async def test_without_a_cloud_in_the_configuration_it_is_told_what_to_write(
    tmp_path: Path, bench: Bench
) -> None:
    async with cloud_server(tmp_path / "cloud.db") as site:
        bench.set_up("", kid="another")
        done, said = await bench.pair(await drawn(site.cloud.cloud.store), "--cloud", site.public)
        assert done == 0
        for line in (f'id = "{KID}"', f'url = "{site.public}"', f"is in {tmp_path / 'token'}"):
            assert line in said
