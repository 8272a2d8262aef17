"""What a launcher hands to Hydra for a cell that a cluster didn't bring to its end."""

from __future__ import annotations

from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus

from runners.results.failures import note_failure
from vits.common.errors import BrokenOffError


def no_result(experiment: Path, what: str, why: str) -> JobReturn:
    """Note the failure of `what`, and give a return that lets the others be waited for."""
    note_failure(experiment, what, BrokenOffError(why))
    nothing = JobReturn()
    nothing.status = JobStatus.COMPLETED
    nothing.return_value = None
    return nothing
