"""A corpus from Kokoro-82M: who says what, how it is cut, what a killed run leaves, and the demo voices again."""

from __future__ import annotations

import io
import os
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as st

from metrics.judges.ecapa_encoder import EcapaEncoder
from metrics.judges.judge import Judges
from metrics.metric import JUDGED_RATE
from runners.cli.corpus_arguments import MakeCorpusArguments
from runners.corpus_making.corpus_folder import HEADER, LOCK, CorpusFolder, made_by_one
from runners.corpus_making.corpus_plan import PlannedClip, Split, parse_splits, plan_clips, read_sentences
from runners.corpus_making.corpus_writing import make_corpus
from runners.corpus_making.kokoro import SAMPLE_RATE, TOKENS, tokens_of
from runners.corpus_making.ogg import with_serial_number
from runners.corpus_making.recording import encode_opus, recording, to_pcm16, trim
from runners.corpus_making.sources import NPM_REGISTRY, npm_registry
from runners.corpus_making.voice_mixtures import STYLE_CHANNELS, Voice, parse_voices, read_styles
from vits.common.atomic_files import default_cache_dir
from vits.common.errors import InputError
from vits.corpus.audio import read_audio
from vits.corpus.folder import FolderCorpus

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "assets" / "demo_voices"
ADA, BEN = Voice("ada", ("af_heart",)), Voice("ben", ("bm_lewis", "am_onyx"))
TRAIN = [Split("train", None)]


def test_tokens_are_kokoros_numbers_when_the_phonemes_are_espeaks() -> None:
    assert tokens_of("hˈaɪ, dʒˈɔːɹdʒ") == [50, 156, 43, 102, 3, 16, 46, 147, 156, 76, 158, 123, 46, 147]
    assert len(TOKENS) == len(set(TOKENS.values())) == 114
    assert TOKENS["ᵻ"] == 177


def test_symbols_are_dropped_when_kokoro_does_not_know_them() -> None:
    assert tokens_of("n̩w") == [TOKENS["n"], TOKENS["w"]]


def test_voices_are_read_when_plain_mixed_and_named() -> None:
    voices = parse_voices("af_heart, 040:bm_lewis+am_onyx,af_sky+af_sky")
    assert [voice.speaker for voice in voices] == ["af_heart", "040", "af_sky+af_sky"]
    assert [str(voice) for voice in voices] == ["af_heart", "bm_lewis+am_onyx", "af_sky+af_sky"]
    assert [voice.language for voice in voices] == ["en-us", "en-gb", "en-us"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("af_heart,", "'' is no voice"),
        ("a/b:af_heart", "'a/b:af_heart' is no voice"),
        ("..:af_heart", "can't be a folder"),
        ("xf_alpha", "xf_alpha isn't a voice of Kokoro's"),
        ("x:af_heart,x:af_sky", "two speakers x"),
        ("x:af_heart,X:af_sky", "has the speakers 'x' and 'X', which differ only in case"),
    ],
)
def test_voices_are_refused_when_they_are_no_usable_voices(text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        parse_voices(text)


@pytest.fixture
def voices_package(tmp_path: Path) -> Path:
    """An npm package with two voices of two style vectors, and a file that is none."""
    contents = {f"package/voices/{name}.bin": _style(value).tobytes() for name, value in (("af_a", 1), ("bm_b", 4))}
    path = tmp_path / "voices.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {**contents, "package/dist/af_c.bin": b"?"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def _style(value: float) -> np.ndarray:
    return np.full((2, STYLE_CHANNELS), value, dtype=np.float32)


def test_mixture_is_the_average_of_its_voices_when_they_are_read(voices_package: Path) -> None:
    plain, mixture = read_styles(voices_package, parse_voices("bm_b,af_a+bm_b"))
    np.testing.assert_array_equal(plain, _style(4))
    np.testing.assert_array_equal(mixture, _style(2.5))


def test_error_lists_the_voices_when_one_is_unknown(voices_package: Path) -> None:
    with pytest.raises(InputError, match="no voice af_c; choose from af_a, bm_b"):
        read_styles(voices_package, parse_voices("af_c"))


def test_registry_is_npms_own_when_npm_is_configured(tmp_path: Path) -> None:
    npmrc = tmp_path / ".npmrc"
    assert npm_registry({}, npmrc) == NPM_REGISTRY
    npmrc.write_text('fund=false\n  registry = "https://npm.example/all/"\n@own:registry=https://other.example/\n')
    assert npm_registry({}, npmrc) == "https://npm.example/all/"
    assert npm_registry({"npm_config_registry": "https://first.example"}, npmrc) == "https://first.example"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("One.\n\n Two | three.\n", ":3: a sentence may not contain |"),
        ("One.\nTwo.\n  One. \n", ":3: the sentence of line 1 again"),
        ("\n \n", "has no sentences"),
    ],
)
def test_sentences_are_refused_when_a_table_could_not_hold_them(content: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text(content)
    with pytest.raises(InputError) as raised:
        read_sentences(path)
    assert reason in str(raised.value)


@pytest.mark.parametrize("text", ["", "train,test:4", "train:0", "train:x", "a b:3", "train:2,train:3"])
def test_splits_are_refused_when_they_do_not_divide_the_sentences(text: str) -> None:
    with pytest.raises(InputError, match=f"splits={text}"):
        parse_splits(text)


def test_every_voice_says_the_same_when_they_share_the_sentences() -> None:
    plan = plan_clips([ADA, BEN], ["One.", "Two.", "Three."], parse_splits("train:2,test"), share=True)
    assert [(clip.path, clip.text) for clip in plan] == [
        ("train/ada/000.opus", "One."),
        ("train/ada/001.opus", "Two."),
        ("test/ada/000.opus", "Three."),
        ("train/ben/000.opus", "One."),
        ("train/ben/001.opus", "Two."),
        ("test/ben/000.opus", "Three."),
    ]


@given(n_voices=st.integers(1, 6), counts=st.lists(st.integers(1, 4), min_size=1, max_size=3), left=st.integers(0, 9))
def test_no_sentence_is_said_twice_when_each_voice_has_its_own(n_voices: int, counts: list[int], left: int) -> None:
    voices = [Voice(f"v{number}", ("af_heart",)) for number in range(n_voices)]
    splits = [*(Split(f"s{place}", count) for place, count in enumerate(counts)), Split("rest", None)]
    sentences = [str(number) for number in range(n_voices * (sum(counts) + 1) + left)]
    plan = plan_clips(voices, sentences, splits, share=False)
    assert sorted(clip.text for clip in plan) == sorted(sentences)
    assert len({clip.path for clip in plan}) == len(plan)
    said = [
        [sum(clip.voice == voice and clip.split == split.name for clip in plan) for split in splits] for voice in voices
    ]
    assert all(row[:-1] == counts for row in said)
    assert max(row[-1] for row in said) - min(row[-1] for row in said) <= 1


def test_error_names_the_number_when_there_are_too_few_sentences() -> None:
    with pytest.raises(InputError, match="need 6 sentences, but the file has 5"):
        plan_clips([ADA, BEN], list("abcde"), parse_splits("train:2,test"), share=False)


def test_silence_is_cut_when_it_is_below_a_hundredth_of_the_peak() -> None:
    wave = np.zeros(24000, dtype=np.float32)
    wave[[2000, 10000, 20000, 23000]] = [0.0199, 0.0201, -2.0, 0.0199]
    kept = trim(wave, SAMPLE_RATE)
    np.testing.assert_array_equal(kept, wave[10000 - 1200 : 20000 + 2400])


def test_nothing_is_added_when_the_audio_begins_and_ends_loudly() -> None:
    wave = np.ones(500, dtype=np.float32)
    np.testing.assert_array_equal(trim(wave, SAMPLE_RATE), wave)


@given(peak=st.floats(1e-3, 8), sign=st.sampled_from([-1, 1]))
def test_peak_is_at_seven_tenths_when_the_audio_had_any(peak: float, sign: int) -> None:
    samples = to_pcm16(np.array([0, sign * peak, -sign * peak / 2], dtype=np.float32))
    assert samples.tolist() == [0, sign * 22938, -sign * 11469]


def test_bytes_are_the_same_when_the_audio_is(chirp: np.ndarray) -> None:
    first = recording(chirp, SAMPLE_RATE)
    assert recording(chirp, SAMPLE_RATE) == first
    decoded, rate = soundfile.read(io.BytesIO(first), dtype="float32")
    assert (rate, decoded.size) == (SAMPLE_RATE, trim(chirp, SAMPLE_RATE).size)
    assert np.abs(decoded - to_pcm16(trim(chirp, SAMPLE_RATE)) / 2**15).mean() < 0.01
    assert len(first) < 8 * 60_000 / 8  # bytes in 4 s, with room to spare


def test_checksums_are_the_encoders_when_its_serial_number_is_put_back(chirp: np.ndarray) -> None:
    file = io.BytesIO()
    soundfile.write(file, chirp, SAMPLE_RATE, format="OGG", subtype="OPUS")
    (drawn,) = struct.unpack_from("<I", file.getvalue(), 14)
    changed = with_serial_number(file.getvalue(), drawn ^ 1)
    assert changed != file.getvalue()
    assert with_serial_number(changed, drawn) == file.getvalue()


def test_stream_is_refused_when_it_is_not_ogg() -> None:
    with pytest.raises(ValueError, match="no Ogg page at byte 0"):
        with_serial_number(b"RIFF....", 0)


@pytest.fixture(scope="module")
def chirp() -> np.ndarray:
    """Four seconds with silence at both ends."""
    time_s = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    wave = np.sin(2 * np.pi * (200 + 100 * time_s) * time_s) * (np.abs(time_s - 2) < 1)
    return wave.astype(np.float32)


@pytest.fixture(scope="module")
def clip_bytes() -> bytes:
    return encode_opus(np.zeros(2400, dtype=np.int16), SAMPLE_RATE)


def _plan(*texts: str, voice: Voice = ADA, splits: Sequence[Split] = TRAIN) -> list[PlannedClip]:
    return plan_clips([voice], texts, splits, share=True)


def test_finished_clips_are_listed_and_not_made_again_when_a_run_was_stopped(tmp_path: Path, clip_bytes: bytes) -> None:
    plan = _plan("One.", "Two.", "Three.")
    stopped = CorpusFolder(tmp_path, plan)
    stopped.add(plan[0], clip_bytes)
    (tmp_path / plan[1].path).write_bytes(clip_bytes)  # stopped between the recording and the table
    assert CorpusFolder(tmp_path, plan).unfinished() == plan[1:]
    assert [clip.text for clip in FolderCorpus(root=str(tmp_path)).read()] == ["One."]


def test_every_voice_has_as_many_clips_when_a_run_was_stopped(tmp_path: Path, clip_bytes: bytes) -> None:
    plan = plan_clips([ADA, Voice("bob", ("am_adam",))], ["One.", "Two.", "Three."], TRAIN, share=True)
    folder = CorpusFolder(tmp_path, plan)
    for clip in folder.unfinished()[:4]:
        folder.add(clip, clip_bytes)
    made = FolderCorpus(root=str(tmp_path)).read()
    assert [(clip.speaker, clip.text) for clip in made] == [
        ("ada", "One."),
        ("ada", "Two."),
        ("bob", "One."),
        ("bob", "Two."),
    ]


def test_second_run_is_refused_when_one_makes_a_corpus_in_the_folder(tmp_path: Path) -> None:
    with (
        made_by_one(tmp_path),
        pytest.raises(InputError, match=r"another process is making a corpus in .*; wait until"),
        made_by_one(tmp_path),
    ):
        pass
    with made_by_one(tmp_path):
        assert (tmp_path / LOCK).exists()


def test_clip_is_made_again_when_its_text_or_voice_changed_or_its_file_is_gone(
    tmp_path: Path, clip_bytes: bytes
) -> None:
    plan = _plan("One.", "Two.", "Three.")
    for clip in plan:
        CorpusFolder(tmp_path, plan).add(clip, clip_bytes)
    (tmp_path / plan[2].path).unlink()
    new_text = _plan("One.", "Zwei.", "Three.")
    assert CorpusFolder(tmp_path, new_text).unfinished() == new_text[1:]
    new_voice = _plan("One.", "Two.", "Three.", voice=Voice("ada", ("af_sky",)))
    assert CorpusFolder(tmp_path, new_voice).unfinished() == new_voice


def test_table_keeps_other_splits_and_loses_old_rows_when_the_plan_is_shorter(
    tmp_path: Path, clip_bytes: bytes
) -> None:
    for splits in (TRAIN, [Split("test", None)]):
        plan = _plan("One.", "Two.", splits=splits)
        folder = CorpusFolder(tmp_path, plan)
        for clip in plan:
            folder.add(clip, clip_bytes)
    CorpusFolder(tmp_path, _plan("One.")).write_table()
    assert (tmp_path / "metadata.csv").read_text().splitlines() == [
        HEADER,
        "test/ada/000.opus|ada|One.|test|af_heart",
        "test/ada/001.opus|ada|Two.|test|af_heart",
        "train/ada/000.opus|ada|One.|train|af_heart",
    ]


def test_folder_is_refused_when_its_table_is_anothers() -> None:
    with pytest.raises(InputError, match="isn't a table that this command wrote"):
        CorpusFolder(DEMO, _plan("One."))


def _arguments(folder: Path, sentence: str, **others: Any) -> MakeCorpusArguments:
    (folder / "lines.txt").write_text(f"{sentence}\n")
    return MakeCorpusArguments(str(folder / "lines.txt"), "af_heart", str(folder / "out"), **others)


@pytest.mark.parametrize(
    ("sentence", "threads", "reason"),
    [
        ("...", 1, "'...' has 0 phonemes"),
        ("A very long sentence. " * 40, 1, "Kokoro speaks 1 to 509"),
        ("One.", 0, "threads=0 is not allowed"),
    ],
)
def test_nothing_is_written_when_a_run_can_not_succeed(
    sentence: str, threads: int, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=reason):
        make_corpus(_arguments(tmp_path, sentence, threads=threads))
    assert not (tmp_path / "out").exists()


def test_error_names_the_extra_when_onnxruntime_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"install the extra: pip install -e '\.\[corpus\]'"):
        make_corpus(_arguments(tmp_path, "One."))
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_demo_voices_come_out_as_shipped_when_the_run_was_killed_between(
    tmp_path: Path, run_script: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    judges = Judges(default_cache_dir(), torch.device("cpu"))
    first_sentence = (DEMO / "sentences.txt").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "lines.txt").write_text(f"{first_sentence}\n")
    arguments = ["sentences=lines.txt", "voices=040:af_bella,042:bf_isabella,043:bm_george", "out=made"]
    _kill_after_a_clip(arguments, tmp_path)
    shutil.copytree(tmp_path / "made", tmp_path / "killed")

    done = run_script("make_corpus.py", *arguments, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    finished_before = FolderCorpus(root=str(tmp_path / "killed")).read()
    made_now = 3 - len(finished_before)
    assert done.stdout == f"made has all 3 clips of 3 voices; {made_now} were made now\n"
    for clip in finished_before:
        assert (tmp_path / "made" / f"{clip.name}.opus").read_bytes() == clip.path.read_bytes()
    clips = FolderCorpus(root=str(tmp_path / "made")).read()
    assert [clip.speaker for clip in clips] == ["040", "042", "043"]
    for clip in clips:
        _assert_is_the_same_voice(clip.path, DEMO / f"{clip.name}.opus", judges)


def _kill_after_a_clip(arguments: Sequence[str], folder: Path) -> None:
    """Run the command until it has listed a clip, and end it at once."""
    table = folder / "made" / "metadata.csv"
    script = str(ROOT / "runners" / "make_corpus.py")
    with subprocess.Popen([sys.executable, script, *arguments], cwd=folder, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and (not table.is_file() or len(table.read_text().splitlines()) < 2):
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    assert len(table.read_text().splitlines()) >= 2


def _assert_is_the_same_voice(made: Path, shipped: Path, judges: Judges) -> None:
    """Of one length to a twentieth, and as close as two takes of one speaker; others' cosines are below 0.5.

    The samples aren't compared: Kokoro's weights have eight bits, and processors round and saturate differently.
    """
    waves = [read_audio(path, JUDGED_RATE) for path in (made, shipped)]
    assert waves[0].size == pytest.approx(waves[1].size, rel=0.05)
    one, other = judges.get(EcapaEncoder, "voxceleb").embed(waves)
    assert float(one @ other) > 0.85
