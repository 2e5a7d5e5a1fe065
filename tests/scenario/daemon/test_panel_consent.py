"""The crew consents at the panel, aims the camera there, and nothing else ever opens a sensor."""

import asyncio
import io
import tempfile
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from likelight.appreciation.screens import palette
from likelight.contract import State
from likelight.daemon import panel_consent
from likelight.gate.consent import Consent, ConsentError, read_consent, write_consent
from likelight_hw.ports import DisplayInfo, Rgb
from support.consent_story import LCD, ConsentStory
from support.device import PANEL
from support.virtual import run_virtual

Body = Callable[[ConsentStory], Coroutine[object, object, None]]


def play(state_dir: Path, body: Body, *, panel: DisplayInfo = PANEL) -> ConsentStory:
    stories: list[ConsentStory] = []

    async def scenario() -> None:
        story = ConsentStory(state_dir, panel=panel)
        stories.append(story)
        async with story.living():
            await body(story)

    run_virtual(scenario())
    return stories[0]


def jpeg_of(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (640, 360), colour).save(file, "JPEG")
    return file.getvalue()


STEPS = (
    *("hold thanks", "release thanks", "hold privacy", "release privacy", "press thanks"),
    *("press privacy", "note", "desire off", "desire on", "hours shut", "hours open", "watch"),
    *("leave", "withdraw", "panel breaks", "panel works", "power cut", "masks asked", "masks gone"),
    # What leads to a consent and to the camera, more often.
    *("hold thanks", "hold thanks", "press privacy", "watch", "desire on", "hours open"),
)
PAUSES = st.sampled_from([0.0, 0.06, 0.5, 2.0, 5.3, 5.3, 12.0])
CONSENTS = [("hold thanks", 5.3), ("release thanks", 1.0)]
SHARES = [("press privacy", 2.0), ("watch", 2.0)]
BOTH = [("hold privacy", 0.06), ("hold thanks", 5.3), ("release privacy", 2.0)]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(STEPS), PAUSES), min_size=4, max_size=14))
@example([*CONSENTS, *SHARES, ("press privacy", 2.0)])
@example([*CONSENTS, *SHARES, *BOTH, ("release thanks", 2.0)])
@example([("watch", 0.0), ("press privacy", 2.0), ("hold thanks", 5.05), ("power cut", 5.3)])
@example([("hold thanks", 2.0), ("press privacy", 5.3), ("release thanks", 2.0)])
@example([*CONSENTS, *SHARES, ("withdraw", 2.0), ("hold thanks", 2.0), ("panel breaks", 5.3)])
@example([*CONSENTS, *SHARES, ("power cut", 5.3), ("watch", 2.0), ("desire off", 2.0)])
def test_only_a_whole_hold_consents_and_only_a_consent_opens_the_camera(
    steps: list[tuple[str, float]],
) -> None:
    async def body(story: ConsentStory) -> None:
        for step, pause in steps:
            await story.do(step)
            await asyncio.sleep(pause)
        consent = await story.consent()
        assert consent is None or story.recordings

    with tempfile.TemporaryDirectory() as folder:
        play(Path(folder), body)


def test_a_hold_records_what_the_panel_said_and_shares_nothing(tmp_path: Path) -> None:
    async def body(story: ConsentStory) -> None:
        window = story.device.window
        text = " ".join(window.screen.text)
        assert "Notice 3" in text
        await asyncio.sleep(30)
        assert await story.consent() is None
        await story.do("watch")
        await story.do("hold thanks")
        await asyncio.sleep(4.9)
        assert await story.consent() is None
        await asyncio.sleep(0.6)
        consent = await story.consent()
        assert consent == Consent(
            kitchen="demo",
            signed_by="signed on paper",
            notice="3",
            recorded_at=consent.recorded_at if consent else story.now(),
            review=story.review(),
        )
        assert window.screen.text[0] == "Consent recorded."
        await story.do("release thanks")
        await asyncio.sleep(30)
        assert (story.device.gate.state, story.opened) == (State.PRIVATE, 0)
        await story.do("press privacy")
        await asyncio.sleep(3)
        assert story.device.gate.state is State.LIVE
        await story.power_cut()
        await story.do("watch")
        await asyncio.sleep(15)
        assert story.device.gate.state is State.LIVE

    play(tmp_path, body)


def test_both_buttons_record_a_new_consent_and_leave_the_camera_private(tmp_path: Path) -> None:
    async def body(story: ConsentStory) -> None:
        for step, pause in (*CONSENTS, *SHARES):
            await story.do(step)
            await asyncio.sleep(pause)
        assert story.device.gate.state is State.LIVE
        for order in (("privacy", "thanks"), ("thanks", "privacy")):
            for name in order:
                await story.do(f"hold {name}")
                await asyncio.sleep(0.2)
            await asyncio.sleep(5.3)
            for name in order:
                await story.do(f"release {name}")
                await asyncio.sleep(0.2)
            await asyncio.sleep(20)
            assert story.device.gate.state is State.PRIVATE
        assert story.recordings == 3

    play(tmp_path, body)


def test_a_consent_that_is_given_again_puts_nobody_on_air(tmp_path: Path) -> None:
    async def body(story: ConsentStory) -> None:
        for step, pause in (*CONSENTS, *SHARES, ("withdraw", 2.0)):
            await story.do(step)
            await asyncio.sleep(pause)
        opened = story.opened
        assert opened
        assert not story.device.gate.wants_privacy, "the crew shares, and waits for its consent"
        await story.do("hold thanks")
        await asyncio.sleep(60)
        assert (story.recordings, story.opened) == (2, opened), "a tray lies on the button"
        assert story.device.gate.state is State.PRIVATE

    play(tmp_path, body)


def test_a_device_that_is_not_enrolled_asks_nothing(tmp_path: Path) -> None:
    async def body(story: ConsentStory) -> None:
        story.enrolled = False
        await asyncio.sleep(20)
        assert story.device.window.screen.text[0] == "Camera off."
        for names in (["thanks"], ["thanks", "privacy"]):
            for name in names:
                await story.do(f"hold {name}")
            await asyncio.sleep(8)
            for name in names:
                await story.do(f"release {name}")
        assert story.recordings == 0
        story.enrolled = True
        await asyncio.sleep(30)
        assert "Notice 3" in " ".join(story.device.window.screen.text)

    play(tmp_path, body)


def test_a_disk_that_takes_nothing_is_said_and_nothing_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise ConsentError("can't write: no space left on device")

    async def body(story: ConsentStory) -> None:
        monkeypatch.setattr(panel_consent, "write_consent", full)
        await story.do("hold thanks")
        await asyncio.sleep(5.5)
        assert "card" in " ".join(story.device.window.screen.text)
        await story.do("release thanks")
        await asyncio.sleep(10)
        assert await story.consent() is None
        assert "Notice 3" in " ".join(story.device.window.screen.text), "it can be tried again"

    play(tmp_path, body)


async def test_what_a_disk_that_hung_writes_too_late_is_no_consent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()

    def hang(state_dir: Path, consent: Consent) -> None:
        assert goes_on.wait(20)
        write_consent(state_dir, consent)

    async def keep_private() -> None: ...

    monkeypatch.setattr(panel_consent, "write_consent", hang)
    monkeypatch.setattr(panel_consent, "STORE_WITHIN_S", 0.01)
    notice = panel_consent.Notice("demo", "3", date(2027, 1, 1))
    with ThreadPoolExecutor(1) as disk:
        asyncio.get_running_loop().set_default_executor(disk)
        now = datetime(2026, 6, 1, tzinfo=UTC)
        with pytest.raises(TimeoutError):
            await panel_consent.record_signed(notice, tmp_path, keep_private, lambda: now)
        goes_on.set()
        # The same thread: it reads when the late job has ended.
        assert await asyncio.to_thread(read_consent, tmp_path) is None


@pytest.mark.parametrize("end", ["press privacy", "time", "desire off", "withdraw"])
def test_a_panel_in_colour_shows_the_picture_until_something_ends_it(
    tmp_path: Path, end: str
) -> None:
    async def body(story: ConsentStory) -> None:
        device = story.device

        async def shows(jpeg: bytes) -> bool:
            device.aiming.picture(jpeg)
            await asyncio.sleep(2)
            return device.window.screen.screen == "aim"

        red, blue = jpeg_of("red"), jpeg_of("blue")
        for step, pause in CONSENTS:
            await story.do(step)
            await asyncio.sleep(pause)
        assert not await shows(red), "the crew has not shared yet"
        await story.do("press privacy")
        await asyncio.sleep(3)
        assert device.gate.open, "nobody else watches"
        assert device.sensor.lit
        story.cloud.note("heroes")
        assert await shows(red)
        assert await shows(blue)
        right, middle = device.display.image.width - 1, device.display.image.height // 2
        assert device.display.image.getpixel((right // 2, middle))[2] > 200  # type: ignore[index]
        await (asyncio.sleep(180) if end == "time" else story.do(end))
        await asyncio.sleep(1.5)
        assert not device.gate.open
        assert device.window.screen.screen != "aim"
        assert not await shows(red)
        await asyncio.sleep(30)
        assert not device.gate.open

    play(tmp_path, body, panel=LCD)


def test_a_panel_in_one_bit_says_where_to_look_and_opens_no_sensor(tmp_path: Path) -> None:
    async def body(story: ConsentStory) -> None:
        for step, pause in (*CONSENTS, ("press privacy", 2.0)):
            await story.do(step)
            await asyncio.sleep(pause)
        assert story.device.window.screen.text[0] == "Aim the camera."
        await asyncio.sleep(40)
        assert story.device.window.screen.screen == "idle"

    assert play(tmp_path, body).opened == 0


def test_masks_are_asked_about_over_the_picture_only_while_the_camera_may_be_on(
    tmp_path: Path,
) -> None:
    async def body(story: ConsentStory) -> None:
        device = story.device

        async def reads() -> tuple[str, Image.Image]:
            """Return all that the panel says, and the page without words."""
            said, picture = dict[str, None](), device.display.image
            for _ in range(120):
                text = " ".join(device.window.screen.text)
                if device.window.screen.screen == "masks" and not text:
                    picture = device.display.image
                said[text] = None
                await asyncio.sleep(0.5)
            return " ".join(said), picture

        def at(picture: Image.Image, x: float) -> Rgb:
            pixel = picture.getpixel((round(x * picture.width), picture.height // 2))
            assert isinstance(pixel, tuple)
            return pixel[0], pixel[1], pixel[2]

        await story.do("masks asked")
        said, sketch = await reads()
        assert "Camera off. It waits for your consent." in said
        assert (at(sketch, 0.3), at(sketch, 0.8)) == (palette.GLOW, palette.LINE)
        await story.do("masks gone")
        await asyncio.sleep(10)
        for step, pause in (*CONSENTS, ("press privacy", 200.0)):
            await story.do(step)
            await asyncio.sleep(pause)
        assert not device.gate.open
        await story.do("masks asked")
        await asyncio.sleep(6)
        assert (device.gate.open, device.sensor.lit) == (True, True)
        device.mask_picture.picture(jpeg_of("blue"))
        await asyncio.sleep(2)
        assert (device.gate.open, device.sensor.lit) == (False, False), "one picture is enough"
        said, over = await reads()
        assert "Camera" not in said.replace("The camera then", "")
        assert at(over, 0.3) == palette.GLOW
        assert at(over, 0.8)[2] > 200
        await story.do("press privacy")
        said, sketch = await reads()
        assert "Camera off. Press again to share." in said
        assert at(sketch, 0.8) == palette.LINE
        await story.do("press privacy")
        await asyncio.sleep(2)
        assert device.gate.open, "once shared again"
        said, sketch = await reads()
        assert (device.gate.open, at(sketch, 0.8)) == (False, palette.LINE)
        assert "Camera trouble." in said, "no picture has come"
        while device.window.screen.screen != "masks":
            await asyncio.sleep(0.5)
        await story.do("hold thanks")
        await asyncio.sleep(4)
        await story.do("release thanks")
        await asyncio.sleep(5)
        assert story.agreed.is_set()

    play(tmp_path, body, panel=LCD)
