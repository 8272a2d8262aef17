from __future__ import annotations

import pytest
import torch
from told_speakers import encoded, learn

from strategies.adapters.adapter import Adapter
from strategies.adapters.conditional_norm import ConditionalNorm
from strategies.adapters.prefix import Prefix
from strategies.adapters.told_speaker import ToldSpeaker
from vits.synthesizer import Synthesizer


@pytest.mark.parametrize("adapter", [ConditionalNorm(), Prefix(3)])
def test_a_sentence_is_the_same_alone_and_beside_other_speakers(miniature: Synthesizer, adapter: Adapter) -> None:
    adapter.attach(miniature)
    learn(module for module in miniature.modules() if isinstance(module, ToldSpeaker))
    speakers = torch.randn(4, 8)
    together = encoded(miniature, speakers)
    alone = torch.cat([encoded(miniature, speaker) for speaker in speakers.split(1)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(together[0], together[1], atol=1e-3)
