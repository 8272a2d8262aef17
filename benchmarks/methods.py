"""Every method beside the plain one: `python benchmarks/methods.py [only=lora,ema] [seeds=1] [steps=200] ...`.

A cell for each method at its default, with `strategy=nearest freeze=none` and nothing else on the other axes, and
that cell itself; any setting of `runners/grid.py` may be added and holds for all (`data.utterances_per_speaker=20
evaluation=quick`). Cells that are finished are not run again, so that methods, seeds and lengths can be added. Prints
a Markdown table: means of the test with intervals for these voices, what the base's voices lost, and what it costs.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd

from metrics.metric import Metric
from metrics.statistics.contrasts import headline
from metrics.statistics.metric_scores import metric_changes, metric_scores
from metrics.statistics.system_levels import system_levels
from metrics.statistics.variance_components import Components, components
from runners.config.registration import register_options
from runners.evaluation.evaluation_settings import RETENTION, TEXTS
from runners.reporting.equal_cost import cost_of, training_s
from runners.reporting.numbers import interval, plain, signed
from runners.reporting.results import Experiment, System, load_experiment
from strategies.adaptation import NONE
from vits.common.errors import InputError
from vits.corpus.split import TEST

GRID = Path(__file__).parents[1] / "runners" / "grid.py"
PLAIN = "plain"
BASE_FROZEN = "freeze=all_but_embedding"
RATE = "training.optimizer.learning_rate"
RATE_OF_EMBEDDINGS = "training.optimizer.embedding_rate_factor"
DECODER_TOO = ("adapter.layers=all", "adapter.targets=[text_encoder,flow,decoder]")
CONSISTENCY = "penalty.speaker_consistency"


def at_rate(rate: float) -> tuple[str, str]:
    """The learning rate of the shared weights; that of the embeddings stays 5e-3."""
    return f"{RATE}={rate:g}", f"{RATE_OF_EMBEDDINGS}={5e-3 / rate:g}"


LOW_RANK = ("adapter=lora", "adapter.per_voice=true", BASE_FROZEN, *DECODER_TOO, *at_rate(1e-3))
"""What `conf/task/low_rank.yaml` chooses; said here, since a task's settings stand in no cell's name, and the plain
`adapter=lora` is run beside it."""
METHODS: dict[str, tuple[str, ...]] = {
    PLAIN: (),
    "twice the rate": at_rate(4e-4),
    **{
        f"strategy={name}": (f"strategy={name}",)
        for name in ("random", "mean", "ecapa", "ridge", "convex", "likeliest", "inversion")
    },
    "strategy=nearest, 8 weighted": ("strategy.neighbours=8", "strategy.temperature=0.1"),
    "strategy=nearest, by GE2E": ("strategy.encoder=ge2e",),
    "strategy=likeliest, 4 mixed": ("strategy=likeliest", "strategy.neighbours=4"),
    **{
        f"freeze={name}": (f"freeze={name}",)
        for name in (
            *("decoder", "encoders", "all_but_embedding", "bias_only", "norms", "speaker_paths"),
            *("gradual", "discriminative"),
        )
    },
    **{
        f"adapter={name}, base frozen": (f"adapter={name}", BASE_FROZEN)
        for name in ("lora", "dora", "bottleneck", "conditional_norm", "decoder_film", "prefix")
    },
    **{
        f"adapter={name}, one per voice, base frozen": (
            f"adapter={name}",
            "adapter.per_voice=true",
            BASE_FROZEN,
        )
        for name in ("lora", "dora", "bottleneck")
    },
    **{
        f"penalty={name}": (f"penalty=[{name}]",) for name in ("l2_sp", "fisher", "distillation", "speaker_consistency")
    },
    **{f"rehearsal={name}": (f"rehearsal={name}",) for name in ("generated", "converted")},
    **{f"average={name}": (f"average={name}",) for name in ("ema", "tail", "interpolated")},
    "stop=patience": ("stop=patience",),
    "freeze=text_encoder, twice the rate": ("freeze=text_encoder", *at_rate(4e-4)),
    "freeze=encoders, twice the rate": ("freeze=encoders", *at_rate(4e-4)),
    **{
        f"freeze={name}, ten times the rate": (f"freeze={name}", *at_rate(2e-3))
        for name in ("bias_only", "speaker_paths")
    },
    "adapter=lora, base frozen, ten times the rate": ("adapter=lora", BASE_FROZEN, *at_rate(2e-3)),
    "adapter=lora, of all kernels, five times the rate": ("adapter=lora", BASE_FROZEN, *DECODER_TOO, *at_rate(1e-3)),
    "adapter=lora, of the decoder, five times the rate": (
        *("adapter=lora", BASE_FROZEN, "adapter.layers=all", "adapter.targets=[decoder]", "adapter.rank=16"),
        *at_rate(1e-3),
    ),
    "penalty=speaker_consistency, twice the weight": ("penalty=[speaker_consistency]", f"{CONSISTENCY}.weight=18"),
    "penalty=speaker_consistency by ECAPA": ("penalty=[speaker_consistency]", f"{CONSISTENCY}.encoder=ecapa"),
    "penalty=speaker_consistency, freeze=encoders, twice the rate": (
        *("penalty=[speaker_consistency]", "freeze=encoders"),
        *at_rate(4e-4),
    ),
    "penalty=speaker_consistency by ECAPA, freeze=encoders, twice the rate": (
        *("penalty=[speaker_consistency]", f"{CONSISTENCY}.encoder=ecapa", "freeze=encoders"),
        *at_rate(4e-4),
    ),
    "penalty=speaker_consistency of a third, freeze=encoders, twice the rate": (
        *("penalty=[speaker_consistency]", f"{CONSISTENCY}.weight=3", "freeze=encoders"),
        *at_rate(4e-4),
    ),
    "task=low_rank": LOW_RANK,
    "task=low_rank_heard": (*LOW_RANK, "penalty=[speaker_consistency]"),
}
OF_LOW_RANK = {name: value for name, value in (o.split("=", 1) for o in LOW_RANK) if name != RATE_OF_EMBEDDINGS}
COLUMNS = ("method", "WER", "SECS", "GE2E", "old voices' SECS", "trained", "CPU s", "a voice", "real time")


def main() -> None:
    given = dict(argument.split("=", 1) for argument in sys.argv[1:])
    only = given.pop("only", "")
    chosen = only.split(",") if only else list(METHODS)
    seeds = int(given.pop("seeds", "1"))
    fixed = {"strategy": "nearest", "freeze": "none", "name": "methods", "results": "runs", "experiment": "own"}
    settings = {**fixed, "data": "demo", "steps": "200", **given}
    for method in [PLAIN, *(name for name in METHODS if name != PLAIN and _is_chosen(name, chosen))]:
        run(method, settings, seeds)
    register_options()
    print_table(load_experiment(Path(settings["results"]) / settings["name"]))


def _is_chosen(method: str, chosen: list[str]) -> bool:
    return any(text in method for text in chosen)


def run(method: str, settings: dict[str, str], seeds: int) -> None:
    """Run the cells of a method that haven't run yet; its own choices go before those of all."""
    own = dict(override.split("=", 1) for override in METHODS[method])
    overrides = [
        f"{name}={value}" for name, value in {**settings, **own, "seed": ",".join(map(str, range(seeds)))}.items()
    ]
    status = subprocess.run([sys.executable, str(GRID), "-m", *overrides], check=False).returncode
    if status:
        sys.exit(status)  # it has said why


def print_table(experiment: Experiment) -> None:
    """All systems, the best by SECS first."""
    metrics = {metric.name: metric for metric in experiment.metrics}
    rows = experiment.with_texts(experiment.final)
    tested = rows[rows["split"].isin([TEST, TEXTS])]
    parts = {name: components(metric_scores(tested, metrics[name])) for name in ("wer", "secs", "secs_ge2e")}
    lost = _lost(experiment, metrics["secs"])
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|")
    by_likeness = dict(zip(parts["secs"].systems, parts["secs"].means, strict=True))
    for system in sorted(experiment.systems, key=lambda system: -by_likeness[system.label]):
        cells = [
            *(_level(own, system) for own in parts.values()),
            lost.get(system.label, ""),
            *_costs(experiment, system),
        ]
        print(f"| {_name(system)} | {' | '.join(cells)} |")


def _name(system: System) -> str:
    """Its choices but the plain ones; the rate of the embeddings is always the same."""
    usual = {"strategy": "nearest", "freeze": "none"}
    chosen = {name: value for name, value in system.facets.items() if usual.get(name, NONE) != value}
    chosen.pop(RATE_OF_EMBEDDINGS, None)
    if chosen.items() >= OF_LOW_RANK.items():
        chosen = {"task": "low_rank", **{name: value for name, value in chosen.items() if name not in OF_LOW_RANK}}
    rate = chosen.pop(RATE, None)
    named = [*(f"`{facet}={value}`" for facet, value in chosen.items()), *([f"rate {rate}"] if rate else [])]
    return ", ".join(named) or PLAIN


def _level(parts: Components, system: System) -> str:
    level = next(
        level for level in system_levels(parts, alpha=0.05, reach=headline(parts)) if level.system == system.label
    )
    return f"{plain(level.mean, 3)} {interval(level.lower, level.upper, 3)}".strip()


def _lost(experiment: Experiment, metric: Metric) -> dict[str, str]:
    """By how much the base's voices changed, on the sentences that they said before and after."""
    stages = [experiment.with_texts(rows) for rows in (experiment.initial, experiment.final)]
    before, after = (_own_voices(rows) for rows in stages)
    try:
        changes = components(metric_changes(before, after, metric))
    except InputError:  # nothing was asked of them
        return {}
    return {name: signed(mean, 3) for name, mean in zip(changes.systems, changes.means, strict=True)}


def _own_voices(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["split"] == RETENTION]


def _costs(experiment: Experiment, system: System) -> list[str]:
    kilobytes = cost_of(system, "voice_bytes") / 1000
    return [
        f"{system.trainable:,}",
        plain(training_s(experiment, system), 0),
        f"{kilobytes:,.0f} kB",
        plain(cost_of(system, "real_time_factor"), 3),
    ]


if __name__ == "__main__":
    main()
