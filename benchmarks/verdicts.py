"""Whether recommendations keep their word: `python benchmarks/verdicts.py [grids=10000] [only=promise,...]`.

On simulated grids of the README's size (four strategies, three freeze policies, five voices, 20 sentences each),
with planted effects and the spreads measured on such a grid: how often the recommendation loses more than it says,
and how much that is; how often statements are false with few and many voices and seeds, with systems of equal and
of unequal variances; how wide intervals are as evidence grows; and what looking again costs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from metrics.statistics.aims import Aim, Guard, Standing, recommend
from metrics.statistics.axis_effects import effects
from metrics.statistics.best_set import best_set
from metrics.statistics.contrasts import Reach, contrasts, headline
from metrics.statistics.looks import spent_at
from metrics.statistics.margin_verdicts import Outcome, against
from metrics.statistics.paired_scores import Scale
from metrics.statistics.planted_grid import README_SPREADS, SECS_SCALE, PlantedGrid, Truth
from metrics.statistics.variance_components import Components, components

ALPHA = 0.05
MARGINS = {"secs": 0.02, "ge2e": 0.01, "wer": 0.05}
SCALES = {
    "secs": SECS_SCALE,
    "ge2e": Scale("ge2e", "cosine", higher_is_better=True, lowest=-1.0, highest=1.0),
    "wer": Scale("wer", "errors per word", higher_is_better=False, lowest=0.0),
}
STRATEGIES = {"secs": (0.0, 0.05, 0.10, 0.102), "ge2e": (0.0, 0.02, 0.04, 0.041), "wer": (0.0, 0.0, 0.0, 0.01)}
FREEZES = {"secs": (0.47, 0.34, 0.28), "ge2e": (0.80, 0.75, 0.73), "wer": (0.14, 0.12, 0.09)}
UNEQUAL = (1.0, 3.0, 1.0, 1.0) * 3
AIM = Aim("secs", MARGINS["secs"], (Guard("wer", MARGINS["wer"]),), second_judge="ge2e")


def main() -> None:
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    grids = int(options.get("grids", "10000"))
    reports: dict[str, Callable[[], None]] = {
        "promise": lambda: report_promise(grids),
        "levels": lambda: report_levels(max(1, grids // 20)),
        "verdicts": lambda: report_verdicts(max(1, grids // 5)),
        "evidence": lambda: report_evidence(max(1, grids // 50)),
        "looks": lambda: report_looks(max(1, grids // 5)),
    }
    for name in options.get("only", ",".join(reports)).split(","):
        start = time.perf_counter()
        reports[name]()
        print(f"({time.perf_counter() - start:.0f} s)\n", flush=True)


def planted(metric: str, *, jitter: float = 0.0, rng: np.random.Generator | None = None) -> PlantedGrid:
    """The README's grid with effects as were measured on it, moved at random from experiment to experiment."""
    means = np.add.outer(STRATEGIES[metric], FREEZES[metric])
    if rng is not None:
        means = means + jitter * rng.standard_normal(means.shape)
    return PlantedGrid(tuple(map(tuple, means.tolist())), README_SPREADS[metric], SCALES[metric])


def flat(metric: str) -> PlantedGrid:
    """A grid of twelve systems that are all the same."""
    return PlantedGrid(((0.5,) * 3,) * 4, README_SPREADS[metric], SCALES[metric])


def report_promise(grids: int) -> None:
    """How often the recommendation loses more than it says, and what it says."""
    print(f"recommendations on {grids} grids of 4 x 3 systems, 5 voices, 20 sentences; promised: too little in 5 %")
    for seeds, jitter in ((2, 0.0), (3, 0.0), (2, 0.01), (3, 0.03), (1, 0.0)):
        lost, said, shown = np.array(list(promises(grids, seeds, jitter))).T
        print(
            f"  {seeds} seeds, effects moved by {jitter:.2f}: loses more in {np.mean(lost > said):.4f}; says "
            f"{np.median(said):.4f} SECS in the median, {np.quantile(said, 0.9):.4f} in nine of ten; loses "
            f"{lost.mean():.4f} on average; WER shown within the margin in {shown.mean():.2f}",
            flush=True,
        )


def promises(grids: int, seeds: int, jitter: float) -> Iterator[tuple[float, float, bool]]:
    """What the recommended system truly loses, what it says at most, and whether its WER is shown to be fine.

    It loses by SECS beside the best of those whose true WER is within the margin of the best.
    """
    rng = np.random.default_rng(seeds)
    for _ in range(grids):
        metrics, truth = {}, {}
        for name in SCALES:
            grid = replace(planted(name, jitter=jitter, rng=rng), seeds=seeds)
            scores, drawn = grid.draw(rng)
            truth[name] = headline_truth(grid, drawn)
            metrics[name] = components(scores)
        systems = metrics["secs"].systems
        advice = recommend(metrics, AIM, dict.fromkeys(systems, 1))
        fine = truth["wer"] <= truth["wer"].min() + MARGINS["wer"]
        lost = truth["secs"][fine].max() - truth["secs"][systems.index(advice.system)]
        yield max(0.0, lost), advice.clauses[0].costs_at_most, advice.clauses[1].standing is Standing.SHOWN


def headline_truth(grid: PlantedGrid, truth: Truth) -> Float[np.ndarray, "systems"]:
    """What the headline speaks of: these voices, and with one seed as they were trained."""
    return truth.of_voices_as_trained if grid.seeds == 1 else truth.of_voices


def report_levels(grids: int) -> None:
    """How often pairs' intervals and the best set with its bounds are false."""
    print(f"false statements in {grids} grids of identical systems (promised: at most {ALPHA:.0%})")
    print(f"{'':52}{'pairs':>8}{'best set':>10}{'verdicts':>10}{'effects':>9}{'caution':>9}")
    for metric in ("secs", "wer"):
        for unequal in ((), UNEQUAL):
            for seeds in (1, 3):
                for speakers in (1, 2, 3, 5, 10, 20):
                    grid = replace(flat(metric), unequal=unequal, seeds=seeds, speakers=speakers)
                    rates = np.mean(list(falsehoods(grid, grids)), axis=0)
                    name = f"{metric}, {'unequal' if unequal else 'equal'}, {seeds} seeds, {speakers} voices"
                    print(f"  {name:50}" + "".join(f"{rate:9.3f}" for rate in rates), flush=True)
    for metric in ("secs", "wer"):
        for name, spreads in (
            ("seeds don't matter", {"seed": 0.0, "seed_by_voice": 0.0}),
            ("texts don't", {"text": 0.0}),
        ):
            grid = replace(flat(metric), spreads=replace(README_SPREADS[metric], **spreads))
            rates = np.mean(list(falsehoods(grid, grids)), axis=0)
            print(f"  {f'{metric}, {name}, 3 seeds, 5 voices':50}" + "".join(f"{rate:9.3f}" for rate in rates))
    two = replace(flat("secs"), means=((0.5, 0.5),))
    for unequal in ((), (1.0, 3.0)):
        for seeds in (2, 3):
            rates = np.mean(list(falsehoods(replace(two, unequal=unequal, seeds=seeds), grids)), axis=0)
            name = f"two systems alone, {'unequal' if unequal else 'equal'}, {seeds} seeds, 5 voices"
            print(f"  {name:50}" + "".join(f"{rate:9.3f}" for rate in rates))


def falsehoods(grid: PlantedGrid, grids: int) -> Iterator[tuple[float, ...]]:
    """Shares of pairs; whether any bound of the best set, verdict or effect is false; shares of pairs in general."""
    rng = np.random.default_rng(0)
    first, second = np.triu_indices(len(grid.systems), 1)
    pairs = np.eye(len(grid.systems))[first] - np.eye(len(grid.systems))[second]
    margin = MARGINS[grid.scale.metric]
    for _ in range(grids):
        scores, drawn = grid.draw(rng)
        parts, truth = components(scores), headline_truth(grid, drawn)
        in_general = drawn.in_general_as_trained if grid.seeds == 1 else drawn.in_general
        yield (
            false_pairs(parts, pairs, truth, headline(parts)),
            false_best(parts, truth),
            false_verdicts(parts, truth, margin),
            false_effects(parts, grid, truth, margin),
            false_pairs(parts, pairs, in_general, Reach.VOICES_LIKE_THESE),
        )


def false_pairs(
    parts: Components, pairs: Float[np.ndarray, "pairs systems"], truth: Float[np.ndarray, "systems"], reach: Reach
) -> float:
    found = contrasts(parts, pairs, reach)
    wrong = np.abs(found.estimates - parts.scores.scale.sign * (pairs @ truth)) > found.half_widths(ALPHA)
    return float(wrong.mean())


def false_best(parts: Components, truth: Float[np.ndarray, "systems"]) -> bool:
    found = best_set(parts)
    good = parts.scores.scale.sign * truth
    bounds = np.array([candidate.costs_at_most for candidate in found.candidates])
    return bool((good.max() - good > bounds).any()) or parts.systems[int(good.argmax())] not in found.systems


def false_verdicts(parts: Components, truth: Float[np.ndarray, "systems"], margin: float) -> bool:
    """Whether any verdict beside the best mean is false."""
    good = parts.scores.scale.sign * truth
    reference = int((parts.scores.scale.sign * parts.means).argmax())
    true = dict(zip(parts.systems, good - good[reference], strict=True))
    return any(
        is_false(verdict.outcome, true[verdict.system], margin)
        for verdict in against(parts, parts.systems[reference], margin)
    )


def is_false(outcome: Outcome, difference: float, margin: float) -> bool:
    """Whether this can't be said of two systems of which one is truly better by `difference`."""
    return {
        Outcome.BETTER: difference <= 0,
        Outcome.WORSE: difference >= 0,
        Outcome.EQUAL: abs(difference) > margin,
        Outcome.UNDECIDED: False,
    }[outcome]


def false_effects(parts: Components, grid: PlantedGrid, truth: Float[np.ndarray, "systems"], margin: float) -> bool:
    """Whether any pair of freeze policies is outside its interval."""
    good = (parts.scores.scale.sign * truth).reshape(len(grid.means), -1).mean(axis=0)
    found = effects(parts, grid.levels, margin)
    true = {f"f{place}": value for place, value in enumerate(good)}
    return any(
        not effect.lower <= true[effect.a] - true[effect.b] <= effect.upper
        for effect in found
        if effect.axis == "freeze"
    )


def report_verdicts(grids: int) -> None:
    """How many systems get a verdict beside the recommended one, and how often any verdict is false."""
    print(f"verdicts beside the best mean in {grids} grids with effects as measured, 5 voices")
    for metric in SCALES:
        for seeds, sentences in ((1, 20), (2, 20), (3, 20), (2, 60)):
            grid = replace(planted(metric), seeds=seeds, sentences=sentences)
            rng, counts, false = np.random.default_rng(0), dict.fromkeys(Outcome, 0), 0
            for _ in range(grids):
                scores, drawn = grid.draw(rng)
                parts, truth = components(scores), headline_truth(grid, drawn)
                best = parts.systems[int((grid.scale.sign * parts.means).argmax())]
                for verdict in against(parts, best, MARGINS[metric]):
                    counts[verdict.outcome] += 1
                false += false_verdicts(parts, truth, MARGINS[metric])
            shares = ", ".join(f"{outcome.value} {count / grids / 11:.2f}" for outcome, count in counts.items())
            print(
                f"  {metric:5}{seeds} seeds, {sentences} sentences: {shares}; any false {false / grids:.4f}", flush=True
            )


def report_evidence(grids: int) -> None:
    """The mean half width of pairs' intervals as seeds, sentences and voices are added."""
    print(f"mean half width of a pair's interval in {grids} grids")
    counts = {"seeds": (2, 3, 4, 5), "sentences": (10, 20, 40), "speakers": (1, 2, 3, 5, 10)}
    for metric in ("secs", "wer"):
        for what, numbers in counts.items():
            widths = [f"{n}: {half_width(replace(flat(metric), **{what: n}), grids):.4f}" for n in numbers]
            print(f"  {metric:5}{what:10}" + "  ".join(widths))
        trained = [half_width(replace(flat(metric), seeds=n), grids, Reach.TRAINED_VOICES) for n in (1, 2, 3)]
        print(f"  {metric:5}seeds, of the trained voices  " + "  ".join(f"{width:.4f}" for width in trained))


def half_width(grid: PlantedGrid, grids: int, reach: Reach | None = None) -> float:
    """The mean over experiments and pairs."""
    rng = np.random.default_rng(0)
    first, second = np.triu_indices(len(grid.systems), 1)
    pairs = np.eye(len(grid.systems))[first] - np.eye(len(grid.systems))[second]
    drawn = (components(grid.draw(rng)[0]) for _ in range(grids))
    return float(np.mean([contrasts(parts, pairs, reach or headline(parts)).half_widths(ALPHA) for parts in drawn]))


def report_looks(grids: int) -> None:
    """How often any of several looks at growing data says something false, counted and not counted."""
    print(f"any false bound of the best set in {grids} experiments, looked at after 20, 40, 60, 80 sentences a voice")
    for name, level in (("looks counted", spent_at), ("not counted", lambda look: ALPHA)):
        print(f"  {name}: {np.mean([any_look_false(level, seed) for seed in range(grids)]):.4f}")


def any_look_false(level: Callable[[int], float], seed: int) -> bool:
    """Whether any of four looks at two identical systems tells them apart."""
    grid = replace(flat("secs"), means=((0.5, 0.5),), seeds=1, sentences=80)
    scores, drawn = replace(grid, speakers=3).draw(np.random.default_rng(seed))
    truth = headline_truth(grid, drawn)
    for look in (1, 2, 3, 4):
        kept = scores.text_of % 80 < 20 * look
        parts = components(
            replace(
                scores,
                values=scores.values[:, :, kept],
                weights=scores.weights[kept],
                speaker_of=scores.speaker_of[kept],
                text_of=scores.text_of[kept],
            )
        )
        if false_pairs_at(parts, truth, level(look)):
            return True
    return False


def false_pairs_at(parts: Components, truth: Float[np.ndarray, "systems"], alpha: float) -> bool:
    """Whether the only pair's interval misses the truth."""
    found = contrasts(parts, np.array([[1.0, -1.0]]), headline(parts))
    return bool(abs(found.estimates[0] - (truth[0] - truth[1])) > found.half_widths(alpha)[0])


if __name__ == "__main__":
    main()
