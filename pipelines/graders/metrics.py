"""The metrics of a text_similarity grader: how close two texts are, from 0 to 1.

The documentation names the metrics, not their tokens or smoothing. `fuzzy_match` is
`rapidfuzz.fuzz.ratio`: it gives the five scores of a public run of June 2025 to the last digit.
BLEU comes within 0.013 of that run's scores and is otherwise the textbook's; GLEU, METEOR and ROUGE
could be checked against no run. ROUGE is the F-measure of `rouge-score`, which the service's
sandbox has too. Words are runs of letters, digits and underscores, case as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

from pipelines.findings import install
from pipelines.graders.grade import NotRun

Metric = Callable[[str, str], float]

_WORD = re.compile(r"\w+")


def metric(name: str) -> Metric:
    """The metric of that name, a function of (input, reference).

    NotRun where its package or METEOR's data is not installed; nothing is downloaded.
    """
    if name == "fuzzy_match":
        return _fuzzy_match()
    if name.startswith("rouge_"):
        return _rouge(name.removeprefix("rouge_"))
    return {"bleu": _bleu, "gleu": _gleu, "meteor": _meteor}[name]()


def _load(module: str, package: str) -> Any:
    try:
        return import_module(module)
    except ImportError:
        raise NotRun(f"{package} is not installed; {install('grade')}") from None


def _fuzzy_match() -> Metric:
    ratio = _load("rapidfuzz.fuzz", "rapidfuzz").ratio
    return lambda text, reference: float(ratio(text, reference)) / 100


def _of_words(score: Callable[[list[str], list[str]], float]) -> Metric:
    """A metric of (reference's words, input's words); without words in either it is 0."""

    def of_texts(text: str, reference: str) -> float:
        actual, expected = _WORD.findall(text), _WORD.findall(reference)
        return float(score(expected, actual)) if actual and expected else 0.0

    return of_texts


def _bleu() -> Metric:
    """BLEU of runs of one to four words; a length without a match counts 0.1 matches.

    So a right answer of fewer than four words scores less than 1.
    """
    module = _load("nltk.translate.bleu_score", "nltk")
    smooth = module.SmoothingFunction().method1
    return _of_words(
        lambda expected, actual: module.sentence_bleu([expected], actual, smoothing_function=smooth)
    )


def _gleu() -> Metric:
    """Google's BLEU: the lesser of precision and recall of all runs of one to four words."""
    sentence_gleu = _load("nltk.translate.gleu_score", "nltk").sentence_gleu
    return _of_words(lambda expected, actual: sentence_gleu([expected], actual))


def _meteor() -> Metric:
    meteor_score = _load("nltk.translate.meteor_score", "nltk").meteor_score
    try:
        _load("nltk.corpus", "nltk").wordnet.ensure_loaded()
    except (LookupError, OSError):
        raise NotRun(
            "METEOR needs NLTK's data 'wordnet', which is not installed; "
            "python -m nltk.downloader wordnet omw-1.4, or choose another metric"
        ) from None
    return _of_words(lambda expected, actual: meteor_score([expected], actual))


def _rouge(kind: str) -> Metric:
    name = "rougeL" if kind == "l" else f"rouge{kind}"
    score = _load("rouge_score.rouge_scorer", "rouge-score").RougeScorer([name]).score
    return lambda text, reference: float(score(reference, text)[name].fmeasure)
