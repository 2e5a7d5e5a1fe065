"""Simulators that behave: the demo and the tests use the same ones."""
