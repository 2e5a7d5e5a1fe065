"""The recipe of the Debian packages; `build.py` beside it is the program."""
