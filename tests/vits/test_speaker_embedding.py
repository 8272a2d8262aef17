from __future__ import annotations

import pytest
import torch

from vits.common.errors import InputError
from vits.speaker_embedding import SpeakerEmbedding

CHANNELS = 4


@pytest.fixture
def embedding() -> SpeakerEmbedding:
    torch.manual_seed(0)
    return SpeakerEmbedding(3, CHANNELS)


def test_new_speaker_follows_the_base_when_added(embedding: SpeakerEmbedding) -> None:
    base = embedding.weight.detach().clone()
    rows = [torch.full((CHANNELS,), 7.0), torch.full((CHANNELS,), 8.0)]
    assert [embedding.add(row) for row in rows] == [3, 4]
    assert embedding.n_speakers == 5
    assert torch.equal(embedding.rows(), torch.cat((base, torch.stack(rows))))


def test_rows_are_the_base_when_nothing_was_added(embedding: SpeakerEmbedding) -> None:
    assert embedding.rows() is embedding.weight


def test_each_speaker_gets_its_row_when_looked_up(embedding: SpeakerEmbedding) -> None:
    embedding.add(torch.full((CHANNELS,), 7.0))
    found = embedding(torch.tensor([3, 1, 3]))
    assert found.shape == (3, CHANNELS, 1)
    assert torch.equal(found[0, :, 0], torch.full((CHANNELS,), 7.0))
    assert torch.equal(found[1, :, 0], embedding.weight[1])


def test_added_row_is_a_copy_when_its_source_changes(embedding: SpeakerEmbedding) -> None:
    source = torch.ones(CHANNELS)
    embedding.add(source)
    source.zero_()
    assert embedding.rows()[3].tolist() == [1.0] * CHANNELS


def test_row_is_refused_when_its_width_is_another(embedding: SpeakerEmbedding) -> None:
    with pytest.raises(InputError, match=r"shape \[5\].*rows have \[4\]"):
        embedding.add(torch.ones(CHANNELS + 1))
    assert embedding.n_speakers == 3


def test_base_rows_are_bit_identical_when_only_new_ones_are_optimised(embedding: SpeakerEmbedding) -> None:
    embedding.add(torch.ones(CHANNELS))
    embedding.weight.requires_grad_(False)
    base, added = embedding.weight.detach().clone(), embedding.added[0].detach().clone()
    optimizer = torch.optim.AdamW([p for p in embedding.parameters() if p.requires_grad], lr=0.1, weight_decay=0.5)
    assert [len(group["params"]) for group in optimizer.param_groups] == [1]
    for _ in range(5):
        optimizer.zero_grad()
        embedding(torch.tensor([0, 1, 2, 3])).square().sum().backward()
        optimizer.step()
    assert torch.equal(embedding.weight, base)
    assert not torch.equal(embedding.added[0], added)


def test_only_the_new_row_gets_a_gradient_when_base_is_frozen(embedding: SpeakerEmbedding) -> None:
    embedding.add(torch.ones(CHANNELS))
    embedding.weight.requires_grad_(False)
    embedding(torch.tensor([0, 3])).sum().backward()
    assert embedding.weight.grad is None
    assert embedding.added[0].grad is not None
