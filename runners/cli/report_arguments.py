"""What a report on an experiment asks for."""

from __future__ import annotations

from dataclasses import dataclass

from runners.cli.arguments import argument


@dataclass
class ReportArguments:
    """Which experiment to report on."""

    experiment: str = argument("the experiment's name: its cells are in <results>/<experiment>/")
    results: str = argument("where experiments are", "runs")


SETTINGS = """
Settings (name=value), as report.<name> of runners/grid.py:
  aim            the metric by which the recommended system is the best (default secs)
  guards         what it must not be worse in than the best (default [wer,retention,distillmos])
  margins.<name> by how much systems may differ and be equal, in the metric's unit, as margins.secs=0.02
  level          with which probability statements hold (default 0.95)
  sentences      how many test sentences can be listened to in every system (default 5)
  audio_mb       how large their audio may be, in megabytes (default 15)
  ratings        answers to the listening test of runners/listen.py, as [one.json,two.json]
  publish        where the report goes beside the experiment's folder: none or wandb (default none)"""
