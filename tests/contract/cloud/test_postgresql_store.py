"""What the store on PostgreSQL alone must hold: its URL, its tables, and unknown outcomes."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta

import pytest

from likelight.runtime.store_errors import StoreError, StoreIncompatible
from likelight_cloud.store.base import OutcomeUnknownError, Store, Use
from likelight_cloud.store.choice import database_of
from likelight_cloud.store.postgresql import connect as connect_module
from likelight_cloud.store.postgresql import store as store_module
from likelight_cloud.store.postgresql import writer as writer_module
from likelight_cloud.store.postgresql.address import address_of
from likelight_cloud.store.postgresql.connect import Primary
from likelight_cloud.store.records import KitchenRecord, NoteRecord
from support.cloud import NOON
from support.cloud_stores import Factory, opened
from support.postgresql import Server
from support.raw_server import raw_server
from support.waiting import WITHIN_S


@pytest.fixture
def database(postgresql: Server) -> Iterator[str]:
    with postgresql.database() as url:
        yield url


@contextmanager
def hurried() -> Iterator[None]:
    """Have an unknown outcome told after a moment: what is to be kept has its 5 s outside."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (store_module, writer_module):
            patch.setattr(module, "CONFIRM_WITHIN_S", 0.3)
        yield


async def add(store: Store, key: str) -> NoteRecord:
    return await store.add_note(
        "k1", id=key, code="heroes", key=key, at=NOON, expires_at=NOON + timedelta(hours=12)
    )


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://me:hush@db/likes", "mysql://me@db/likes does not name a database"),
        ("postgresql://me:hush@db", "postgresql://me@db does not name a database"),
        ("postgresql:///likes", "does not name a host"),
        ("postgresql://me:hush@db:five/likes", "has the port 'five'"),
        ("postgresql://me:hush@a:5432,b:99999/likes", "has the port '99999'"),
        ("postgresql://me:hush@[::1/likes", "this is not a database's URL"),
    ],
)
def test_a_wrong_url_is_told_in_words_without_its_password(url: str, said: str) -> None:
    with pytest.raises(ValueError) as told:
        database_of(url)
    assert said in str(told.value)
    assert "write it like postgresql://USER@HOST:5432/NAME" in str(told.value)
    assert "hush" not in str(told.value)


async def test_a_wrong_password_or_database_and_a_server_that_is_gone_are_told(
    database: str, postgresql: Server
) -> None:
    user = database.rpartition("@")[0]
    for url, said in (
        (database.replace(user, "postgresql://likelight:hush"), "refuses the user or the password"),
        (postgresql.url("nowhere"), 'database "nowhere" does not exist. Make it with createdb.'),
        (f"{user}@127.0.0.1:1/nowhere", "does not answer; look whether PostgreSQL runs there"),
    ):
        with pytest.raises(StoreError) as told:
            await database_of(url).store().open()
        assert said in str(told.value)
        assert user.rpartition(":")[2] not in str(told.value)
        assert "hush" not in str(told.value)


async def test_a_server_that_says_nothing_is_told_in_words(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect_module, "CONNECT_WITHIN_S", 0.1)

    async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(say_nothing) as port:
        user = database.rpartition("@")[0]
        with pytest.raises(StoreError) as told:
            await database_of(f"{user}@127.0.0.1:{port}/nowhere").store().open()
    assert str(told.value).endswith("does not answer in time; look whether PostgreSQL runs there")


async def test_a_host_that_is_down_is_passed_over(database: str) -> None:
    both = database.replace("127.0.0.1", "127.0.0.1:1,127.0.0.1")
    async with opened(lambda: database_of(both).store()) as store:
        assert await store.add_kitchen("k1", "One", NOON)


async def test_a_connection_that_is_made_as_its_asker_is_cancelled_is_ended(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Primary] = []
    ask = connect_module._ask

    async def asked(host: str) -> Primary:
        made.append(await ask(host))
        asking.cancel()
        return made[-1]

    monkeypatch.setattr(connect_module, "_ask", asked)
    asking = asyncio.create_task(connect_module.connect(address_of(database)))
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert [primary.connection.is_closed() for primary in made] == [True]


async def test_who_may_not_open_the_database_leaves_no_connection(factory: Factory) -> None:
    serving, refused = factory(), factory()
    await serving.open(Use.SERVING)
    try:
        with pytest.raises(StoreError, match="a cloud serves"):
            await refused.open(Use.ALONE)
        del refused
        gc.collect()  # warns of each connection that nobody has ended
    finally:
        await serving.close()


async def test_clouds_that_start_at_once_make_the_tables_once(factory: Factory) -> None:
    stores = [factory() for _ in range(4)]
    await asyncio.gather(*(store.open() for store in stores))
    try:
        assert len({await store.secret() for store in stores}) == 1
    finally:
        for store in stores:
            await store.close()


async def test_tables_of_a_newer_version_are_left_alone(
    factory: Factory, database: str, postgresql: Server
) -> None:
    async with opened(factory):
        pass
    postgresql.sql("INSERT INTO migration VALUES (1000)", database)
    with pytest.raises(StoreIncompatible, match="newer version"):
        await factory().open()


@pytest.mark.usefixtures("patient")
async def test_two_clouds_number_one_kitchen_s_notes_without_a_gap(factory: Factory) -> None:
    async with opened(factory) as one, opened(factory) as other:
        await one.add_kitchen("k1", "One", NOON)
        async with asyncio.TaskGroup() as group:
            for n in range(40):
                group.create_task(add((one, other)[n % 2], f"key-{n // 2}"))
                group.create_task((one, other)[n % 2].add_likes({"k1": 1}, NOON))
        found = await one.notes_after("k1", 0, limit=100, at=NOON)
        assert [note.seq for note in found.notes] == list(range(1, 21))
        record = await other.kitchen("k1")
        assert record is not None
        assert record.likes_total == 40


class Wire:
    """A line to the server, on which the answer to the next COMMIT can be lost."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.loses = False
        """The answer to the next COMMIT does not arrive, and the connection breaks."""
        self.cut = asyncio.Event()
        """That has happened; until it is cleared nobody can connect."""
        self.port = 0
        self._carrying: set[asyncio.StreamWriter] = set()

    def break_off(self) -> None:
        """Break every connection; until `cut` is cleared nobody can connect."""
        self.cut.set()
        for writer in self._carrying:
            writer.close()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with raw_server(self._carry) as self.port:
            yield
            self.break_off()
            while self._carrying:
                await asyncio.sleep(0)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._carrying.add(writer)
        onward, outward = await asyncio.open_connection("127.0.0.1", self._server.port)
        answering = asyncio.create_task(self._answer(onward, writer))
        try:
            while not self.cut.is_set() and (data := await reader.read(65536)):
                outward.write(data)
        except OSError:
            pass
        finally:
            outward.close()
            await answering
            for end in (writer, outward):
                end.close()
                with suppress(OSError):
                    await end.wait_closed()
            self._carrying.discard(writer)

    async def _answer(self, onward: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await onward.read(65536):
                if self.loses and b"COMMIT\0" in data:  # how the server names what it has done
                    self.loses = False
                    self.break_off()
                    return
                writer.write(data)


@pytest.fixture
async def wire(postgresql: Server) -> AsyncIterator[Wire]:
    wire = Wire(postgresql)
    async with wire.open():
        yield wire


@pytest.fixture
async def store(wire: Wire, database: str, postgresql: Server) -> AsyncIterator[Store]:
    url = database.replace(f":{postgresql.port}/", f":{wire.port}/")
    async with opened(lambda: database_of(url).store()) as store:
        await store.add_kitchen("k1", "One", NOON)
        yield store


def listening(store: Store) -> asyncio.Queue[KitchenRecord]:
    heard: asyncio.Queue[KitchenRecord] = asyncio.Queue()
    store.listen(heard.put_nowait)
    return heard


async def test_a_note_whose_commit_gets_no_answer_is_unknown_and_found_by_its_key(
    store: Store, wire: Wire
) -> None:
    heard = listening(store)
    wire.loses = True
    with hurried():
        with pytest.raises(OutcomeUnknownError, match="has not confirmed"):
            await add(store, "a")
        await asyncio.wait_for(wire.cut.wait(), WITHIN_S)
        with pytest.raises(StoreError) as refused:
            await add(store, "b")
    assert not isinstance(refused.value, OutcomeUnknownError)
    wire.cut.clear()
    assert (await asyncio.wait_for(heard.get(), WITHIN_S)).head == 1
    again = await add(store, "a")
    assert (again.id, again.seq) == ("a", 1)
    assert (await add(store, "c")).seq == 2


async def test_likes_whose_commit_gets_no_answer_count_once(store: Store, wire: Wire) -> None:
    wire.loses = True
    adding = asyncio.ensure_future(store.add_likes({"k1": 3}, NOON))
    await asyncio.wait_for(wire.cut.wait(), WITHIN_S)
    wire.cut.clear()
    assert await asyncio.wait_for(adding, WITHIN_S) == {"k1": 3}
    assert await store.add_likes({"k1": 1}, NOON) == {"k1": 4}


async def test_what_was_never_committed_is_told_as_not_kept(
    store: Store, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "GIVE_UP_S", 0.1)
    wire.break_off()
    with pytest.raises(StoreError, match="does not answer") as told:
        await add(store, "a")
    assert not isinstance(told.value, OutcomeUnknownError)
    wire.cut.clear()
    assert (await add(store, "b")).seq == 1


@pytest.fixture
def lone() -> Iterator[Server]:
    """Return a server that tests may change: what it waits for holds for all its databases."""
    server = Server()
    try:
        yield server
    finally:
        server.remove()


async def test_a_commit_that_no_standby_confirms_is_no_acknowledgement(
    lone: Server,
) -> None:
    async def asked(command: str) -> str:
        return await asyncio.to_thread(lone.sql, command)

    async def waits_for(standby: str) -> None:
        await asked(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'")
        await asked("SELECT pg_reload_conf()")

    async def waiting() -> str:
        return await asked("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")

    with lone.database() as url:
        async with opened(lambda: database_of(url).store()) as store:
            await store.add_kitchen("k1", "One", NOON)
            heard = listening(store)
            await waits_for("nobody")
            with hurried(), pytest.raises(OutcomeUnknownError):
                await add(store, "a")
            assert (await kitchen(store)).head == 0, "whoever reads goes on"
            # PostgreSQL then says "INSERT 0 1", and in a warning that one server alone has it.
            await asked(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
            )
            async with asyncio.timeout(WITHIN_S):
                while (await kitchen(store)).head == 0 or await waiting() != "1":
                    pass
            assert heard.empty()
            await waits_for("")
            assert (await asyncio.wait_for(heard.get(), WITHIN_S)).head == 1
            assert (await add(store, "a")).seq == 1


async def kitchen(store: Store) -> KitchenRecord:
    found = await store.kitchen("k1")
    assert found is not None
    return found
