"""The one exception for bad input."""

from __future__ import annotations


class InputError(ValueError):
    """Something the user gave can't be used.

    Its message is one line: what is wrong, where, what is allowed, and what to do. Entry points print it
    without a traceback and exit with status 2; anything else that is raised is a defect of this project.
    """
