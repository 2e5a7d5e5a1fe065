"""Every effect, one after the other, for somebody who tries the lamp."""

from dataclasses import dataclass

from likelight.appreciation.lamp.effects import EFFECTS, TEST, Effect
from likelight.appreciation.lamp.scene import Scene

GAP_S = 0.6
"""Between two effects, so that each can be told apart."""
_SLOTS = "tested"


@dataclass(frozen=True, slots=True)
class Planned:
    """An effect of a test, and in how many seconds it begins."""

    effect: Effect
    starts_s: float


def with_every_effect(scene: Scene, at: float, number: int) -> tuple[Scene, tuple[Planned, ...]]:
    """Return `scene` with every effect from `at` on, and when each begins.

    `number` tells this test from earlier ones. One that is still under way ends.
    """
    plan, starts_s = [], 0.0
    scene = scene.silenced(at, slots=_SLOTS)
    for effect in (TEST, *(one for one in EFFECTS.values() if one is not TEST)):
        plan.append(Planned(effect, starts_s))
        slot = f"{_SLOTS} {number} {effect.name}"
        scene = scene.with_later(effect, at + starts_s, slot=slot)
        starts_s += effect.seconds + GAP_S
    return scene, tuple(plan)
