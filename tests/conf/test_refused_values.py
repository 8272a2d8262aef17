"""Names and values that no configuration may have: each is named when it is refused."""

from __future__ import annotations

import pytest
from conf_options import Compose
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from runners.config.composed_cell import cell_from
from runners.config.composed_pretraining import pretraining_from
from vits.common.errors import InputError


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("strategy=foo", "strategy/foo"),
        ("freeze=everything", "freeze/everything"),
        ("metrics=[war]", "metrics/war"),
        ("model=large", "model/large"),
        ("strategy.neighbours=abc", "strategy.neighbours"),
        ("strategy.neighbors=2", "neighbors"),
        ("freeze.part=[flow]", "part"),
        ("epochs=many", "epochs"),
        ("epochs=1.5", "epochs"),
        ("seed=x", "seed"),
        ("epoch=3", "epoch"),
        ("training.batch_size=few", "batch_size"),
        ("training.optimizer.learning_rate=low", "learning_rate"),
        ("training.optimizer.lr=1", "lr"),
        ("training.loss_weights.mel=much", "mel"),
        ("evaluation.utterances_per_speaker=3", "utterances_per_speaker"),
        ("evaluation.utterances_per_speaker.test=some", "utterances_per_speaker"),
        ("data.test=many", "data.test"),
        ("wandb.tags=x", "tags"),
    ],
)
def test_composition_fails_when_a_value_or_name_is_wrong(override: str, told: str, compose_main: Compose) -> None:
    with pytest.raises((HydraException, OmegaConfBaseException)) as raised:
        compose_main("grid", override)
    assert told in f"{raised.value} {raised.value.__cause__}"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["strategy.neighbours=0"], "strategy.neighbours=0 must be a whole number of at least 1"),
        (["strategy=ecapa", "strategy.strengths=[]"], "strategy.strengths=[] must be a list of 1"),
        (["epochs=-1"], "epochs=-1 must be a whole number of at least 0"),
        (["steps=-1"], "steps=-1 must be a whole number of at least 0"),
        (["steps=5", "epochs=5"], "steps=5 and epochs=5 are two lengths of one training; give one"),
        (["steps=null"], "steps=null and epochs=null leave open how long to train; give one, such as steps=200"),
        (["eval_every=0"], "eval_every=0 must be a whole number of at least 1"),
        (["seed=-1"], "seed=-1 must be a whole number of at least 0"),
        (["name="], "name='' has 0 characters"),
        (["training.batch_size=0"], "training.batch_size=0 must be a whole number of at least 1"),
        (["training.segment_frames=0"], "training.segment_frames=0 must be a whole number of at least 1"),
        (["training.optimizer.learning_rate=0"], "learning_rate=0.0 must be a finite number above 0"),
        (["training.optimizer.betas=[0.8]"], "betas=[0.8] must be a list of 2 to 2 items"),
        (["training.optimizer.betas=[0.8,1.0]"], "betas[1]=1.0 must be a finite number of at least 0 and below 1"),
        (["evaluation.batch_size=0"], "evaluation.batch_size=0 must be a whole number of at least 1"),
        (["evaluation.utterances_per_speaker.test=-1"], "utterances_per_speaker.test=-1 must be a whole number"),
        (
            ["evaluation.test_texts=201"],
            "test_texts=201 must be a whole number of at least 0 and of at most 200",
        ),
        (["evaluation.test_at=never"], "evaluation.test_at='never' must be text that is one of chosen, every"),
        (
            ["+evaluation.utterances_per_speaker.texts=1"],
            "names a split 'texts', which is what the scores of",
        ),
        (["wandb.mode=loud"], "wandb.mode='loud' is unknown; choose one of auto, online, offline, disabled"),
        (["base=scratch", "strategy=mean", "freeze=none"], "a model from scratch has no speakers to start from"),
        (
            ["base=scratch", "strategy=random", "freeze=decoder"],
            "use strategy=random freeze=none and none",
        ),
    ],
)
def test_cell_is_refused_when_a_value_is_not_allowed(overrides: list[str], message: str, compose_main: Compose) -> None:
    with pytest.raises(InputError) as raised:
        cell_from(compose_main("grid", *overrides))
    assert message in str(raised.value)


@pytest.mark.parametrize("override", ["steps=0", "save_every_minutes=-1", "log_every=0"])
def test_pretraining_is_refused_when_a_value_is_not_above_zero(override: str, compose_main: Compose) -> None:
    with pytest.raises(InputError, match=r"=-?[01](\.0)? must be a (whole|finite) number"):
        pretraining_from(compose_main("pretrain", override))


def test_pretraining_is_refused_when_the_corpus_has_no_root(compose_main: Compose) -> None:
    with pytest.raises(OmegaConfBaseException, match=r"data\.root"):
        pretraining_from(compose_main("pretrain", "data=folder"))
