"""The demo's bench has the crew's buttons, and a browser is easily led to it under another name."""

from pathlib import Path

from support.demo import demo


async def test_a_site_whose_name_leads_here_presses_no_button(tmp_path: Path) -> None:
    async with demo(tmp_path / "state") as place:
        port = place.url.rpartition(":")[2]
        rebound = {"Host": f"rebound.example:{port}", "Origin": f"http://rebound.example:{port}"}
        press = {"button": "privacy"}
        async with place.client.post(
            f"{place.url}/bench/press", json=press, headers=rebound
        ) as reply:
            assert reply.status == 421
        for path in ("/bench", "/bench/state.json", "/bench/live"):
            async with place.client.get(f"{place.url}{path}", headers=rebound) as reply:
                assert reply.status == 421
        async with place.client.get(f"{place.url}/k/demo", headers=rebound) as reply:
            assert reply.status == 200
        assert (await place.bench())["camera"] != "private"
        await place.press("privacy")
        await place.until(lambda bench: bench["camera"] == "private")
