"""An owner's own domain, whose certificate an authority of their own has signed: a device enrols
there over real TLS, and one that has enrolled elsewhere goes there, as systemd/UPGRADE.md says.
"""

import asyncio
import shlex
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from likelight.appreciation.sync.client import Unreachable
from likelight.appreciation.sync.http_cloud import HttpCloud
from likelight.cli.exits import Exit
from likelight.cli.main import main
from likelight.config.settings import read_config
from likelight.contract.enrolment import code_of, new_code
from likelight.fleet.boot_volume.take import CODE_FILE, Places, Taken, take
from likelight.runtime.http_session import Trust
from likelight_cloud.trust.device import hashed
from support.certificates import Authority, make_authority
from support.cloud import KID, TOKEN
from support.cloud_server import ServedCloud, cloud_server
from support.upgrade_page import commands

LATEST = datetime(2099, 1, 1, tzinfo=UTC)
PART = "Your own domain and authority"


@asynccontextmanager
async def over_tls(site: ServedCloud, authority: Authority) -> AsyncIterator[str]:
    """Answer for `site` under a name whose certificate `authority` has signed."""

    async def forward(request: web.Request) -> web.Response:
        names = ("Authorization", "Content-Type")
        headers = {name: request.headers[name] for name in names if name in request.headers}
        url, body = f"{site.public}{request.rel_url}", await request.read()
        async with session.request(request.method, url, data=body, headers=headers) as reply:
            kind = {"Content-Type": reply.headers["Content-Type"]}
            return web.Response(status=reply.status, body=await reply.read(), headers=kind)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", forward)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority.certificate, authority.key)
    server = TestServer(app, scheme="https", host="localhost")
    async with aiohttp.ClientSession() as session:
        await server.start_server(ssl=context)
        try:
            yield f"https://localhost:{server.port}"
        finally:
            await server.close()


class Device:
    """A device, its boot volume and its configuration."""

    def __init__(self, folder: Path) -> None:
        self.boot = folder / "boot"
        self.config = folder / "etc/likelight.toml"
        for made in (self.boot, folder / "profiles", folder / "state", self.config.parent):
            made.mkdir(parents=True)
        self.config.write_text(f'state_dir = "{folder}/state"\n')
        self.places = Places(self.config, folder / "profiles", folder / "report.json")

    def has_enrolled(self, url: str) -> None:
        """Be the device of the kitchen already, without an authority of its own."""
        (self.config.parents[1] / "state/token").write_text(TOKEN)
        settings = f'[kitchen]\nid = "{KID}"\n[cloud]\nurl = "{url}"\n'
        self.config.write_text(self.config.read_text() + settings)

    def takes(self, authority: bytes | None = None, enrolled: str = "") -> Taken:
        """Boot, with another `authority` on the volume perhaps, and `enrolled` at a cloud."""
        if authority is not None:
            (self.boot / "likelight/cloud-authority.pem").write_bytes(authority)
        held = {"store": KID, "cloud": enrolled, "board": "pi-5", "kit": "cheap"}
        return take(self.boot, self.places, held if enrolled else None)

    def pairs(self) -> int:
        """Do what `likelight-enrol.service` does."""
        code = self.config.with_name(CODE_FILE)
        return main(["pair", f"--config={self.config}", f"--code-file={code}"])

    def cloud(self) -> HttpCloud:
        """Return the cloud that the daemon polls."""
        cloud = read_config(self.config).cloud
        token = (self.config.parents[1] / "state/token").read_text()
        return HttpCloud(str(cloud.url), KID, token, trust=Trust(cloud.ca_file))

    async def polls(self) -> None:
        async with await asyncio.to_thread(self.cloud) as client:
            await client.events(None, 0, 0)


class Office:
    """Where the lists are, and the page's commands are typed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = make_authority(folder / "own", "DNS:localhost")
        self.code = new_code()
        shutil.copy(self.authority.ca_file, folder / "authority.pem")
        (folder / "stores.csv").write_text(f"store,name,board,kit\n{KID},Harbour,pi-5,cheap\n")
        (folder / "codes.csv").write_text(f"store,code\n{KID},{self.code}\n")

    def flashes(self, url: str, device: Device) -> None:
        """Make the seed, and copy it onto the device's volume."""
        (line,) = [line for line in commands(PART) if line.startswith("likelight flash")]
        command = [sys.executable, "-m", *shlex.split(line.replace("https://CLOUD", url))]
        subprocess.run(command, cwd=self.folder, timeout=90, check=True)
        shutil.copytree(self.folder / "seeds" / KID, device.boot, dirs_exist_ok=True)

    def goes_to(self, url: str, device: Device) -> None:
        """Do on the device what the page says."""
        typed = commands(PART)
        for line in typed:
            if line.startswith(("install", "printf")):
                here = line.replace("/etc/likelight", str(device.config.parent))
                command = ["sh", "-euc", here.replace("https://CLOUD", url)]
                subprocess.run(command, cwd=self.folder, timeout=90, check=True)
        assert "likelight config check" in typed
        assert main(["config", "check", str(device.config)]) == Exit.DONE


async def test_a_device_enrols_over_a_certificate_of_an_own_authority(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    office = await asyncio.to_thread(Office, tmp_path)
    device = await asyncio.to_thread(Device, tmp_path / "device")
    stranger = await asyncio.to_thread(make_authority, tmp_path / "stranger", "DNS:localhost")
    other = await asyncio.to_thread(stranger.ca_file.read_bytes)
    own = await asyncio.to_thread(office.authority.ca_file.read_bytes)
    async with (
        cloud_server(tmp_path / "cloud.db") as site,
        over_tls(site, office.authority) as url,
        asyncio.timeout(170),
    ):
        await site.cloud.cloud.store.put_code(KID, hashed(code_of(office.code)), LATEST)
        await asyncio.to_thread(office.flashes, url, device)
        seeded = device.boot / "likelight/cloud-authority.pem"
        assert await asyncio.to_thread(seeded.read_bytes) == own

        assert (await asyncio.to_thread(device.takes, other)).changed
        assert await asyncio.to_thread(device.pairs) == Exit.UNAVAILABLE
        assert "signed by an authority that this device does not know" in capsys.readouterr().err
        (mistake,) = (await asyncio.to_thread(device.takes, b"no certificate")).mistakes
        assert "cloud-authority.pem holds no certificate" in str(mistake)

        assert (await asyncio.to_thread(device.takes, own)).changed, "mended on the volume"
        assert not (await asyncio.to_thread(device.takes)).changed, "once for each change"
        assert await asyncio.to_thread(device.pairs) == Exit.DONE
        await device.polls()
        assert (await asyncio.to_thread(device.takes, other, url)).changed
        await device.polls()  # one that has enrolled takes no authority from a card


async def test_a_device_that_has_enrolled_goes_to_an_own_domain_with_the_token_that_it_has(
    tmp_path: Path,
) -> None:
    office = await asyncio.to_thread(Office, tmp_path)
    device = await asyncio.to_thread(Device, tmp_path / "device")
    async with (
        cloud_server(tmp_path / "cloud.db") as site,
        over_tls(site, office.authority) as url,
        asyncio.timeout(170),
    ):
        await asyncio.to_thread(device.has_enrolled, url)
        with pytest.raises(Unreachable, match="authority that this device does not know"):
            await device.polls()
        await asyncio.to_thread(office.goes_to, url, device)
        await device.polls()
