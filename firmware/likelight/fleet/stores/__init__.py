"""The list of a franchise's stores: its rows, what each cell may hold, and the words for a mistake.

The cloud imports kitchens from it, `likelight flash` writes seeds from it.
"""
