"""What a lamp may be asked for: any frames, at any time."""

from hypothesis import strategies as st

from likelight_hw.ports import LightFrame

TICK = 0.02

levels = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.3, 0.4, 0.5, 1.0]))
channels = st.one_of(st.integers(0, 255), st.sampled_from([0, 255]))
frames = st.builds(LightFrame, levels, st.tuples(channels, channels, channels))
waits = st.one_of(
    st.sampled_from([0.0, 1e-9, 0.001, 0.01, TICK, 0.1, 0.25, 0.499, 0.5, 1.0, 3600.0]),
    st.floats(0, 2),
)


@st.composite
def strobes(draw: st.DrawFn) -> list[tuple[float, LightFrame]]:
    """A few frames in turn, each held for a while and written at a steady rate."""
    cycle = draw(st.lists(frames, min_size=2, max_size=4))
    hold = draw(st.integers(1, 30))
    wait = draw(st.sampled_from([0.001, 0.005, TICK, 0.05, 0.1, 0.3]))
    return [(wait, cycle[i // hold % len(cycle)]) for i in range(250)]


sequences = st.one_of(st.lists(st.tuples(waits, frames), max_size=80), strobes())
