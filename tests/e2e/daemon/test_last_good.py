"""A configuration that breaks after a good start: the kitchen works on, and its camera is shut."""

import asyncio
import json
from pathlib import Path

import aiohttp

from support.boxes import read_fragment
from support.demo import command, free_port
from support.running import running
from support.waiting import WITHIN_S

BROKEN = """
[camera]
masks = [[[0, 0], [0.5, 0]]]
[schedule]
friday = "eleven to two"
"""
"""Stands below a good file: the mask that somebody wanted lacks a corner, and hours are shorter."""


async def doctor(config: Path) -> dict[str, str]:
    """Return what the doctor found wrong, by the ids of its checks."""
    process = await asyncio.create_subprocess_exec(
        *command("doctor", "--json", "--config", str(config)), stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(WITHIN_S):
        told, _ = await process.communicate()
    assert process.returncode == 1
    checks = json.loads(told)["checks"]
    return {one["id"]: one["found"] for one in checks if one["result"] == "fail"}


async def states_and_pictures(viewer: aiohttp.ClientWebSocketResponse) -> tuple[list[str], int]:
    """Watch for 3 s; return the states that were told, and how many pictures the camera made."""
    states, pictures = [], 0
    try:
        async with asyncio.timeout(3):
            async for message in viewer:
                if message.type is aiohttp.WSMsgType.TEXT:
                    told = json.loads(message.data)
                    states += [told["state"]] if "state" in told else []
                elif message.data[4:8] == b"prft":
                    # Placeholders are keyframes, every one.
                    pictures += not read_fragment(message.data).keyframe
    except TimeoutError:
        return states, pictures
    raise AssertionError("the socket closed")


async def test_the_last_good_configuration_runs_with_the_camera_shut_until_the_file_is_mended(
    tmp_path: Path,
) -> None:
    port, config = free_port(), tmp_path / "likelight.toml"
    good = (
        f'state_dir = "{tmp_path / "state"}"\n[kitchen]\nid = "lehi"\n'
        f'[web]\nhost = "127.0.0.1"\nport = {port}\n'
    )
    config.write_text(good, encoding="utf-8")
    async with running(config, port) as device:
        assert (await device.get("/healthz"))["status"] == "ok"
        assert await device.likes() == 1

    config.write_text(good + BROKEN, encoding="utf-8")
    for start in (2, 3):
        async with running(config, port) as device:
            async with device.client.ws_connect("/k/lehi/ws", max_msg_size=0) as viewer:
                assert await device.likes() == start
                states, pictures = await states_and_pictures(viewer)
            assert set(states) == {"fault"}
            assert pictures == 0
            assert (await device.get("/v1/kitchens/lehi"))["state"] == "fault"
            health = await device.get("/healthz")
            assert (health["status"], health["reasons"]) == ("degraded", ["config"])
            assert (await device.get("/readyz"))["kitchen"] == "lehi"
            found = await doctor(config)
            assert "line 11: schedule.friday: " in found["configuration"]
            assert "the last good one runs" in found["daemon"]
        said = device.log.result().decode()
        assert "line 9: camera.masks.0: here are 2; give 3 or more" in said
        assert "line 11: schedule.friday: " in said
        assert "The last good configuration runs, with the camera off." in said
        assert "Traceback" not in said

    config.write_text(good, encoding="utf-8")
    async with running(config, port) as device:
        async with device.client.ws_connect("/k/lehi/ws", max_msg_size=0) as viewer:
            states, pictures = await states_and_pictures(viewer)
        assert states[-1] == "live"
        assert pictures > 0
        assert (await device.get("/healthz"))["status"] == "ok"


async def test_it_is_found_where_only_the_command_line_names_the_state_directory(
    tmp_path: Path,
) -> None:
    port, config = free_port(), tmp_path / "likelight.toml"
    named = ("--set", f"state_dir={tmp_path / 'state'}")
    good = f'[kitchen]\nid = "lehi"\n[web]\nport = {port}\n'
    config.write_text(good, encoding="utf-8")
    async with running(config, port, *named) as device:
        assert (await device.get("/healthz"))["status"] == "ok"
    config.write_text(good + BROKEN, encoding="utf-8")
    async with running(config, port, *named) as device:
        assert (await device.get("/healthz"))["reasons"] == ["config"]


async def test_without_a_last_good_one_it_ends_with_all_mistakes(tmp_path: Path) -> None:
    config = tmp_path / "likelight.toml"
    config.write_text(f'state_dir = "{tmp_path / "state"}"\n{BROKEN}', encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *command("run", "--config", str(config)), stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(WITHIN_S):
        _, said = await process.communicate()
    assert process.returncode == 2
    assert b"camera.masks.0: " in said
    assert b"schedule.friday: " in said
    assert "schedule.friday: " in (await doctor(config))["configuration"]
    assert not (tmp_path / "state").exists()
