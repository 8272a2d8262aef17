"""What the statistics allow to say, in plain sentences, and never more than that."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from runners.reporting.analysis import Analysis
from runners.reporting.changes import Change
from runners.reporting.naming import reference_label, second_judges, title
from runners.reporting.numbers import counted, decimals_for, interval, listed, percent, plain, signed
from runners.reporting.ranking import Ranking
from vits.corpus.split import TEST


def conclusions(analysis: Analysis) -> tuple[str, ...]:
    """Full sentences, the most important first."""
    return (
        *(sentence for metric in analysis.headline for sentence in _of_metric(analysis, metric.name)),
        *_of_all_metrics(analysis),
        *_of_adaptation(analysis),
        *_of_retention(analysis),
        *_of_references(analysis),
    )


def caveats(analysis: Analysis) -> tuple[str, ...]:
    """Full sentences that say how far the conclusions reach."""
    said = [caveat for ranking in analysis.rankings.values() for caveat in ranking.comparison.caveats]
    return tuple(dict.fromkeys([*_of_comparability(analysis), *said]))


def _of_metric(analysis: Analysis, name: str) -> Iterator[str]:
    """Who leads by a metric, and by how sure a verdict."""
    ranking = analysis.rankings[name]
    scored = [estimate for estimate in ranking.estimates if math.isfinite(estimate.mean)]
    if len(scored) < 2:
        yield from _alone(ranking)
        return
    if not ranking.told_apart:
        yield _nothing_told_apart(ranking)
    else:
        yield _leader(ranking)
    yield from _circularity(analysis, ranking)


def _alone(ranking: Ranking) -> Iterator[str]:
    """There is no other system to compare with."""
    best = ranking.best
    if math.isfinite(best.mean):
        yield (
            f"{best.system} reaches {title(ranking.metric)} {_with_interval(ranking, best.system)}; "
            "no other system was scored, so there is nothing to compare it with."
        )


def _nothing_told_apart(ranking: Ranking) -> str:
    """No pair differs by more than chance may bring about."""
    visible = [v.smallest_detectable for v in ranking.comparison.pairs if math.isfinite(v.smallest_detectable)]
    decimals = _decimals(ranking)
    reach = (
        f" The smallest difference that these tests could see lies between {plain(min(visible), decimals)} and "
        f"{plain(max(visible), decimals)}, depending on the pair."
        if visible
        else ""
    )
    return (
        f"By {title(ranking.metric)}, no system can be told apart from any other. {ranking.best.system} has the best "
        f"mean, {_with_interval(ranking, ranking.best.system)}, which may be chance.{reach}"
    )


def _leader(ranking: Ranking) -> str:
    """The best mean, what it is better than, and what it can't be told apart from."""
    best = ranking.best.system
    beaten = set(ranking.beaten_by(best))
    rivals = [label for label in ranking.leaders if label != best]
    start = f"By {title(ranking.metric)}, {best} has the best mean, {_with_interval(ranking, best)}"
    if not beaten:
        sure = ranking.told_apart[0]
        return (
            f"{start}, but it can't be told apart from any other system. Of the pairs of others, "
            f"{counted(len(ranking.told_apart), 'is', 'are')} distinguishable; the surest: {sure.sentence()}."
        )
    order = [estimate.system for estimate in ranking.estimates if estimate.system in beaten]
    if not rivals:
        return f"{start}, and is better than every other system ({listed(order)})."
    return f"{start}. It is better than {listed(order)}; it can't be told apart from {listed(rivals)}."


def _circularity(analysis: Analysis, ranking: Ranking) -> Iterator[str]:
    """What a verdict is worth where the judge was a system's teacher, and what another judge says."""
    metric = ranking.metric
    taught = [label for label, system in analysis.systems.items() if system.is_taught_by(metric)]
    if not taught:
        return
    teachers = {teacher for label in taught for teacher in analysis.systems[label].teachers}
    others = second_judges(metric, analysis.experiment.metrics, teachers)
    beside = (
        f"; read {listed([title(other) for other in others])} for {'it' if len(taught) == 1 else 'them'} instead"
        if others
        else ", and no second judge was asked"
    )
    yield (
        f"The judge behind {title(metric)} ({metric.judge}) is also the teacher of {listed(taught)}, so that its "
        f"scores there are biased{beside}."
    )


def _of_all_metrics(analysis: Analysis) -> Iterator[str]:
    """Which systems remain when all headline metrics have spoken."""
    rankings = [analysis.rankings[metric.name] for metric in analysis.headline]
    if len(analysis.systems) < 2 or len(rankings) < 2 or not any(ranking.told_apart for ranking in rankings):
        return
    names = listed([title(ranking.metric) for ranking in rankings])
    left = [label for label in analysis.systems if all(label in ranking.leaders for ranking in rankings)]
    if not left:
        yield f"No system is among the leaders by all of {names}: they ask for different systems, so it is a trade-off."
    elif len(left) == 1:
        yield f"{left[0]} is the only system that none of {names} rules out: it is nowhere worse than the leader."
    elif len(left) < len(analysis.systems):
        yield f"Not ruled out by any of {names}: {listed(left, most=12)}. Among these the test can't choose."


def _of_adaptation(analysis: Analysis) -> Iterator[str]:
    """What training changed on the new voices."""
    for metric in analysis.headline:
        found = [change for change in analysis.adaptation if change.metric == metric]
        if found:
            yield f"Against the same sentences before training, {_told(found, title(metric))}"


def _of_retention(analysis: Analysis) -> Iterator[str]:
    """What training changed on the base model's own voices."""
    for name in dict.fromkeys(change.metric.name for change in analysis.retention):
        found = [change for change in analysis.retention if change.metric.name == name]
        yield f"On the base model's own voices, {_told(found, title(found[0].metric))}"


def _told(found: Sequence[Change], name: str) -> str:
    """How many systems got better, worse, or neither for sure."""
    worse = [change for change in found if change.is_worse]
    better = [change for change in found if change.is_better]
    parts = []
    for group, how in ((worse, "worse"), (better, "better")):
        if group:
            most = max(group, key=lambda change: abs(change.difference))
            decimals = decimals_for([change.difference for change in found])
            change = f"{signed(most.difference, decimals)} {interval(most.lower, most.upper, decimals)}".strip()
            verb = "is" if len(group) == 1 else "are"
            parts.append(
                f"{len(group)} of {counted(len(found), 'system')} {verb} {how} by {name} after training "
                f"(most: {most.system.label}, {change})"
            )
    unsure = len(found) - len(worse) - len(better)
    if not parts:
        return f"no system's {name} changed by more than chance may bring about ({counted(len(found), 'system')})."
    rest = f"; for the other {unsure} no change can be told from chance" if unsure else ""
    return f"{'; '.join(parts)}{rest}."


def _of_references(analysis: Analysis) -> Iterator[str]:
    """What the numbers are to be measured by."""
    for metric in analysis.headline:
        rows = analysis.references[analysis.references["metric"] == metric.name]
        defined = [(row.reference, row.value) for row in rows.itertuples() if math.isfinite(row.value)]
        if defined:
            decimals = decimals_for([value for _, value in defined])
            said = [f"{reference_label(name)} reach {plain(value, decimals)}" for name, value in defined]
            said = [text.replace("copy-synthesis reach", "copy-synthesis reaches") for text in said]
            yield f"To measure {title(metric)} by: {listed(said)}."


def _of_comparability(analysis: Analysis) -> Iterator[str]:
    """Whether the cells can be compared at all, and of what they speak."""
    experiment = analysis.experiment
    tested = experiment.final.loc[experiment.final["split"] == TEST, ["speaker", "utterance"]]
    sentences = len(tested.drop_duplicates())
    yield (
        f"All of this is about {counted(len(experiment.speakers), 'new voice')}, "
        f"{counted(sentences, 'test sentence')} and {counted(len(experiment.seeds), 'seed')}; intervals and verdicts "
        f"hold at {percent(analysis.settings.level)} for {analysis.settings.verdicts_on}, corrected by "
        "Holm's method over all pairs of systems of a metric, not over the metrics."
    )
    if experiment.differing:
        yield (
            f"The cells differ in {listed(experiment.differing)}, so that a difference between systems may come from "
            "there; give experiments with other settings another name=..."
        )
    if experiment.unfinished:
        yield f"Without a result, and not in this report: {listed(experiment.unfinished)}."
    if len({system.seeds for system in experiment.systems}) > 1:
        yield "The systems were not all run with the same seeds."


def _with_interval(ranking: Ranking, label: str) -> str:
    estimate, decimals = ranking.estimate(label), _decimals(ranking)
    return f"{plain(estimate.mean, decimals)} {interval(estimate.lower, estimate.upper, decimals)}".strip()


def _decimals(ranking: Ranking) -> int:
    return decimals_for(estimate.mean for estimate in ranking.estimates)
