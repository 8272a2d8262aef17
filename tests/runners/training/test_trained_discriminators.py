"""Discriminators in a training: from which step they learn, that they may only judge, and that there may be none."""

from __future__ import annotations

from dataclasses import replace

from miniature_training import SETTINGS, NewTrainer, differing, train, weights

from vits.corpus.features import PreparedUtterance


def test_discriminators_rest_when_their_step_has_not_come(
    new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    trainer = new_trainer(settings=replace(SETTINGS, adversary_from_step=3))
    before = weights(trainer.adversary)
    early = train(trainer, utterances, until=3)
    assert differing(before, weights(trainer.adversary)) == []
    assert all("adversarial" not in report.values for report in early)
    late = train(trainer, utterances, until=4)
    assert {"adversarial", "audio_discriminator", "adversary_gradient_norm"} <= late[0].values.keys()
    assert set(differing(before, weights(trainer.adversary))) == set(before)


def test_discriminators_judge_and_stay_when_frozen(
    new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    trainer = new_trainer(settings=replace(SETTINGS, adversary="frozen"))
    before = weights(trainer.adversary), weights(trainer.synthesizer)
    reports = train(trainer, utterances, until=2)
    assert len(before[0]) > 0
    assert differing(before[0], weights(trainer.adversary)) == []
    assert set(differing(before[1], weights(trainer.synthesizer))) == set(before[1])
    assert {"adversarial", "feature_matching", "duration_adversarial"} <= reports[0].values.keys()
    assert not {"audio_discriminator", "adversary_gradient_norm"} & reports[0].values.keys()


def test_discriminators_take_no_part_when_there_are_none(
    new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    asked, without = new_trainer(settings=replace(SETTINGS, adversary="none")), new_trainer(adversary=False)
    reports = train(asked, utterances, until=2)
    assert weights(asked.adversary) == {}
    assert [report.numbers() for report in reports] == [r.numbers() for r in train(without, utterances, until=2)]
