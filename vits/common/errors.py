"""The exceptions that are told in one line: bad input, and work that broke off."""

from __future__ import annotations


class InputError(ValueError):
    """Something the user gave can't be used.

    Its message is one line: what is wrong, where, what is allowed, and what to do. Entry points print it
    without a traceback and exit with status 2; anything else that is raised is a defect of this project, but for
    `BrokenOffError`.
    """


class BrokenOffError(RuntimeError):
    """Work could not be ended, and it is neither the input nor this project: too little memory, numbers that left
    the numbers, somebody else in the same folder.

    Its message is one line and says what to do. Entry points print it without a traceback and exit with status 1.
    """


class ToldToEndError(BrokenOffError):
    """The process was told to end; what was done is saved, and the same command goes on with it."""
