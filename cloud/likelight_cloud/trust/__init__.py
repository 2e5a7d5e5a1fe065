"""Viewer tokens, limits and the checks that keep a stranger out."""
