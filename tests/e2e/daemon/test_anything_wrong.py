"""A configuration without a mistake, in which whatever it names is wrong: the kitchen lives."""

from pathlib import Path

from support.demo import free_port
from support.running import running

CONFIG = """
state_dir = "{folder}/likelight.toml/state"
[kitchen]
id = "lehi"
catalogue = "{folder}/no-notes"
[web]
port = {port}
[camera]
driver = "file"
path = "{folder}/no-film.mp4"
[push]
url_file = "{folder}/no-address"
"""


async def test_with_all_of_it_wrong_a_like_lights_the_lamp_and_healthz_says_what_is_wrong(
    tmp_path: Path,
) -> None:
    port, config = free_port(), tmp_path / "likelight.toml"
    config.write_text(CONFIG.format(folder=tmp_path, port=port), encoding="utf-8")
    async with running(config, port) as device:
        assert await device.likes() == 1
        reasons = (await device.get("/healthz"))["reasons"]
        assert {"state-dir", "store-in-memory", "brand-notes", "push-url", "camera"} <= {*reasons}
        assert (await device.get("/readyz"))["kitchen"] == "lehi"
    said = device.log.result().decode()
    assert "can't write to the state directory" in said
    assert f"there is no folder {tmp_path}/no-notes" in said
    assert f"the push's URL in {tmp_path}/no-address" in said
    assert f"can't read {tmp_path}/no-film.mp4: no such file" in said
