"""`likelight flash`: from a list of stores and their codes to what each device reads at its start.

It runs on a computer of the office, so it knows no hardware and no daemon.
"""
