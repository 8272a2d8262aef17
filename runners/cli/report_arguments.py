"""The settings of a report, as its help tells them."""

from __future__ import annotations

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
