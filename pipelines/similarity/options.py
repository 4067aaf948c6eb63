r"""The lettered options of a multiple-choice prompt, in the spellings that collections use."""

from __future__ import annotations

import re

LETTERS = "ABCDEFGHIJ"

# What the label of a second option holds; most problems have none of it. One search for all of
# them takes ten times as long as these nine.
_SECOND = ("B.", "B)", "B}", "B:", "\nB ", "\n$B$", "b)", "b.", "[*]")

_STYLE = r"\\(?:text(?:bf|rm|it|sf)?|math(?:bf|rm|it|sf)|bf|rm)\s*(?:\{\s*)?"
_LINE = re.compile(r"^[ \t]*(?:\(([A-J])\)|([A-J])[.)])[ \t]*", re.MULTILINE)
_STAR = re.compile(r"\[\*\]()")
# Each spelling with the fewest labels that make a list.
_SPELLINGS = (
    # `A.`, `A)` or `(A)` at the start of a line: most prompts that have options have these.
    (_LINE, 2),
    # `(A)` anywhere, also set as \textbf{(A)}, \mathrm{(A)\ } or (\mathrm {A}).
    (re.compile(rf"(?:{_STYLE})?(?<![\w\\])\(\s*(?:{_STYLE})?([A-J])\s*(?:\}}\s*)?\)"), 3),
    # `A 26`, `$A$ 26` or `A: 26` at the start of a line.
    (re.compile(r"^[ \t]*(?:\$([A-J])\$[.:)]?|([A-J]):?)(?=[ \t]+[^\s=])", re.MULTILINE), 3),
    # `A. 1 B. 2` and `A) 1 B) 2` anywhere.
    (re.compile(r"(?<![\w\\.(])([A-J])[.)](?=[\s$\\])"), 3),
    # `[*]` of a forum's list, whose letters are not written.
    (_STAR, 3),
    # `(a)`, `a)` or `a.` at the start of a line, and `(a)` anywhere.
    (re.compile(r"^[ \t]*(?:\(([a-j])\)|([a-j])[.)])", re.MULTILINE), 3),
    (re.compile(r"(?<![\w\\])\(([a-j])\)"), 3),
)

# How a part of a problem begins, what people say who are named by letters, and what stands between
# letters that are only mentioned, "(A), (B) and (C)".
_PART = re.compile(
    r"[$,;.\s]*(?:(?:and|or)[$,;.\s]*)?$|(?:\[/?\w+\]|\W)*(?:(?:Find|Determine|Prove|Show|Calculate|Compute|How|What|Which|Who|Write"
    r"|Draw|Construct|Solve|Give|State|Explain|Evaluate|Express|Sketch|Let|Suppose"
    r"|says|said|claims|states|replied|answered|thinks)\b|[“\"]?I\b)"
)
# A stem that bids the same of every part, "Calculate: a) … b) …"; of a question's last characters.
_STEM = 300
_BIDS = re.compile(
    r"(?i)\b(?:calculate|compute|perform|simplify|solve|find|evaluate|determine|factor\w*|write|draw"
    r"|prove|show|construct|express)\b[^.?!]*$"
)

# What follows the last option: a credit, a heading, a paragraph, a figure, the end of the list.
_TAIL = re.compile(
    r"\n[ \t]*\n(?=[A-Z])|\n[ \t]*(?:\([^()\n]*\b(?:19|20)\d\d\b[^()\n]*\)\s*$|\#|\[i\])"
    r"|\[/list\]|\[asy\]|\\end\{"
)
_LEAD = re.compile(r"(?:[\s~&}]|\\(?:q?quad|hfill|newline)(?![A-Za-z])|\\[ \\,;:])*")
_GAPS = ("\\qquad", "\\quad", "\\hfill", "\\newline")
_WORDS = re.compile(r"\$\\(?:text|mathrm)\s*\{([^{}$\\]*)\}\s*(\.?)\$")


def split_options(prompt: str) -> tuple[str, list[str]]:
    """A prompt's question and the texts of its lettered options, A first, empty where it has none.

    The letters may stand in any order, but from A on without a gap. Parts of a problem, "(a) Find …
    (b) Prove …", are no options, and neither is what people say who are named by letters.
    """
    if not any(sign in prompt for sign in _SECOND):
        return prompt, []
    for pattern, fewest in _SPELLINGS:
        letters, labels = _run(list(pattern.finditer(prompt)))
        if len(labels) < fewest:
            continue
        starts = [label.start() for label in labels]
        ends = [*starts[1:], len(prompt)]
        texts = [prompt[label.end() : end].strip() for label, end in zip(labels, ends, strict=True)]
        question = prompt[: starts[0]]
        if not all(texts):
            continue
        if pattern is _LINE:
            if sum([text.endswith("?") for text in texts]) > 1:
                continue
            if len(texts) < 4 and f" {LETTERS[len(texts)]}. " in texts[-1]:
                continue  # the rest stands in the same line
            if "\n" in texts[-1]:
                texts[-1] = _TAIL.split(texts[-1], maxsplit=1)[0].rstrip()
        else:
            if _parts(texts, question, small=letters.islower()):
                continue
            if pattern is _STAR and prompt.rpartition("[/list]")[2].strip():
                continue  # conditions, and the question after them
            texts[-1] = _TAIL.split(texts[-1], maxsplit=1)[0].rstrip()
            texts = [_alone(t, _formula(prompt, s)) for t, s in zip(texts, starts, strict=True)]
        if not LETTERS.startswith(letters.upper()):
            texts = [text for _, text in sorted(zip(letters, texts, strict=True))]
        return question, texts
    return prompt, []


def _run(labels: list[re.Match[str]]) -> tuple[str, list[re.Match[str]]]:
    """The letters of labels and the labels: all, or from the last A on, or none.

    A run has the first letters of the alphabet, each once.
    """
    letters = "".join([label[label.lastindex or 1] for label in labels]) or LETTERS[: len(labels)]
    if LETTERS.startswith(letters):
        return letters, labels
    for first in (0, max(letters.upper().rfind("A"), 0)):
        run = letters[first:].upper()
        if LETTERS.startswith(run) or LETTERS.startswith("".join(sorted(run))):
            return letters[first:], labels[first:]
    return "", []


def _parts(texts: list[str], question: str, *, small: bool) -> bool:
    """Whether texts after letters are parts of a problem, speech, or between letters mentioned."""
    if any(text.endswith("?") or _PART.match(text) for text in texts):
        return True
    return small and _BIDS.search(question[-_STEM:].rstrip(" :\n")) is not None


def _formula(prompt: str, place: int) -> bool:
    """Whether a place in a prompt is within a formula between `$`."""
    return (prompt.count("$", 0, place) - prompt.count("\\$", 0, place)) % 2 == 1


def _alone(text: str, inside: bool) -> str:
    """An option by itself: no space commands at its edges, its `$` and braces paired.

    `inside`: its label stands in a formula, so that the text begins in one.
    """
    text = _without_gaps(text)
    while text.endswith("$") and (inside or _formula(text, len(text))):
        text = _without_gaps(text[:-1])
    if text.count("}") - text.count("\\}") > text.count("{") - text.count("\\{"):
        text = "\\text{" + text  # of \text{(A) one}
    if inside:
        text = "$" + text
    if _formula(text, len(text)):
        text += "$"
    words = _WORDS.fullmatch(text)
    return words[1].strip() + words[2] if words else text


def _without_gaps(text: str) -> str:
    lead = _LEAD.match(text)
    text = text[lead.end() if lead else 0 :].rstrip(" \t\n~&\\")
    while text.endswith(_GAPS):
        text = text[: text.rindex("\\")].rstrip(" \t\n~&\\")
    return text
