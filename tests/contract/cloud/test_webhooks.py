"""Webhooks: signed as Standard Webhooks has it, sent to public addresses only, each once."""

import asyncio
import base64
import hashlib
import hmac
import json
import random
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web

from likelight_cloud.cli.main import main
from likelight_cloud.signals.webhooks.addresses import CheckedAddresses, RefusedAddressError
from likelight_cloud.signals.webhooks.sender import WebhookSender, post
from likelight_cloud.signals.webhooks.signature import secret_of, signed_headers
from likelight_cloud.store.base import Store
from likelight_cloud.store.choice import database_of
from likelight_cloud.store.signals import Signal, SignalKind
from support.certificates import Authority, make_authority
from support.cloud import NOON, WallClock
from support.cloud_stores import opened
from support.waiting import until

LOOPBACK = (ip_network("127.0.0.0/8"),)
EVERYBODY = "0.0.0.0/0"


def test_the_specification_s_vector_is_signed_as_there() -> None:
    headers = signed_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_each_webhook_has_a_secret_of_its_own() -> None:
    one, other = secret_of(b"x" * 32, "wh_1"), secret_of(b"x" * 32, "wh_2")
    assert len({one, other, secret_of(b"y" * 32, "wh_1")}) == 3
    assert len(base64.b64decode(one.removeprefix("whsec_"))) == 32
    for wrong in ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64"):
        with pytest.raises(ValueError):
            signed_headers(wrong, "msg", NOON, b"")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        *(
            "169.254.169.254",
            "100.64.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
        ),
        *("::", "::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
        *("2002:7f00:1::", "2001:0:7f00:1::1", "64:ff9b:1::1"),
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(RefusedAddressError, match="--webhook-allow"):
        CheckedAddresses([ip_network("10.1.0.0/16")]).check(address)


def test_public_and_allowed_addresses_are_taken() -> None:
    addresses = CheckedAddresses([ip_network("10.1.0.0/16"), ip_network("fd00::/64")])
    for address in ("8.8.8.8", "2606:4700::1", "64:ff9b::808:808", "10.1.2.3", "fd00::5"):
        addresses.check(address)


class Receiver:
    """Another system's server with TLS, which keeps what it has received."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answer: Callable[[web.Request], web.StreamResponse] = lambda _: web.Response()
        self.hangs = False
        self.url = ""
        self.port = 0

    async def take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.received.append((headers, await request.read()))
        if self.hangs:
            await asyncio.Event().wait()
        return self.answer(request)

    def verified(self, secret: str) -> list[dict[str, object]]:
        """Return the messages that were received, each of which is signed with `secret`."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        for headers, body in self.received:
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            right = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
            assert headers["webhook-signature"] == f"v1,{right}"
        return [json.loads(body) for _, body in self.received]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("webhooks") / "authority"
    return make_authority(folder, "DNS:localhost,IP:127.0.0.1")


@pytest.fixture(autouse=True)
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))


@pytest.fixture
async def receiver(authority: Authority) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.take)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(authority.certificate, authority.key)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        receiver.port = runner.addresses[0][1]
        receiver.url = f"https://localhost:{receiver.port}/hook?key=1"
        yield receiver
    finally:
        await runner.cleanup()


async def sent(url: str, *, allowed: bool = True) -> str | None:
    """Return why a message to `url` was not taken."""
    return (await post(url, {"webhook-id": "m"}, b"{}", LOOPBACK if allowed else ())).why


async def test_nothing_is_sent_to_this_machine_but_where_it_is_allowed(receiver: Receiver) -> None:
    for host in ("localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"):
        why = await sent(f"https://{host}:{receiver.port}/", allowed=False)
        assert why, host
        # aiohttp itself refuses an address whose numbers are written in an unusual way.
        assert "is not a public address" in why or "InvalidUrl" in why, host
    assert not receiver.received
    assert await sent(receiver.url) is None
    assert len(receiver.received) == 1


async def test_a_redirect_is_not_followed_and_a_wrong_answer_is_told(receiver: Receiver) -> None:
    receiver.answer = lambda _: web.Response(status=307, headers={"Location": receiver.url})
    assert await sent(receiver.url) == "it answered 307, and no redirect is followed"
    assert len(receiver.received) == 1
    receiver.answer = lambda _: web.Response(status=503)
    assert await sent(receiver.url) == "it answered 503"
    assert await sent(f"https://127.0.0.1:{free_port()}/") is not None


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


async def test_a_certificate_of_nobody_is_refused(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    assert await sent(receiver.url) == "its certificate is not valid"
    assert not receiver.received


async def test_a_name_that_leads_elsewhere_at_the_second_look_leads_nowhere(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: what is connected to is what was checked, and nobody asks twice."""
    loop = asyncio.get_running_loop()
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: object) -> Sequence[object]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    # Its certificate is for another name: that is as far as it comes.
    why = await sent(f"https://rebinding.example:{receiver.port}/")
    assert why == "its certificate is not valid"
    assert asked == ["rebinding.example"]

    async def mixed(host: str, port: int, **_: object) -> Sequence[object]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("127.0.0.1", "10.0.0.1")
        ]

    monkeypatch.setattr(loop, "getaddrinfo", mixed)
    why = await sent(f"https://localhost:{receiver.port}/")
    assert why is not None
    assert why.startswith("10.0.0.1 is not a public address")


async def test_who_does_not_answer_has_five_seconds(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("likelight_cloud.signals.webhooks.sender.ANSWER_WITHIN_S", 0.3)
    receiver.hangs = True
    assert await sent(receiver.url) == "it did not answer within 0.3 s"


def lamp(kid: str) -> Signal:
    return Signal(SignalKind.LAMP, kid, NOON, "It is dark.")


@asynccontextmanager
async def sending(
    *stores: Store, now: Callable[[], datetime]
) -> AsyncIterator[list[WebhookSender]]:
    """Send what is due, by a process for each of the stores."""
    senders = [
        WebhookSender(store, now=now, rng=random.Random(1), allowed=LOOPBACK) for store in stores
    ]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(sender.run()) for sender in senders]
        yield senders
        for task in tasks:
            task.cancel()


async def taken(store: Store) -> None:
    """Return once no message waits or is under way."""

    async def so() -> bool:
        return not any(hook.waiting for hook in await store.signals.webhooks())

    await until(so)


async def test_two_processes_send_each_message_once(
    database: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("likelight_cloud.signals.webhooks.sender.LOOK_S", 0.05)
    clock = WallClock()

    def factory() -> Store:
        return database_of(database).store()

    async with opened(factory) as one, opened(factory) as other:
        hook = await one.signals.add_webhook(receiver.url, NOON)
        assert hook is not None
        secret = secret_of(await one.secret(), hook.id)
        async with sending(one, other, now=clock):
            kids = [f"k{n}" for n in range(20)]
            for store in (one, other):
                await store.signals.change_signals([lamp(kid) for kid in kids], [], NOON)
            # A claim ends a minute later: none is to be open when the clock steps.
            await taken(one)
            clock.step(minutes=3)
            for store in (one, other):
                await store.signals.change_signals([], [(SignalKind.LAMP, "k0")], clock.at)
            await taken(one)
        told = receiver.verified(secret)
        assert len(told) == len(kids) + 1
        assert {body["type"] for body in told[:-1]} == {"signal.began"}
        assert told[-1] == {
            "type": "signal.ended",
            "timestamp": "2026-11-21T12:03:00.000Z",
            "data": {
                "kind": "lamp",
                "kitchen": "k0",
                "began_at": "2026-11-21T12:00:00.000Z",
                "words": "It is dark.",
            },
        }
        assert len({headers["webhook-id"] for headers, _ in receiver.received}) == len(told)
        assert (await one.signals.webhooks())[0].waiting == 0


async def test_a_failing_webhook_is_tried_eight_times_in_a_day_and_then_switched_off(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("likelight_cloud.signals.webhooks.sender.LOOK_S", 0.01)
    receiver.answer = lambda _: web.Response(status=500)
    clock = WallClock()
    hours = (5 / 3600, 5 / 60, 0.5, 2, 5, 10, 10)
    async with opened(database_of(str(tmp_path / "cloud.db")).store) as store:
        assert await store.signals.add_webhook(receiver.url, NOON)
        await store.signals.change_signals([lamp("k1")], [], NOON)
        async with sending(store, now=clock) as (sender,):
            for number, pause in enumerate(hours, 1):
                # A claim ends a minute later: none is to be open when the clock steps.
                await until(lambda number=number: sender.tries["refused"] == number)  # type: ignore[misc]
                earliest = clock.at + timedelta(hours=pause)
                latest = earliest + timedelta(hours=0.1 * min(pause, 1))
                assert not await store.signals.has_due(earliest - timedelta(milliseconds=2))
                assert await store.signals.has_due(latest)
                assert (await store.signals.webhooks())[0].off_because is None
                clock.at = latest
            await until(lambda: sender.tries["refused"] == 8)
        assert len(receiver.received) == 8
        assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
        assert not await store.signals.has_due(clock.at + timedelta(days=30))
        (hook,) = await store.signals.webhooks()
        assert hook.off_because is not None
        assert hook.off_because.endswith("the last time it answered 500")


def test_the_command_adds_lists_tests_switches_on_and_removes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = str(tmp_path / "cloud.db")

    def run(*words: str, code: int = 0) -> str:
        assert main([*words, "--database", database]) == code
        printed = capsys.readouterr()
        return printed.err if code else printed.out

    run("init")
    assert run("webhook", "list") == "There is no webhook.\n"
    id, secret = run("webhook", "add", "https://localhost:9/x").split()
    assert secret.startswith("whsec_")
    assert "is a webhook already" in run("webhook", "add", "https://localhost:9/x", code=2)
    assert run("webhook", "list") == f"{id}  https://localhost:9/x  on\n"
    assert secret not in run("webhook", "list", "--json")
    assert "is not a public address" in run("webhook", "test", id, code=2)
    assert "can't be reached" in run(
        "webhook", "test", id, "--webhook-allow", "127.0.0.0/8", "--webhook-allow", "::1", code=2
    )
    run("webhook", "on", id)
    run("webhook", "remove", id)
    assert "there is no webhook" in run("webhook", "on", id, code=2)
    assert "there is no webhook" in run("webhook", "test", id, code=2)
    assert [row["action"] for row in json.loads(run("audit", "list", "--json"))] == [
        "webhook added",
        "webhook switched on",
        "webhook removed",
    ]
    for url in ("http://a.example/", "https://u:p@a.example/", "https://a.example/#x", "https://"):
        with pytest.raises(SystemExit):
            run("webhook", "add", url)
        assert "is not an address for a webhook" in capsys.readouterr().err
    assert "No cloud has looked for signals yet" in run("signals")
    assert run("signals", "--json") == "[]\n"
