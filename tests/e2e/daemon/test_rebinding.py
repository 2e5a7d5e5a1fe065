"""A site that points its own name at a device sees nothing of it, and changes nothing."""

from pathlib import Path

from support.demo import demo

ASKED = (
    "/",
    "/k/demo",
    "/k/demo/ws",
    "/k/demo/live.mp4",
    "/k/demo/stream.mjpg",
    "/k/demo/stream.m3u8",
    "/k/demo/snapshot.jpg",
    "/player/player.js",
    "/v1/kitchens/demo",
    "/v1/kitchens/demo/live",
    "/v1/catalogue",
    "/metrics",
    "/healthz",
    "/readyz",
    "/bench",
    "/bench/state.json",
    "/bench/live",
    "/no/such/page",
)
SENT = {
    "/v1/kitchens/demo/likes": {"n": 1, "batch": "2cb0d2ab-7b2f-4f5a-9df3-4a9d0a4bb4a6"},
    "/v1/kitchens/demo/notes": {"code": "heroes"},
    "/bench/press": {"button": "privacy"},
}


async def test_a_site_whose_name_leads_here_sees_nothing_and_does_nothing(tmp_path: Path) -> None:
    async with demo(tmp_path / "state") as place:
        port = place.url.rpartition(":")[2]
        rebound = {"Host": f"rebound.example:{port}", "Origin": f"http://rebound.example:{port}"}
        for path in ASKED:
            async with place.client.get(f"{place.url}{path}", headers=rebound) as reply:
                assert (path, reply.status) == (path, 421)
                assert reply.content_type == "application/problem+json"
        for path, body in SENT.items():
            url = f"{place.url}{path}"
            async with place.client.post(url, json=body, headers=rebound) as reply:
                assert (path, reply.status) == (path, 421)
        assert (await place.bench())["camera"] != "private"
        assert (await place.summary())["likes"]["total"] == 0
        for path in ("/k/demo", "/k/demo/snapshot.jpg", "/healthz", "/bench"):
            own = {"Host": f"raspberrypi.local:{port}"}
            async with place.client.get(f"{place.url}{path}", headers=own) as reply:
                assert (path, reply.status) == (path, 200)
