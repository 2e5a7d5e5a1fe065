"""Notes that operators publish: kept, asked for, served to the one device that is asked, removed;
in both databases."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from likelight.contract import Status
from likelight_cloud.store.base import Store
from likelight_cloud.store.catalogues import CatalogueInUseError, CatalogueUnknownError
from likelight_cloud.store.fleet import OWN_NOTES, FleetChange, Wish
from support.catalogues import ask, document, publish
from support.cloud import KID, NOON, TOKEN, bearer, status
from support.cloud_server import cloud_server
from support.cloud_stores import Factory, Rows, opened

WINTER, SUMMER = document(), document({"en": "Like a summer's day"}, code="summer")
NOWHERE = 64 * "0"


@pytest.fixture
async def store(factory: Factory) -> AsyncIterator[Store]:
    async with opened(factory) as store:
        for kid in ("k1", "k2"):
            await store.add_kitchen(kid, kid.upper(), NOON)
        yield store


async def told(store: Store, word: str) -> list[tuple[str, str, str]]:
    """Return who did what `word` says, with what, by the audit log."""
    return [
        (row.who, row.about, row.detail)
        for row in await store.audit_from(1, 99)
        if row.action == word
    ]


async def test_a_document_is_kept_once_and_each_kitchen_gets_what_it_was_asked_for(
    store: Store, rows: Rows
) -> None:
    winter = await publish(store, WINTER, NOON)
    assert not await store.catalogues.publish(winter, "Another name", WINTER, NOON)
    summer = await publish(store, SUMMER, NOON, "Summer")
    found = await store.catalogues.published()
    assert {(one.sha256, one.name, one.size) for one in found} == {
        (winter, "Winter", len(WINTER)),
        (summer, "Summer", len(SUMMER)),
    }
    await ask(store, "k1", winter)
    await ask(store, "k1", summer)
    assert await store.catalogues.body_for("k1", winter) == WINTER, "it was asked before"
    assert await store.catalogues.body_for("k1", summer) == SUMMER
    assert await store.catalogues.body_for("k2", winter) is None
    for nothing in (NOWHERE, "", winter[:-1], winter.upper()):
        assert await store.catalogues.body_for("k1", nothing) is None
    assert await told(store, "catalogue published") == [
        ("command line", winter, "Winter"),
        ("command line", summer, "Summer"),
    ]
    assert [detail for _, _, detail in await told(store, "desired set")] == [
        f"version=2, catalogue={winter}",
        f"version=3, catalogue={summer}",
    ]
    await store.remove_kitchen("k1")
    assert await rows("k1") == {}


async def test_what_is_not_published_can_t_be_asked_for(store: Store) -> None:
    before = await store.kitchens()
    with pytest.raises(CatalogueUnknownError, match="catalogue list"):
        await ask(store, "k1", NOWHERE)
    change = FleetChange(
        id="c", who="kim", at=NOON, wish=Wish(catalogue=NOWHERE), kitchens={"k1": None, "k2": None}
    )
    await store.fleet.ask(change, NOON)
    with pytest.raises(CatalogueUnknownError):
        await store.fleet.advance("c", change.kitchens, FleetChange.made, who="kim", at=NOON)
    assert await store.kitchens() == before
    assert await told(store, "desired set") == []


async def test_what_a_kitchen_has_or_may_get_back_can_t_be_removed(store: Store) -> None:
    winter, summer = await publish(store, WINTER, NOON), await publish(store, SUMMER, NOON)
    with pytest.raises(CatalogueUnknownError):
        await store.catalogues.withdraw(NOWHERE, NOON)
    await ask(store, "k1", winter)
    with pytest.raises(CatalogueInUseError, match="k1"):
        await store.catalogues.withdraw(winter, NOON)
    shows = status(catalogue={"running": summer, "refused": winter})
    await store.put_status("k2", Status.model_validate(shows), NOON)
    with pytest.raises(CatalogueInUseError, match="k2"):
        await store.catalogues.withdraw(summer, NOON)
    change = FleetChange(
        id="c", who="kim", at=NOON, wish=Wish(catalogue=OWN_NOTES), kitchens={"k1": None}
    )
    await store.fleet.ask(change, NOON)
    await store.fleet.advance("c", ["k1"], FleetChange.made, who="kim", at=NOON)
    with pytest.raises(CatalogueInUseError, match="10 minutes"):
        await store.catalogues.withdraw(winter, NOON)
    await store.fleet.advance("c", ["k1"], FleetChange.undone, who="kim", at=NOON)
    record = await store.kitchen("k1")
    assert record is not None
    assert record.desired.catalogue == winter
    await ask(store, "k1", None)
    later = NOON.replace(hour=13)
    await store.catalogues.withdraw(winter, later, who="kim")
    assert await store.catalogues.body(winter) is None
    assert await store.catalogues.body_for("k1", winter) is None
    assert await told(store, "catalogue removed") == [("kim", winter, "Winter")]
    assert [detail for _, _, detail in await told(store, "desired set")] == [
        f"version=2, catalogue={winter}",
        "version=3, catalogue=None",
        f"version=4, catalogue={winter}",
        "version=5, catalogue=None",
    ]


async def test_asking_and_removing_at_once_leaves_no_kitchen_without_its_notes(
    factory: Factory,
) -> None:
    """Two processes on one database: whichever comes first, the other one is refused."""
    async with opened(factory) as one, opened(factory) as other:
        await one.add_kitchen("k1", "One", NOON)
        for _ in range(5):
            winter = await publish(one, WINTER, NOON)
            both = await asyncio.gather(
                ask(one, "k1", winter),
                other.catalogues.withdraw(winter, NOON),
                return_exceptions=True,
            )
            assert sum(isinstance(each, ValueError) for each in both) == 1, both
            record = await other.kitchen("k1")
            assert record is not None
            wanted = record.desired.catalogue
            assert (await one.catalogues.body(winter) is None) == (wanted is None)
            await ask(one, "k1", None)


async def test_a_device_fetches_what_it_is_asked_to_show_and_nothing_else(database: str) -> None:
    async with cloud_server(database) as site, aiohttp.ClientSession(site.public) as session:
        store = site.cloud.cloud.store
        winter, summer = await publish(store, WINTER, NOON), await publish(store, SUMMER, NOON)
        await store.add_kitchen("other", "Other", NOON)
        await ask(store, KID, winter)
        await ask(store, "other", summer)

        async def fetched(name: str, token: str = TOKEN, kid: str = KID) -> tuple[int, str, bytes]:
            url = f"/v1/kitchens/{kid}/catalogue/{name}"
            async with session.get(url, headers=bearer(token)) as reply:
                type = (await reply.json())["type"] if reply.status != 200 else ""
                return reply.status, type.rpartition(":")[2], await reply.read()

        async with session.get(f"/v1/kitchens/{KID}/catalogue/{winter}", headers=bearer()) as reply:
            assert (reply.status, reply.content_type) == (200, "application/json")
            assert reply.headers["ETag"] == f'"{winter}"'
            assert {"private", "immutable"} <= set(reply.headers["Cache-Control"].split(", "))
            assert await reply.read() == WINTER
        for name in (summer, NOWHERE, winter.upper(), winter[:63], "..%2f..%2fetc%2fpasswd", "%00"):
            assert (await fetched(name))[:2] == (404, "catalogue"), name
        assert (await fetched(winter, kid="nowhere"))[:2] == (404, "kitchen")
        for kid in (KID, "other"):
            assert (await fetched(winter, "another-token", kid))[:2] == (401, "token")
        await ask(store, KID, None)
        assert (await fetched(winter))[0] == 200, "it may be on its way"
        await store.revoke_tokens(KID, b"new")
        assert (await fetched(winter))[:2] == (401, "token")
