"""Whether verdicts keep their word: `python benchmarks/verdicts.py [experiments=1000] [resamples=1000] [only=...]`.

How long a comparison of 12 systems on 200 utterances takes with 10,000 resamples; how often two identical systems
are declared different at 5 %, by ours and by other methods; how often planted differences are found, beside
what the test said it could see; how often any of 66 pairs of twelve identical systems is declared different.
Word errors are simulated with many sentences without an error, and with speakers who disagree on the systems.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from scipy.special import ndtri, stdtr

from metrics.statistics import Observations, Scope, Verdict, compare
from metrics.statistics.bootstrap import Samples, bootstrap
from metrics.statistics.comparison import uncertainty
from metrics.statistics.simulation import Planted

ALPHA = 0.05
PERCENTILE_RESAMPLES = 1000
NULLS = {
    "speakers agree": Planted(by_speaker=(0.0, 0.0)),
    "speakers disagree": Planted(by_speaker=(0.3, 0.3)),
    "they disagree, most sentences without error": Planted(by_speaker=(0.3, 0.3), shape=0.1),
    "they disagree much": Planted(by_speaker=(1.0, 1.0)),
}
"""Two systems that are identical, and so exchangeable."""
ERRATIC = {
    "speakers disagree on one of the two": Planted(by_speaker=(0.1, 0.6)),
    "they disagree much on it": Planted(by_speaker=(0.1, 1.0)),
}
"""Two systems that differ, and have only the mean in common: rare speakers, often absent, are bad for one."""
CLOSELY = 20  # times as many experiments where the figures are near to what is promised,
CLOSE_RESAMPLES = 2000  # and as many resamples: 100 would let the standard error itself be off by 7 %


def main() -> None:
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    experiments, resamples = int(options.get("experiments", "1000")), int(options.get("resamples", "1000"))
    reports: dict[str, Callable[[], None]] = {
        "time": report_time,
        "identical": lambda: report_level("identical systems", NULLS, experiments, resamples),
        "erratic": lambda: report_level("systems of equal mean, one erratic,", ERRATIC, experiments, resamples),
        "closely": lambda: report_level_closely(CLOSELY * experiments),
        "seeds": lambda: report_seeds(experiments, resamples),
        "power": lambda: report_power(experiments, resamples),
        "families": lambda: report_families(max(1, experiments // 5), resamples),
    }
    for name in options.get("only", ",".join(reports)).split(","):
        reports[name]()


def report_time() -> None:
    """The time of one comparison of full size."""
    twelve = Planted(rates=(0.2,) * 12, by_speaker=(0.3,) * 12, speakers=5, sentences=40)
    observations = twelve.draw(np.random.default_rng(0))
    start = time.perf_counter()
    pairs = compare(observations, resamples=10_000, rng=np.random.default_rng(1)).pairs
    took_s = time.perf_counter() - start
    print(f"12 systems, 200 utterances, 10,000 resamples, {len(pairs)} pairs: {took_s:.2f} s\n")


def report_level(what: str, nulls: Mapping[str, Planted], experiments: int, resamples: int) -> None:
    """How often systems that are equally good are declared different, by method."""
    print(f"{what} declared different, in {experiments} experiments (promised for identical ones: at most {ALPHA:.0%})")
    print(
        f"{'speakers x sentences':22}{'ours':>8}{'percentile':>12}{'normal':>8}{'Satterthwaite':>15}{'sign flip':>11}"
    )
    for name, null in nulls.items():
        print(name)
        for speakers, sentences in ((3, 4), (3, 20), (5, 4), (5, 20), (10, 4), (10, 20)):
            planted = replace(null, speakers=speakers, sentences=sentences)
            rng = np.random.default_rng(0)
            declared = np.array([declared_by(planted.draw(rng), resamples, rng) for _ in range(experiments)])
            ours, percentile, normal, satterthwaite, flips = declared.mean(axis=0)
            print(
                f"{f'  {speakers} x {sentences}':22}{ours:8.3f}{percentile:12.3f}{normal:8.3f}"
                f"{satterthwaite:15.3f}{flips:11.3f}"
            )
    print()


def report_level_closely(experiments: int) -> None:
    """The same for ours alone, with all experiments drawn again together, of the nulls nearest to 5 %."""
    print(f"identical systems declared different by ours, in {experiments} experiments")
    for name in ("speakers agree", "speakers disagree"):
        rates = []
        for speakers in (5, 10, 20):
            rng = np.random.default_rng(1)
            null = replace(NULLS[name], speakers=speakers, sentences=20, words=(8, 8))
            drawn = [null.draw(rng) for _ in range(experiments)]
            samples = Samples(np.stack([d.values[1] - d.values[0] for d in drawn]), drawn[0].weights)
            errors = uncertainty(bootstrap(samples, CLOSE_RESAMPLES, rng), Scope.SPEAKERS_LIKE_THESE)
            rates.append(f"{speakers} speakers {np.mean(errors.p(samples.means()) <= ALPHA):.4f}")
        print(f"  {name}: {', '.join(rates)}")
    print()


def declared_by(observations: Observations, resamples: int, rng: np.random.Generator) -> tuple[bool, ...]:
    """Whether each method declares the two systems different, in the order of the table.

    Ours; the percentiles of resampled speakers; the normal quantile; Student's with Satterthwaite's degrees of
    freedom for variances between and within speakers; all changes of the speakers' signs.
    """
    (ours,) = compare(observations, resamples=resamples, rng=rng).pairs
    difference = observations.values[0, 0] - observations.values[1, 0]
    words = observations.weights
    of_speaker = (words * difference).sum(axis=1) / words.sum(axis=1)
    n, mean = of_speaker.size, of_speaker.mean()
    between = of_speaker.var(ddof=1) / n
    residuals = words * (difference - of_speaker[:, None])
    within = ((residuals**2).sum(axis=1) / words.sum(axis=1) ** 2).mean() / n

    draws = of_speaker[rng.integers(n, size=(PERCENTILE_RESAMPLES, n))].mean(axis=1)
    low, high = np.quantile(draws, [ALPHA / 2, 1 - ALPHA / 2])
    error = np.sqrt(between)
    total = between + within
    df = total**2 / (between**2 / (n - 1) + within**2 / (words.size - n)) if total else 1.0
    signs = 1 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    flipped = (np.abs(signs @ of_speaker / n) >= abs(mean) - 1e-12).mean()
    return (
        ours.distinguishable,
        not low <= 0 <= high,
        abs(mean) > ndtri(1 - ALPHA / 2) * error,
        total > 0 and 2 * stdtr(df, -abs(mean) / np.sqrt(total)) <= ALPHA,
        bool(flipped <= ALPHA),
    )


def report_seeds(experiments: int, resamples: int) -> None:
    """How often identical systems are declared different when every training turns out differently."""
    print("identical systems with several seeds, 5 speakers x 20 sentences, declared different")
    for by_seed in (0.0, 0.2, 0.6):
        rates = {
            seeds: np.mean([v.distinguishable for v in _verdicts(planted, experiments, resamples)])
            for seeds in (2, 3, 5)
            for planted in [Planted(sentences=20, seeds=seeds, by_seed=by_seed)]
        }
        print(f"  seeds differ by {by_seed:3.1f}:  " + "  ".join(f"{n} seeds {rate:.3f}" for n, rate in rates.items()))
    print()


def report_power(experiments: int, resamples: int) -> None:
    """How often a planted difference is found, and what the test said that it could see with 80 %."""
    print("true error rates 0.2 and more, found at 5 %; the median of the smallest difference said to be detectable")
    for speakers, sentences in ((3, 20), (5, 20), (5, 80), (10, 20), (10, 80)):
        cells, seen = [], 0.0
        for worse in (0.25, 0.3, 0.4, 0.5):
            planted = Planted(rates=(0.2, worse), speakers=speakers, sentences=sentences)
            found = list(_verdicts(planted, experiments, resamples))
            cells.append(f"{worse - 0.2:.2f}: {np.mean([v.distinguishable for v in found]):.2f}")
            seen = float(np.median([v.smallest_detectable for v in found]))
        print(f"  {f'{speakers} x {sentences}':10}" + "   ".join(cells) + f"   said at the last: {seen:.2f}")
    print()


def report_families(experiments: int, resamples: int) -> None:
    """How often any pair of twelve identical systems is declared different, after Holm's correction."""
    print(f"any of 66 pairs of twelve identical systems declared different, in {experiments} experiments")
    for scope, disagreement in ((Scope.SPEAKERS_LIKE_THESE, 0.3), (Scope.THESE_SPEAKERS, 0.0)):
        for speakers, sentences in ((5, 4), (5, 20), (10, 20)):
            planted = Planted((0.2,) * 12, (disagreement,) * 12, speakers=speakers, sentences=sentences)
            rng = np.random.default_rng(0)
            any_pair = [
                any(v.distinguishable for v in compare(drawn, resamples=resamples, rng=rng, scope=scope).pairs)
                for drawn in (planted.draw(rng) for _ in range(experiments))
            ]
            print(f"  {scope.value:22}{f'{speakers} x {sentences}':10}{np.mean(any_pair):.3f}")


def _verdicts(planted: Planted, experiments: int, resamples: int) -> Iterator[Verdict]:
    rng = np.random.default_rng(0)
    for _ in range(experiments):
        yield compare(planted.draw(rng), resamples=resamples, rng=rng).pairs[0]


if __name__ == "__main__":
    main()
