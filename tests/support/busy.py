"""The margin that a promised time gets on the machine that happens to run the tests."""

BUSY = 5.0
"""How many times slower than the promise a machine with other things to do may be.

The figures themselves are for a machine that is the product's own; `tests/bench` prints them. Here
a limit tells a mechanism that works from one that a time-out or the next poll stood in for.
"""
