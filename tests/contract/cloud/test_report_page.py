"""The reports as operators read them: on pages, without JavaScript."""

from pathlib import Path

from support.cloud import KID, NOON
from support.desk import desk_of, ten_weeks


async def test_a_kitchen_and_the_fleet_have_a_page_of_sums_and_of_nobody(tmp_path: Path) -> None:
    async with desk_of(str(tmp_path / "cloud.db")) as desk:
        await ten_weeks(desk.store, "store-1", NOON)
        fleet, own = await desk.page("/fleet/report"), await desk.page("/fleet/kitchens/store-1")
        empty = await desk.page(f"/fleet/kitchens/{KID}")
        assert "<h1>Report of the fleet</h1>" in fleet
        assert "<h1>Store-1</h1>" in own
        for page in (fleet, own):
            assert "1060 likes on 46 days with at least 20 viewers." in page
            assert page.count('<tr><th scope="row"><time') == 46
            assert '<time datetime="2026-11-20">Fri 20 Nov 2026</time></th><td>40</td>' in page
            assert '<rect width="50"' in page, "of the most a day had"
            assert "2026-11-18" not in page, "fewer than 20 viewers liked on that day"
            assert "7020" not in page
            assert "In the mean of the four weeks from" in page
            assert "<td>100" in page
            assert "<script" not in page
        assert "In the last four weeks a day had as many as in the four before." in own
        assert "You are my pizza-making heroes" in own
        assert "heroes" not in fleet
        assert "yum" not in own.lower(), "20 viewers never sent it"
        for words in ("No day that is over had", "an hour to show", "In no week", "Nothing is"):
            assert words in empty
        for kid in ("nobody", "%00"):
            async with desk.session.get(f"/fleet/kitchens/{kid}") as reply:
                assert reply.url.path == "/fleet/login", "the token is for programs"
        assert 'href="/fleet/kitchens/store-1"' in await desk.page(show="all")
