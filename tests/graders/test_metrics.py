"""The metrics of text_similarity, each against a calculation of its own."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.graders.grade import NotRun
from pipelines.graders.metrics import metric
from pipelines.rules.graders import METRICS

DOG, CAT = "a dog sat on the mat", "a cat sat on the mat"
TEXTS = st.text(alphabet="ab cé.,-1", max_size=24)


def common(a: list[str], b: list[str]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for x in a:
        above = row
        row = [0]
        for j, y in enumerate(b):
            row.append(above[j] + 1 if x == y else max(above[j + 1], row[j]))
    return row[-1]


def grams(words: list[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def f_measure(matches: int, said: int, expected: int) -> float:
    return 2 * matches / (said + expected) if matches else 0.0


@pytest.mark.parametrize("name", [name for name in METRICS if name not in ("bleu", "meteor")])
def test_range(name: str) -> None:
    """From 0 for texts that share nothing to 1 for the same."""
    score = metric(name)
    assert score("one two three four five", "one two three four five") == 1.0
    assert score("one two three four five", "xx yy zz") < 0.3
    assert score("", "one") == 0.0


@given(TEXTS, TEXTS)
def test_fuzzy_match_is_the_share_of_characters_in_common(text: str, reference: str) -> None:
    length = len(text) + len(reference)
    expected = 2 * common(list(text), list(reference)) / length if length else 1.0
    assert metric("fuzzy_match")(text, reference) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "reference", "expected"),
    [
        # 5 of 6 words, 3 of 5 pairs, 2 of 4 triples, 1 of 3 fours: geometric mean, no penalty.
        (DOG, CAT, (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25),
        (DOG, DOG, 1.0),
        # Three words: no run of four matches, which counts 0.1; too short by exp(1 - 6/3).
        ("a dog sat", DOG, (1 * 1 * 1 * 0.1) ** 0.25 * math.exp(1 - 6 / 3)),
        ("yes", "yes", (1 * 0.1 * 0.1 * 0.1) ** 0.25),
        ("x y z", DOG, 0.0),
        ("...", DOG, 0.0),
    ],
)
def test_bleu(text: str, reference: str, expected: float) -> None:
    assert metric("bleu")(text, reference) == pytest.approx(expected, abs=1e-12)


@given(TEXTS, TEXTS)
def test_gleu_is_the_lesser_of_precision_and_recall(text: str, reference: str) -> None:
    said, expected = (
        part.replace(".", " ").replace(",", " ").replace("-", " ").split()
        for part in (text, reference)
    )
    matches = sum((grams(said, n) & grams(expected, n)).total() for n in (1, 2, 3, 4))
    most = max(sum(grams(words, n).total() for n in (1, 2, 3, 4)) for words in (said, expected))
    result = matches / most if said and expected else 0.0
    assert metric("gleu")(text, reference) == pytest.approx(result, abs=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_rouge_n_is_the_f_measure_of_runs_of_n_words(n: int) -> None:
    said, expected = "A dog, a dog sat on the mat".lower().replace(",", "").split(), CAT.split()
    matches = (grams(said, n) & grams(expected, n)).total()
    result = f_measure(matches, len(said) - n + 1, len(expected) - n + 1)
    score = metric(f"rouge_{n}")("A dog, a dog sat on the mat", CAT)
    assert score == pytest.approx(result, abs=1e-12)


@settings(max_examples=50)
@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_rouge_l_is_the_f_measure_of_the_longest_common_subsequence(
    said: list[str], expected: list[str]
) -> None:
    result = f_measure(common(said, expected), len(said), len(expected))
    score = metric("rouge_l")(" ".join(said), " ".join(expected))
    assert score == pytest.approx(result, abs=1e-12)


METEOR = """
import sys, nltk
nltk.data.path[:] = sys.argv[1:]
from pipelines.graders.grade import NotRun
from pipelines.graders.metrics import metric
try:
    print(metric("meteor")("a dog lay on the mat", "a dog sat on the mat"))
except NotRun as reason:
    print(reason)
"""


def meteor(data: Path) -> str:
    """In a process of its own, for NLTK looks for its data once."""
    command = [sys.executable, "-c", METEOR, str(data)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_meteor_is_not_run_without_its_data(tmp_path: Path) -> None:
    assert meteor(tmp_path).startswith("METEOR needs NLTK's data 'wordnet', which is not installed")


def test_meteor(tmp_path: Path) -> None:
    """With a WordNet that has no words: 5 of 6 words match, in 2 runs."""
    folder = tmp_path / "corpora" / "wordnet"
    folder.mkdir(parents=True)
    kinds = ("adj", "adv", "noun", "verb")
    names = [f"{part}.{kind}" for kind in kinds for part in ("data", "index")]
    for name in (*names, *(f"{kind}.exc" for kind in kinds), "lexnames", "index.sense"):
        (folder / name).touch()
    assert float(meteor(tmp_path)) == pytest.approx(5 / 6 * (1 - 0.5 * (2 / 5) ** 3), abs=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_a_package_that_is_absent_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("rapidfuzz.fuzz", "nltk.translate.bleu_score", "nltk.translate.gleu_score"):
        monkeypatch.setitem(sys.modules, module, None)
    for module in ("nltk.translate.meteor_score", "rouge_score.rouge_scorer"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(NotRun, match=r"(rapidfuzz|nltk|rouge-score) is not installed; pip install"):
        metric(name)
