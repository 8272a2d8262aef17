"""In which state Slurm's jobs are, asked of the queue, so that no accounting is needed."""

from __future__ import annotations

from submitit.slurm.slurm import SlurmInfoWatcher

ASKED_AGAIN_AFTER_S = 10
GONE = "GONE"  # a job that the queue doesn't know any more; whether it went well its result says


class QueueWatcher(SlurmInfoWatcher):
    """The states that `squeue` knows. A job that was in the queue, and is no longer, has ended.

    Without accounting `sacct` says nothing, and whoever waits for a cancelled job by it waits forever.
    """

    def __init__(self, delay_s: int = ASKED_AGAIN_AFTER_S) -> None:
        super().__init__(delay_s)

    def _make_command(self) -> list[str] | None:
        waited_for = sorted({job.split("_")[0] for job in self._registered - self._finished})
        # of other jobs as well, since a job that is gone is an error to squeue, which then names none at all
        return ["squeue", "--all", "--array", "--states=all", "--format=%i|%T|%N"] if waited_for else None

    def read_info(self, string: bytes | str) -> dict[str, dict[str, str]]:
        """The state of every job that is waited for, by its number; `GONE` of those that the queue doesn't name."""
        text = string if isinstance(string, str) else string.decode()
        named: dict[str, dict[str, str]] = {}
        for line in text.splitlines()[1:]:
            job, state, nodes = line.split("|")
            named[job] = {"JobID": job, "State": state, "NodeList": nodes}
        return {job: named.get(job, {"JobID": job, "State": GONE, "NodeList": ""}) for job in self._registered}
