"""Which parameters a training moves, and which it leaves as they are, bit for bit."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from miniature_training import NewTrainer, differing, train, weights

from strategies.freeze.all_but_embedding import AllButEmbedding
from strategies.freeze.freeze_policy import BASE_ROWS, FreezePolicy
from strategies.freeze.frozen_parts import FrozenParts
from vits.common.errors import InputError
from vits.corpus.features import PreparedUtterance
from vits.model_spec import PARTS

POLICIES = (AllButEmbedding(), *(FrozenParts([*parts]) for parts in ((), *combinations(PARTS, 1), PARTS)))


def test_every_parameter_moves_when_none_is_frozen(
    new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    trainer = new_trainer()
    before = weights(trainer.synthesizer), weights(trainer.adversary)
    train(trainer, utterances, until=2)
    assert set(differing(before[0], weights(trainer.synthesizer))) == set(before[0])
    assert set(differing(before[1], weights(trainer.adversary))) == set(before[1])


@pytest.mark.parametrize(
    "frozen", [("decoder.",), ("text_encoder.", "flow."), ("speaker_embedding.weight", "posterior_encoder.")]
)
def test_frozen_parameters_are_bit_identical_when_others_are_trained(
    frozen: tuple[str, ...], new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    trainer = new_trainer(frozen=frozen, new_speaker=True)
    before = weights(trainer.synthesizer)
    train(trainer, utterances, until=4, speakers={"anna": 2, "bert": 1})
    moved = set(differing(before, weights(trainer.synthesizer)))
    assert moved == {name for name in before if not name.startswith(frozen)}


@pytest.mark.parametrize("policy", POLICIES)
def test_old_rows_and_frozen_parts_are_bit_identical_when_a_policy_is_applied(
    policy: FreezePolicy, new_trainer: NewTrainer, utterances: list[PreparedUtterance], tmp_path: Path
) -> None:
    trainer = new_trainer(policy=policy, new_speaker=True)
    before = weights(trainer.synthesizer)
    both = {"anna": 2, "bert": 1}  # an old speaker in the data doesn't move its row either
    train(trainer, utterances, until=2, speakers=both)
    trainer.save(tmp_path / "state.safetensors")
    resumed = new_trainer(policy=policy, new_speaker=True, weights_seed=5)
    resumed.load(tmp_path / "state.safetensors")
    train(resumed, utterances, until=5, speakers=both)
    moved = set(differing(before, weights(resumed.synthesizer)))
    assert BASE_ROWS in before
    assert BASE_ROWS not in moved
    free = {n for n in before if not n.startswith("speaker_embedding.") and not policy.schedule(n).is_frozen}
    assert moved == free | {"speaker_embedding.added.0"}
    assert BASE_ROWS not in resumed.generator_optimizer.names


def test_base_rows_have_no_optimizer_entry_when_only_the_new_row_is_trained(
    new_trainer: NewTrainer, utterances: list[PreparedUtterance]
) -> None:
    trainer = new_trainer(new_speaker=True)
    every = tuple(name for name, _ in trainer.synthesizer.named_parameters() if name != "speaker_embedding.added.0")
    trainer = new_trainer(frozen=every, new_speaker=True)
    before = weights(trainer.synthesizer)
    train(trainer, utterances, until=4, speakers={"anna": 2, "bert": 1})
    assert trainer.generator_optimizer.names == ["speaker_embedding.added.0"]
    assert {name.rpartition(":")[0] for name in trainer.generator_optimizer.named_state()} == {
        "speaker_embedding.added.0"
    }
    assert differing(before, weights(trainer.synthesizer)) == ["speaker_embedding.added.0"]


def test_training_is_refused_when_all_is_frozen(new_trainer: NewTrainer) -> None:
    with pytest.raises(InputError, match="nothing is left to train"):
        new_trainer(frozen=("",))
