from __future__ import annotations

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import ConfigCompositionException
from hydra.utils import instantiate

from vits.common.errors import InputError
from vits.corpus.corpus import Corpus
from vits.corpus.filelists import FilelistsCorpus
from vits.corpus.folder import FolderCorpus
from vits.corpus.roots import project_root


def chosen(*overrides: str) -> Corpus:
    with initialize_config_dir(str(project_root() / "conf"), version_base="1.3"):
        return instantiate(compose(overrides=list(overrides)).data, _convert_="object")


def test_reader_has_its_fields_when_composed(tmp_path: Path) -> None:
    assert chosen("+data=folder", "data.root=x", "data.speakers=['040',b]") == FolderCorpus(
        root="x", speakers=["040", "b"]
    )
    assert chosen("+data=filelists", "data.root=x", "data.filelists=y") == FilelistsCorpus(root="x", filelists="y")
    assert chosen("+data=demo") == FolderCorpus(root="assets/demo_voices")


@pytest.mark.parametrize("override", ["data.test=many", "data.tset=3"])
def test_composition_fails_when_a_field_is_wrong(override: str) -> None:
    with pytest.raises(ConfigCompositionException):
        chosen("+data=folder", "data.root=x", override)


def test_error_names_the_size_when_a_corpus_is_made() -> None:
    with pytest.raises(InputError, match="validation=-2"):
        FolderCorpus(root="x", validation=-2)
