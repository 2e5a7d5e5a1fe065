"""Which rendition a page gets by what it acknowledges, on simulated lines; and nobody else's."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import pairwise

import pytest

from likelight.contract import State
from likelight.feed.hub import Hub
from likelight.feed.outlets import Demand
from likelight.feed.placeholders import Placeholder
from likelight.feed.rendition import Rendition
from support.far_page import Page
from support.feed import now_us
from support.pictures import HEIGHT, WIDTH, heavy, one_keyframe
from support.valve import Valve
from support.virtual import run_virtual

MAIN, LOW, SLIDE = Rendition
FPS = 30
SIZES = {MAIN: (30_000, 7_600, 1), LOW: (11_000, 1_340, 1), SLIDE: (7_600, 2_400, 6)}
"""Bytes of a keyframe and of another picture: 2 Mbit/s, 400 and 140 kbit/s; and every how many."""
MBIT = 125_000


class Store:
    """A live hub, its camera, and the pages that watch it."""

    def __init__(self, offered: frozenset[Rendition] = frozenset(Rendition)) -> None:
        self.wanted: list[frozenset[Rendition]] = []
        self.made: dict[Rendition, list[bool]] = {each: [] for each in Rendition}
        """Of each picture that was made, whether it was a keyframe."""
        self.hub = Hub(now_us=now_us, on_demand=self._hear)
        self._offered = offered
        self._running: dict[Rendition, int] = {}
        self.stack = ExitStack()
        for each in Rendition:
            size = (WIDTH, HEIGHT) if each is MAIN else (WIDTH // 2, HEIGHT // 2)
            self.hub.set_format(*size, FPS // SIZES[each][2], each)
        self.hub.show(State.LIVE)

    def page(self, mbit: float, line: str | None = None, delay_s: float = 0.075) -> Page:
        """Let a page watch over a line of `mbit` Mbit/s."""
        proxy = Valve()
        viewer = self.stack.enter_context(self.hub.watch_h264(proxy, line))
        return Page(viewer, proxy, mbit * MBIT, delay_s)

    async def film(self, seconds: float, *pages: Page) -> None:
        """Film while the pages watch."""
        async with asyncio.TaskGroup() as group:
            parts = [self.hub.run()]
            for page in pages:
                parts += [page.watch(), page.acknowledge()]
            tasks = [group.create_task(part) for part in parts]
            for _ in range(round(seconds * FPS)):
                self._picture()
                await asyncio.sleep(1 / FPS)
            for task in tasks:
                task.cancel()

    def _picture(self) -> None:
        at = now_us()
        for each in sorted({MAIN, *self.hub.demand.renditions} & self._offered):
            count = self._running.get(each, 0)
            self._running[each] = count + 1
            key, light, every = SIZES[each]
            if count % every:
                continue
            first = count % FPS == 0
            self.made[each].append(first)
            unit = heavy(key if first else light, keyframe=first)
            self.hub.publish(unit.data, keyframe=first, captured_us=at, rendition=each)
        for each in set(self._running) - {MAIN, *self.hub.demand.renditions}:
            del self._running[each]

    def _hear(self, demand: Demand) -> None:
        self.wanted.append(demand.renditions)


@contextmanager
def store(offered: frozenset[Rendition] = frozenset(Rendition)) -> Iterator[Store]:
    made = Store(offered)
    with made.stack:
        yield made


def has(page: Page) -> object:
    """Return the name of what the page was given last."""
    return page.opened[-1]["rendition"]


def after(page: Page, at: float) -> list[float]:
    """Return the ages of the pictures that came after `at`."""
    return [age for came, age in page.ages if came > at]


def clock() -> float:
    return asyncio.get_running_loop().time()


@pytest.mark.parametrize(
    ("mbit", "rendition", "fps", "oldest_s"),
    [
        (4.0, "main", 29, 0.5),
        (1.6, "low", 29, 0.5),
        (0.7, "low", 29, 0.7),
        (0.2, "slide", 4.5, 1.0),
    ],
)
def test_a_line_gets_what_it_carries(
    mbit: float, rendition: str, fps: float, oldest_s: float
) -> None:
    async def scenario() -> None:
        with store() as place:
            page = place.page(mbit)
            settled = clock() + 15
            await place.film(45, page)
        assert has(page) == rendition
        ages = after(page, settled)
        assert len(ages) / 30 >= fps
        assert max(ages) < oldest_s

    run_virtual(scenario())


@pytest.mark.parametrize(("mbit", "delay_s"), [(3.0, 0.02), (3.0, 0.4), (20.0, 0.005)])
def test_with_everybody_on_good_lines_nothing_else_is_made(mbit: float, delay_s: float) -> None:
    async def scenario() -> None:
        with store() as place:
            pages = [place.page(mbit, delay_s=delay_s) for _ in range(3)]
            await place.film(60, *pages)
        assert not place.made[LOW]
        assert not place.made[SLIDE]
        assert all(len(page.ages) > 60 * FPS - 15 for page in pages)
        assert not any(page.padding for page in pages)

    run_virtual(scenario())


def test_one_on_a_slow_line_changes_nothing_for_the_others() -> None:
    async def scenario() -> None:
        with store() as place:
            good, slow = place.page(20), place.page(0.7)
            silent = place.page(20)
            silent.acknowledges = False
            await place.film(40, good, slow, silent)
        assert has(slow) == "low"
        assert place.made[MAIN] == [count % FPS == 0 for count in range(40 * FPS)]
        for page in (good, silent):
            assert [each["rendition"] for each in page.opened] == ["main"]
            assert len(page.pictures) > 40 * FPS - 5
            assert all(late[0] == sum(early) for early, late in pairwise(page.pictures))

    run_virtual(scenario())


def test_the_encoders_run_only_while_somebody_needs_them() -> None:
    async def scenario() -> None:
        with store() as place:
            with ExitStack() as stay:
                place.stack, outer = stay, place.stack
                slow = place.page(0.7)
                await place.film(20, slow)
                place.stack = outer
            assert place.hub.demand.renditions == frozenset()
            made = len(place.made[LOW])
            assert made
            await place.film(5, place.page(20))
            assert len(place.made[LOW]) == made

    run_virtual(scenario())


def test_a_line_that_gets_slow_and_quick_again_is_followed() -> None:
    async def scenario() -> None:
        with store() as place:
            page = place.page(4.0)
            await place.film(10, page)
            assert has(page) == "main"
            page.bytes_per_s = 0.7 * MBIT
            slow_at = clock()
            await place.film(15, page)
            assert has(page) == "low"
            assert max(after(page, slow_at + 4)) < 1.0
            page.bytes_per_s = 4 * MBIT
            await place.film(20, page)
            assert has(page) == "main"
        joints = [late[0] - sum(early) for early, late in pairwise(page.pictures)]
        # Pictures were left out while the line was full; at the end of a rendition none is missing,
        # and what it covers of the one before is less than a picture.
        assert sum(joint > 0 for joint in joints) <= 3
        assert min(joints) >= -450

    run_virtual(scenario())


def test_who_begins_while_others_have_the_low_rendition_begins_there() -> None:
    async def scenario() -> None:
        with store() as place:
            slow = place.page(0.7)
            await place.film(15, slow)
            assert has(slow) == "low"
            joined = clock()
            good, known = place.page(4.0, "unproven"), place.page(4.0)
            await place.film(10, slow, good, known)
        assert [each["rendition"] for each in good.opened] == ["low", "main"]
        assert [each["rendition"] for each in known.opened] == ["main"]
        assert good.ages[0][0] - joined < 0.3

    run_virtual(scenario())


def test_a_page_whose_line_was_slow_begins_low_and_nobody_else_does() -> None:
    async def scenario() -> None:
        with store() as place:
            unproven = place.page(4.0, "unproven")
            await place.film(3, unproven)
            assert not place.made[LOW]
            joined = clock()
            slow = place.page(0.2, "slow")
            await place.film(10, unproven, slow)
        assert slow.opened[0]["rendition"] == "low"
        assert slow.ages[0][0] - joined < 1.0
        assert has(slow) == "slide"
        assert has(unproven) == "main"

    run_virtual(scenario())


@pytest.mark.parametrize("line", [None, "slow"])
def test_where_a_rendition_does_not_come_the_page_keeps_the_main_one(line: str | None) -> None:
    async def scenario() -> None:
        with store(frozenset({MAIN})) as place:
            page = place.page(1.6, line)
            await place.film(30, page)
        assert {each["rendition"] for each in page.opened} == {"main"}
        assert len(page.ages) > 20

    run_virtual(scenario())


@pytest.mark.parametrize("state", [State.PRIVATE, State.FAULT])
def test_when_the_gate_shuts_no_rendition_keeps_a_picture(state: State) -> None:
    async def scenario() -> None:
        with store() as place:
            pages = [place.page(mbit) for mbit in (4.0, 0.7, 0.2)]
            await place.film(20, *pages)
            assert [has(page) for page in pages] == ["main", "low", "slide"]
            place.hub.show(state)
            for page in pages:
                page.proxy.got.clear()
            for line in (None, "unproven", "slow"):
                later = place.page(4.0, line)
                assert all(b"prft" not in data for data in later.proxy.got)
            place._picture()
            for page in pages:
                assert all(b"prft" not in data for data in page.proxy.got)

    run_virtual(scenario())


@pytest.mark.parametrize(("mbit", "small"), [(4.0, False), (0.7, True), (0.2, True)])
def test_a_placeholder_has_the_size_of_the_rendition_and_its_line_carries_it(
    mbit: float, small: bool
) -> None:
    async def scenario() -> None:
        with store() as place:
            page = place.page(mbit)
            await place.film(15, page)
            place.hub.set_placeholder(private())
            page.ages.clear()
            shut_at = clock()
            place.hub.show(State.PRIVATE)
            await place.film(5, page)
        assert page.opened[-1]["width"] == (WIDTH // 2 if small else WIDTH)
        assert page.ages[-1][0] - shut_at > 4.5
        shown = [(at, age) for at, age in page.ages if at - age > shut_at - 0.01]
        assert shown[0][0] - shut_at < 1.0
        assert max(age for _, age in shown) < 0.9
        assert len(shown) >= 8

    run_virtual(scenario())


def private() -> Placeholder:
    """Return a placeholder as heavy as the packaged ones, whole and small."""
    whole, small = (
        replace(
            Placeholder.from_keyframe(
                State.PRIVATE, one_keyframe(60, width=width, height=height), b"", width, height
            ),
            units=[b"\x65" + bytes(size)],
        )
        for width, height, size in ((WIDTH, HEIGHT, 20_800), (WIDTH // 2, HEIGHT // 2, 6_900))
    )
    return replace(whole, small=small)


@pytest.mark.parametrize(
    ("mbit", "first_s", "moves_s", "rendition"),
    [
        (20.0, 0.1, 0.5, "main"),
        (4.0, 0.2, 1.5, "main"),
        (0.7, 0.6, 1.7, "low"),
        (0.2, 1.4, 4.0, "slide"),
    ],
)
def test_a_page_that_begins_has_a_picture_soon_and_then_one_that_moves(
    mbit: float, first_s: float, moves_s: float, rendition: str
) -> None:
    """A second of the main rendition, all that a decoder needs, are 10 s of 0.2 Mbit/s."""

    async def scenario() -> None:
        with store() as place:
            await place.film(3.9)
            joined = clock()
            page = place.page(mbit, "unproven")
            await place.film(6, page)
        assert page.ages[0][0] - joined < first_s
        moves = [at for at, age in page.ages if age < 0.5]
        assert moves[0] - joined < moves_s
        assert has(page) == rendition

    run_virtual(scenario())
