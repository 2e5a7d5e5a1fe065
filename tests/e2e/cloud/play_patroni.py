"""Three database hosts as cloud/SEVERAL_HOSTS.md sets them up, and a cloud under load: a planned
switch-over, and the leader's host lost. In the long run only; needs Debian's patroni and etcd."""

import asyncio

import aiohttp
import asyncpg

from likelight_cloud.cli.main import main
from likelight_cloud.store.choice import database_of
from support.cloud import NOON
from support.cloud_process import serve
from support.cloud_stores import opened
from support.demo import free_port
from support.patroni_cluster import PatroniCluster
from support.viewers_load import Load

SWITCHED_WITHIN_S = 30.0
PROMOTED_WITHIN_S = 45.0
"""20 s until Patroni takes the leader for lost, its loop of 5 s, and what a busy machine adds."""


async def test_acknowledged_likes_and_notes_outlive_a_switch_over_and_a_lost_leader() -> None:
    cluster = PatroniCluster()
    try:
        await cluster.start()
        leader = await cluster.leader()
        # As the page does, by the only way in here: a password.
        await _as_superuser(cluster, leader, "CREATE ROLE likelight LOGIN PASSWORD 'hush'")
        await _as_superuser(cluster, leader, "CREATE DATABASE likelight OWNER likelight")
        url = cluster.url("likelight", "hush", "likelight")
        assert await asyncio.to_thread(main, ["init", "--database", url]) == 0
        async with opened(lambda: database_of(url).store()) as store:
            await store.add_kitchen("k1", "One", NOON)
        port = free_port()
        cloud = await serve(url, port)
        try:
            load = await _under_load(cluster, f"http://127.0.0.1:{port}/v1/kitchens/k1")
        finally:
            await cloud.kill()
        async with opened(lambda: database_of(url).store()) as store:
            record = await store.kitchen("k1")
            assert record is not None
            assert record.likes_total == load.likes
            notes = (await store.notes_after("k1", 0, limit=1_000_000, at=NOON)).notes
        assert [note.seq for note in notes] == list(range(1, record.head + 1))
        assert sorted(note.id for note in notes) == sorted(load.notes.values())
    finally:
        await cluster.remove()


async def _under_load(cluster: PatroniCluster, kitchen: str) -> Load:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        load = Load(session, kitchen)
        async with asyncio.TaskGroup() as group:
            group.create_task(load.run())
            await load.acknowledgement()
            leader = await cluster.leader()
            await cluster.control("switchover", "--leader", f"db{leader}", "--force")
            took = await load.acknowledgement()
            print(f"\nafter the switch-over: {took:.1f} s until the next acknowledgement")
            assert took < SWITCHED_WITHIN_S
            await cluster.whole()
            leader = await cluster.leader()
            await cluster.lose(leader)
            took = await load.acknowledgement()
            print(f"after the leader was lost: {took:.1f} s until the next acknowledgement")
            assert took < PROMOTED_WITHIN_S
            assert await cluster.leader(other_than=leader)
            await cluster.start_patroni(leader)
            await cluster.whole()
            await load.acknowledgement()
            load.end()
    return load


async def _as_superuser(cluster: PatroniCluster, leader: int, command: str) -> None:
    connection = await asyncpg.connect(
        host=cluster.address(leader), user="postgres", password="CHANGE-ME-1", database="postgres"
    )
    try:
        await connection.execute(command)
    finally:
        await connection.close()
