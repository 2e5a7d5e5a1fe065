"""A random source that always draws the one end: the figures of back-offs and of spreads."""

import random


class Shortest(random.Random):
    """A chance that always draws the least of a range: what is random can be timed exactly."""

    def uniform(self, a: float, b: float) -> float:
        return a


class Longest(random.Random):
    """A chance that always draws the most of a range."""

    def uniform(self, a: float, b: float) -> float:
        return b
