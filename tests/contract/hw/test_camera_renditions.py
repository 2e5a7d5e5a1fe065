"""The smaller renditions of a real camera child: there while they are wanted, and only then."""

from collections import Counter

from likelight_hw.camera.config import CameraConfig
from likelight_hw.ports import AccessUnit, Rendition, StreamFormat
from support.camera import Decoder, Recorder, running
from support.camera_pictures import jpeg_image, luma, read_barcode

MAIN, LOW, SLIDE = Rendition
CONFIG = CameraConfig(barcode=True)


def of(sink: Recorder, rendition: Rendition) -> list[AccessUnit]:
    return [unit for unit in sink.units if unit.rendition is rendition]


async def test_each_is_the_same_picture_smaller_and_begins_with_a_keyframe() -> None:
    async with running(CONFIG) as (camera, sink):
        camera.start()
        await sink.next_keyframe()
        camera.renditions(frozenset({LOW, SLIDE}))
        await sink.until(lambda: len(of(sink, SLIDE)) >= 7)
    assert [form for form in sink.formats if form.rendition] == [
        StreamFormat(640, 360, 30, simulated=True, rendition=LOW),
        StreamFormat(640, 360, 5, simulated=True, rendition=SLIDE),
    ]
    mains = {unit.captured_us for unit in of(sink, MAIN)}
    for rendition, size in ((MAIN, (1280, 720)), (LOW, (640, 360)), (SLIDE, (640, 360))):
        decoder = Decoder()
        assert of(sink, rendition)[0].keyframe
        for unit in of(sink, rendition):
            frame = decoder.decode(unit.data)
            assert (frame.width, frame.height) == size
            assert unit.captured_us in mains
            assert read_barcode(luma(frame)) == unit.captured_us // 1000 % (1 << 20)
    low = [unit.captured_us for unit in of(sink, LOW)]
    beats = [low.index(unit.captured_us) for unit in of(sink, SLIDE)]
    assert beats == [6 * number for number in range(len(beats))]


async def test_with_nobody_on_them_they_are_not_made() -> None:
    async with running(CONFIG) as (camera, sink):
        camera.start()
        await sink.more_units(10)
        assert {unit.rendition for unit in sink.units} == {MAIN}
        camera.renditions(frozenset({MAIN, LOW}))
        await sink.until(lambda: len(of(sink, LOW)) >= 3)
        camera.renditions(frozenset())
        await sink.more_units(6)  # what was on its way
        seen = Counter(unit.rendition for unit in sink.units)
        await sink.more_units(10)
    assert seen[LOW]
    assert not seen[SLIDE]
    assert len(of(sink, LOW)) <= seen[LOW] + 3
    assert sink.units[-1].rendition is MAIN


async def test_jpegs_of_each_size_while_they_are_wanted() -> None:
    def sizes() -> list[tuple[Rendition, tuple[int, int]]]:
        return [(each.rendition, jpeg_image(each.data).size) for each in sink.jpegs]

    whole, small = (MAIN, (1280, 720)), (LOW, (640, 360))
    async with running(CONFIG) as (camera, sink):
        camera.jpeg_rate(30, frozenset({LOW}))
        camera.start()
        await sink.until(lambda: len(sink.jpegs) >= 3)
        assert set(sizes()) == {small}
        assert {unit.rendition for unit in sink.units} == {MAIN}, "and no encoder of H.264 more"
        camera.jpeg_rate(30, frozenset({MAIN, LOW}))
        await sink.until(lambda: whole in sizes())
        camera.jpeg_rate(30)
        await sink.more_units(6)  # what was on its way
        seen = len(sink.jpegs)
        await sink.more_units(10)
    assert set(sizes()[seen:]) == {whole}
    small_ones = {each.captured_us for each in sink.jpegs if each.rendition is LOW}
    assert small_ones <= {unit.captured_us for unit in sink.units}


async def test_a_keyframe_of_one_is_none_of_the_others() -> None:
    async with running(CONFIG) as (camera, sink):
        camera.start()
        camera.renditions(frozenset({LOW}))
        await sink.until(lambda: len(of(sink, LOW)) > 2)
        seen = len(of(sink, LOW))
        camera.keyframe(LOW)
        await sink.until(lambda: any(unit.keyframe for unit in of(sink, LOW)[seen:]))
        await sink.more_units(10)
    counts = {
        rendition: [count for count, unit in enumerate(of(sink, rendition)) if unit.keyframe]
        for rendition in (MAIN, LOW)
    }
    assert all(count % 30 == 0 for count in counts[MAIN])
    assert counts[LOW][1] % 30
