"""Whether two texts mean the same."""

from __future__ import annotations

import re

from pipelines.graders.boxed_math.answers import Answer, read
from pipelines.graders.boxed_math.comparing import same_answer
from pipelines.graders.boxed_math.trees import based, symbols, walk
from pipelines.graders.boxed_math.words import as_text

_INTEGER = re.compile(r"-?\d{1,1000}", re.ASCII)
_AMBIGUOUS = re.compile(r"\d,[1-9]\d\d")
# One number with a comma, 0,5 or x = 3,14 cm, that is no thousands' comma; no brackets, no list.
_DECIMAL_COMMA = re.compile(
    r"(?:[^,()\[\]{}=]*=)?[\s$\\]*-?\s*(?:0,|\d+,(?!\d{3}(?!\d)))"
    r"\d*[1-9]\d*(?!\d)[^,()\[\]]*"
)


def same(reference: str, answer: str) -> bool:
    """Whether an answer means what the reference means; without options."""
    reference, answer = reference.strip(), answer.strip()
    if not reference or not answer:
        return False
    if reference == answer:
        return True
    if _INTEGER.fullmatch(reference) and _INTEGER.fullmatch(answer):
        return int(reference) == int(answer)
    if _means(read(reference), read(answer)):
        return True
    if _is_text(read(reference)) != _is_text(read(answer)):  # "an ant" is text, "ant" a product
        return as_text(reference) == as_text(answer)
    if _DECIMAL_COMMA.fullmatch(answer) and _one_number(reference):
        return _means(read(reference), read(answer.replace(",", ".")))
    # "100,200" is a number, but two where the reference is a list beyond doubt.
    listed = _AMBIGUOUS.search(answer) is not None
    return listed and _means(read(reference), read(answer, grouped=False))


def _one_number(text: str) -> bool:
    """Whether a text is one number, so that a comma in the answer can only be a decimal one."""
    values = read(text)[2]
    listed = "," in text.replace("{,}", "")
    return not listed and len(values) == 1 and values[0][0] == "qty" and not symbols(values[0])


def _means(reference: Answer, answer: Answer) -> bool:
    """Whether answers are the same; `log` without a base is natural or decimal on both sides."""
    if any(part[:2] == ("fn", "log") for part in walk((reference, answer))):
        both = (based((reference, answer), base) for base in ("ln", "lg"))
        return any(same_answer(*pair) for pair in both)
    return same_answer(reference, answer)


def _is_text(answer: Answer) -> bool:
    return len(answer[2]) == 1 and answer[2][0][0] == "text"
