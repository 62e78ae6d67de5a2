"""The arguments of the command line, each with a default."""

import sys


def arguments(*defaults):
    given = sys.argv[1:]
    return given[: len(defaults)] + list(defaults[len(given) :])
