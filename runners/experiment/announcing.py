"""What is said and written down before a cell's first step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from runners.bases.start import Start
from runners.experiment.adapting import Adapted
from runners.experiment.cell import Cell
from runners.experiment.trainable_share import TrainableShare, trainable_shares
from runners.linting.checks import PlannedTest, quick_findings, write_findings
from runners.linting.finding import Severity
from runners.results.cell_folder import CellFolder
from runners.results.cell_identity import Identity
from runners.training.devices import make_fabric
from runners.voices.recorded_voices import Voices, write_splits
from vits.corpus.prepared_texts import recognised

LINT = "lint.csv"


def announce(
    cell: Cell, voices: Voices, start: Start, shares: Sequence[TrainableShare], errors: Mapping[str, float]
) -> None:
    """Print what the cell is about to do."""
    whole = shares[-1]
    skipped = ", ".join(f"{count} {reason}" for reason, count in voices.train.skipped.items()) or "none"
    print(
        f"{cell.name}: {len(voices.speakers)} new voices, {len(voices.train)} training utterances (skipped: {skipped})"
    )
    for warning in start.warnings:
        print(f"warning: {warning}")
    trained_in = start.spec.alphabet().language
    if trained_in and trained_in != cell.corpus.language:
        print(f"warning: the base was trained in {trained_in}, and data.language={cell.corpus.language}")
    print(f"  trained: {whole.trainable:,} of {whole.parameters:,} parameters ({whole.percent:.2f} %)")
    for share in shares[:-1]:
        print(f"    {share.part:20} {share.trainable:>12,} of {share.parameters:>12,} ({share.percent:6.2f} %)")
    if start.speakers.names:
        known = {name: error for name, error in errors.items() if math.isfinite(error)}
        guesses = ", ".join(f"{name} {error:.2f}" for name, error in sorted(known.items(), key=lambda e: e[1]))
        print(f"  leave-one-out error on the base speakers (mean of the others = 1): {guesses}")


def begin(
    cell: Cell,
    folder: CellFolder,
    identity: Identity,
    voices: Voices,
    start: Start,
    adapted: Adapted,
    errors: Mapping[str, float],
) -> None:
    """Write down who the cell is and what it works on."""
    folder.begin(
        identity,
        cell.config_yaml,
        name=cell.name,
        axes=cell.adaptation.names,
        settings=dict(cell.differing),
        seed=cell.seed,
        base=cell.base.kind,
        speakers=list(voices.speakers),
        skipped=dict(voices.train.skipped),
        recognised=recognised(voices.clips),
        trainable=[asdict(share) | {"percent": share.percent} for share in trainable_shares(start.synthesizer)],
        leave_one_out_error=dict(errors),
        speaker_ids=dict(adapted.speaker_ids),
        started_from=dict(adapted.started_from),
        rehearsed=adapted.rehearsed.record,
        device=str(make_fabric(cell.device, cell.precision).device),
        teachers=list(cell.adaptation.teachers),
    )
    write_splits(voices, folder.path / "split.csv")


def lint_cell(cell: Cell, folder: CellFolder) -> None:
    """Print what may spoil the comparison, and write it down with what to do about it."""
    path = folder.path / LINT
    planned = PlannedTest(cell.evaluation.utterances_per_speaker, cell.evaluation.test_texts)
    findings = quick_findings(cell.corpus, cell.base, planned, cell.cache_dir)
    for finding in findings:
        if finding.severity is not Severity.SKIPPED:
            print(f"  {finding.severity}: {finding.where}: {finding.what}")
    write_findings(findings, path)
    print(f"  what to do about it, and what was not checked: {path}")
