"""Masks in `likelight.txt`: what covers more is taken, what uncovers waits for the crew."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from likelight.appreciation.screens import palette
from likelight.appreciation.screens.models import MasksScreen, StatusScreen
from likelight.appreciation.screens.render import pages
from likelight.config.boot_report import Polygons, read_report
from likelight.config.settings import read_config
from likelight.fleet.boot_volume import masks as boot_masks
from likelight.fleet.boot_volume.masks import uncovers_anything
from likelight.fleet.boot_volume.take import Places, take
from likelight.fleet.seed.boot_masks import masks_of
from likelight.fleet.seed.boot_text import read_boot_text
from likelight_hw.panels import PANELS
from likelight_hw.picture.mask import Masks
from likelight_hw.picture.planes import Planes

LEFT = "0,0 0.5,0 0.5,1 0,1"
CORNER = "0,0 0.2,0 0.2,0.2 0,0.2"
RIGHT = "0.8,0 1,0 1,1"
SIZE = (64, 36)


class Device:
    """An enrolled device that starts again and again; `answer` is the daemon's."""

    def __init__(self, folder: Path) -> None:
        self.boot, etc = folder / "boot", folder / "etc"
        for made in (self.boot, etc):
            made.mkdir()
        self.answer = folder / "answer"
        config, report = etc / "likelight.toml", folder / "run" / "report.json"
        self.places = Places(config, etc, report, self.answer)

    @property
    def masks(self) -> Polygons:
        file = self.places.config
        return read_config(file).camera.masks if file.exists() else ()

    @property
    def asked(self) -> Polygons | None:
        asked = read_report(self.places.report).masks
        return None if asked is None else asked.asked

    def starts(self, masks: str | None = None) -> None:
        if masks is not None:
            (self.boot / "likelight.txt").write_text(f"masks = {masks}\n")
        take(self.boot, self.places, {"store": "0421"}, self.masks)

    def crew_agrees(self) -> None:
        asked = read_report(self.places.report).masks
        if asked is not None:
            self.answer.write_text(asked.nonce)


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Device:
    monkeypatch.setattr(boot_masks, "_SIZES", (SIZE,))
    return Device(tmp_path)


def test_masks_that_cover_more_are_taken_at_once_and_others_wait_for_the_crew(
    device: Device,
) -> None:
    for masks in (CORNER, LEFT, f"{RIGHT}; {LEFT}"):
        device.starts(masks)
        assert (device.masks, device.asked) == (masks_of(masks), None)
    for _ in range(2):
        device.starts(LEFT)
        assert (device.masks, device.asked) == (masks_of(f"{RIGHT}; {LEFT}"), masks_of(LEFT))
    device.crew_agrees()
    stale = device.answer.read_text()
    device.starts()
    assert (device.masks, device.asked) == (masks_of(LEFT), None)
    device.starts("none")
    assert (device.masks, device.asked) == (masks_of(LEFT), ())
    device.answer.write_text(stale)
    device.starts()
    assert (device.masks, device.asked) == (masks_of(LEFT), ()), "an answer counts once"
    device.crew_agrees()
    device.starts(CORNER)
    assert (device.masks, device.asked) == (masks_of(LEFT), masks_of(CORNER)), "another question"
    device.starts(f"{LEFT}; {RIGHT}")
    assert device.asked is None, "the file asks for nothing now"
    (device.boot / "likelight.txt").write_text("name = Harbour\n")
    device.starts()
    assert device.masks == masks_of(f"{LEFT}; {RIGHT}"), "a file without the line says nothing"


def test_masks_that_the_card_has_no_space_for_are_asked_about_again_with_the_reason(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.starts(LEFT)
    device.starts("none")
    device.crew_agrees()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "/etc")

    with monkeypatch.context() as broken:
        broken.setattr("likelight.fleet.boot_volume.take._keep", full)
        with pytest.raises(OSError, match="No space"):
            device.starts()
    assert (device.masks, device.asked) == (masks_of(LEFT), ())
    assert read_report(device.places.report).not_kept == "full"
    device.crew_agrees()
    device.starts()
    assert (device.masks, read_report(device.places.report).not_kept) == ((), "")


def test_as_many_masks_as_a_file_can_name_are_asked_about(device: Device) -> None:
    many = "; ".join([" ".join(["0.123456789012345,0.987654321098765"] * 31 + ["0,0"])] * 32)
    device.starts(f"{LEFT}; {RIGHT}")
    device.starts(many)
    device.crew_agrees()
    device.starts()
    assert device.masks == masks_of(many)
    others = many.replace("0.98", "0.58")
    device.starts(others)
    assert device.asked == masks_of(others), "both at once"


def test_the_other_lines_count_while_masks_wait(device: Device) -> None:
    device.starts(LEFT)
    (device.boot / "likelight.txt").write_text("masks = none\nname = Port\n")
    device.starts()
    assert read_config(device.places.config).kitchen.name == "Port"
    assert (device.masks, device.asked) == (masks_of(LEFT), ())


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("0,0 1,0", "mask 1 has 2 corners"),
        (f"{LEFT};", "mask 2 has 0 corners"),
        ("0,0 1,0 1.1,1", "write corners x,y in fractions"),
        ("0,0 1,0 nan,1", "write corners x,y in fractions"),
        ("0 0 1 0 1 1", "write corners x,y in fractions"),
        ("; ".join([CORNER] * 33), "there are 33 masks"),
    ],
)
def test_a_mistake_says_what_to_type(cell: str, said: str) -> None:
    (mistake,) = read_boot_text(f"masks = {cell}\n".encode()).mistakes
    assert str(mistake).startswith(f"likelight.txt, line 1: masks: {said}")
    assert mistake.text == "masks = 0,0 0.3,0 0.3,0.5"


CORNERS = st.tuples(*[st.integers(0, 8).map(lambda eighth: eighth / 8)] * 2)
POLYGONS = st.lists(st.lists(CORNERS, min_size=3, max_size=5), max_size=3)
STEPS = st.lists(st.one_of(POLYGONS, st.sampled_from(["starts", "agrees", "guesses"])), max_size=7)


def written(masks: Sequence[Sequence[tuple[float, float]]]) -> str:
    return "; ".join(" ".join(f"{x},{y}" for x, y in mask) for mask in masks) or "none"


def picture(masks: Polygons) -> Planes:
    """A grey picture under `masks`."""
    half = (SIZE[0] // 2, SIZE[1] // 2)
    planes = Planes(Image.new("L", SIZE, 200), *(Image.new("L", half, 200) for _ in range(2)))
    Masks(masks, *SIZE).paint(planes)
    return planes


def shows_more(before: Polygons, after: Polygons) -> bool:
    for old, new in zip(picture(before), picture(after), strict=True):
        pairs = zip(old.tobytes(), new.tobytes(), strict=True)
        if any(now == 200 != then for then, now in pairs):
            return True
    return False


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_no_files_and_presses_uncover_a_pixel_without_the_crew(steps: list[object]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(boot_masks, "_SIZES", (SIZE,))
        device, held = Device(Path(folder)), ()
        for step in steps:
            agreed = None
            match step:
                case "agrees":
                    device.crew_agrees()
                    agreed = device.asked
                case "guesses":
                    device.answer.write_text("0" * 32)
            before: Polygons = held
            device.starts(written(step) if isinstance(step, list) else None)
            held = device.masks
            if shows_more(before, held):
                assert agreed == held
            elif isinstance(step, list):
                asked = masks_of(written(step))
                assert (held, device.asked) in ((asked, None), (before, asked))
                assert (device.asked is not None) == shows_more(before, asked)


def test_a_panel_with_colours_also_draws_what_would_be_seen() -> None:
    asks = StatusScreen("Show more?", "Hold THANKS for 3 s.", "wrench")
    screen = MasksScreen(asks, masks_of(LEFT), masks_of("0,0 0.25,0 0.25,1 0,1"))
    mono, lcd = (pages(screen, PANELS[name].info) for name in ("oled-0.96", "lcd-7"))
    assert [page.text for page in mono] == [
        page.text for page in pages(asks, PANELS["oled-0.96"].info)
    ]
    sketch = lcd[-1].image
    wide, high = sketch.size
    colours = [sketch.getpixel((wide * tenth // 10, high // 2)) for tenth in (2, 4, 7)]
    assert colours == [palette.MUTED, palette.GLOW, palette.LINE]


def test_the_picture_s_edge_and_each_size_count() -> None:
    whole = masks_of("0,0 1,0 1,1 0,1")
    assert not uncovers_anything((), whole)
    assert uncovers_anything(whole, masks_of("0,0 1,0 1,0.99 0,0.99"))
    assert not uncovers_anything(masks_of(CORNER), whole)
