"""Small models in the reference's own format, made here: its configuration, checkpoints and file list."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from runners.cli.checkpoint_arguments import ImportCheckpointArguments
from vits.reference import reference_state_dict
from vits.reference.name_rules import reference_named
from vits.reference.reference_config import model_spec_from_reference
from vits.reference.reference_names import DURATION_DISCRIMINATOR, MULTI_PERIOD_DISCRIMINATOR

GOLDEN = Path(__file__).parent.parent / "vits" / "golden" / "finetune_mb_pre_conv2"


def small_config() -> dict[str, Any]:
    config = json.loads((GOLDEN / "config.json").read_text())
    config["model"] |= {"inter_channels": 8, "hidden_channels": 8, "filter_channels": 16, "gin_channels": 8}
    config["model"] |= {"n_layers": 3, "upsample_initial_channel": 16}
    config["data"]["n_speakers"] = 108  # what fine-tuning asks for; the checkpoint has fewer rows
    return config


class ReferenceFiles:
    """G, D and DUR of three speakers, the second of whom no list names, as the reference would have saved them."""

    def __init__(self, folder: Path) -> None:
        config = small_config()
        spec = model_spec_from_reference(config)
        torch.manual_seed(0)
        self.G = reference_state_dict(spec.synthesizer(3))
        adversary = spec.adversary()
        self.D = reference_named(adversary.opponents["audio"].discriminator.state_dict(), MULTI_PERIOD_DISCRIMINATOR)
        self.DUR = reference_named(adversary.opponents["duration"].discriminator.state_dict(), DURATION_DISCRIMINATOR)
        for name in ("G", "DUR"):
            self.save(folder / f"{name}_1.pth", getattr(self, name))
        self.save(folder / "D_1.pth", self.D, moments=False)  # nobody reads them, and they are half a gigabyte
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "list.txt").write_text(
            "DUMMY2/p1/p1_1.wav|0|hˈaɪ\nDUMMY2/p3/p3_1.wav|2|hˈaɪ\nDUMMY2/p3/p3_2.wav|2|hˈaɪ\n"
        )
        self.folder = folder

    def copied_to(self, folder: Path) -> ReferenceFiles:
        """The same files where they may be changed, but for D, which is large and only linked."""
        for path in filter(Path.is_file, self.folder.iterdir()):
            if path.name.startswith("D_"):
                (folder / path.name).symlink_to(path)
            else:
                shutil.copy(path, folder)
        other = copy.copy(self)
        other.folder = folder
        return other

    def save(self, path: Path, tensors: dict[str, Tensor], *, moments: bool = True, **changes: Any) -> None:
        """As the reference does after a step, or before the first one, when an optimizer has no moments yet."""
        parameters = [torch.nn.Parameter(tensor.clone()) for tensor in tensors.values()]
        optimizer = torch.optim.AdamW(parameters, lr=2e-4, betas=(0.8, 0.99), eps=1e-9)
        if moments:
            for number, parameter in enumerate(parameters):
                parameter.grad = torch.full_like(parameter, 1.0 + number)
            optimizer.step()
        content = {"model": tensors, "iteration": 7, "optimizer": optimizer.state_dict(), "learning_rate": 2e-4}
        torch.save(content | changes, path)

    def arguments(self, **changes: Any) -> ImportCheckpointArguments:
        given = {"G": "G_1.pth", "D": "D_1.pth", "DUR": "DUR_1.pth", "config": "config.json", "filelist": "list.txt"}
        paths: dict[str, Any] = {name: str(self.folder / file) for name, file in given.items()}
        return ImportCheckpointArguments(**(paths | {"out": str(self.folder / "bundle")} | changes))
