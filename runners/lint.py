"""Look for what may spoil an experiment: shared texts and recordings, bad audio, wrong transcripts, small tests.

Exit status: 0 without errors (warnings or not), 1 with errors, 2 for bad input.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from runners.cli.entry_point import CONF, FAILURE, main, told_in_one_line

EXAMPLES = """\
  python runners/lint.py data=folder data.root=my_voices out=findings.csv
  python runners/lint.py data=folder data.root=my_voices whisper_per_speaker=null   # Whisper listens to everything
  python runners/lint.py data=filelists data.filelists=lists data.transcripts=transcripts.tsv   # needs no audio

Exit status: 0 without errors (warnings or not), 1 with errors, 2 for bad input."""


def job() -> Callable[[], None]:
    """The runner, after the slow imports."""
    import hydra
    from omegaconf import DictConfig

    from runners.config.composed_lint import lint_from
    from runners.config.registration import register_options
    from runners.linting.checks import lint, write_findings
    from runners.linting.finding import Severity
    from runners.linting.printing import print_findings

    register_options()

    @hydra.main(version_base="1.3", config_path=str(CONF), config_name="lint")
    def run(config: DictConfig) -> None:
        with told_in_one_line():
            asked = lint_from(config)
            findings = lint(asked)
            if asked.out is not None:
                write_findings(findings, asked.out)
            print_findings(findings)
            if any(finding.severity is Severity.ERROR for finding in findings):
                sys.exit(FAILURE)

    return run


if __name__ == "__main__":
    main(job, "lint", EXAMPLES)
