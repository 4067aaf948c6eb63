r"""What came into a problem or an answer by accident, and how it is taken out."""

from __future__ import annotations

import re

from pipelines.datasets.openr1_math.rules.answers import without_closing_answer
from pipelines.similarity.keys import fold

# [text](address) with an address that a browser would open; so f^{[2]}(x) is none. One level of
# parentheses inside the address, as in /wiki/Foo_(bar).
_ADDRESS = r"\(((?:https?://|www\.|/)(?:[^()\s]|\([^()\s]*\))*)(?:\s+\"[^\"]*\")?\)"
_LINK = re.compile(rf"(?<!!)\[([^\[\]]*)\]{_ADDRESS}")

# A picture: a Markdown image, an HTML or LaTeX one, a forum's [img], or the address of a picture.
_IMAGE = re.compile(
    r"!\[[^\]]*\]\((?:[^()\s]|\([^()\s]*\))*\)|<img\b[^>]*>"
    r"|\[[^\]]*\]\([^()\s]+\.(?:png|jpe?g|gif|svg|webp)\b[^()\s]*\)"
    r"|\\includegraphics(?:\[[^\]]*\])?\{[^{}]*\}|\[img\b[^\]]*\].*?\[/img\]"
    r"|https?://[^\s)\]]+\.(?:png|jpe?g|gif|svg|webp)\b[^\s)\]]*",
    re.IGNORECASE | re.DOTALL,
)

# An escape that was read as a control character, with the rest of the command after it: FORM FEED
# and "rac" is \frac. After a tab and a line end only what is no English word.
_ESCAPES = re.compile(
    r"\x07(?=[a-z]{2})|\x08(?=[A-Za-z]{2})|\x0b(?=(?:ec|ar\w+|ee|dots|ert)\b)"
    r"|\x0c(?=(?:rac|orall)(?![a-z]))|\r(?=ightarrow|ight[\])}|.\\]|ceil(?![a-z]))"
    r"|\t(?=imes|heta|frac|binom|riangle|ext(?:bf|it|rm)?\s*\{|ilde\s*\{)"
    r"|\n(?=(?:abla|otin|eq)(?![a-z]))"
)
_ESCAPED = dict(zip("\x07\x08\x0b\x0c\t\r\n", "abvftrn", strict=True))
CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"

# A command that runs into a letter after it, where no other command begins so.
_GLUED = re.compile(
    r"\\(cdot(?!s|p(?![A-Za-z]))|times|hline|pi(?!tch)|sin(?!h|c(?![A-Za-z]))|cos(?!h|ec)|tan(?!h)"
    r"|cot(?!h|an)|log|alpha|theta|lambda|omega|sigma|infty|angle|quad|qquad|circ(?!le|eq)"
    r"|leq(?!q|slant)|geq(?!q|slant)|neq(?!q)|cup|cap(?!t)|pm(?!od|b|atrix)|div(?!ide))(?=[A-Za-z])"
)
_DEFINES = re.compile(r"\\(?:def|newcommand|let|DeclareMathOperator)\b")

# What a translating model was told, or said of its work, as a line of its own without a formula.
_TRANSLATOR = re.compile(
    r"""(?=[^\n$]{0,400}$)(?:[^\n]*(?:将上面的文本|保留了?[源原]文|直接输出翻译)[^\n]*
      | \W*(?:un)?translated\s+(?:text|part)\s*:
      | [^\n]*\btranslat(?:e|ed|ion|ing)\b[^\n]*
        (?:\b(?:English|Chinese|languages?|text|format\w*|request\w*|provided|word|sentence)\b)[^\n]*
      | [^\n]*\b(?:English|Chinese|languages?|text|word|sentence)\b[^\n]*\btranslat[^\n]*
      | [^\n]*(?:\bthe\ same\ in\ both\ languages|\bline\ breaks\ and\ format)[^\n]*
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_INTO = re.compile(r"(?i)\btranslate\b.*\binto\s+(\w+)")
_RULE = re.compile(r"-{3,}|\*{3,}")
_COPIED = 24  # characters with which a second copy begins; shorter problems have none


def repair(problem: str, answer: str = "") -> tuple[str, str, list[str]]:
    r"""A problem and its answer without what came in by accident, and the names of the repairs.

    `control_character`: an escape that was read as one becomes the command again, in the answer
    too. `carriage_return`: CR LF or CR becomes LF. `glued_command`: `\cdotx` becomes `\cdot x`, in
    the answer too. `image`: a picture or its address goes. `link`: the text of a link stays, its
    address goes. `translator`: lines that talk about the translation go, and with them the rule
    before them, a translation back and a second copy of the problem. `answer`: a closing
    "Answer: …" that tells the answer goes; with an answer after it, the published one.
    """
    repairs = []
    for name, mended in (
        ("control_character", _commands),
        ("carriage_return", lambda t: t.replace("\r\n", "\n").replace("\r", "\n")),
        ("glued_command", _parted),
        ("image", lambda t: _IMAGE.sub("", t).strip() if _IMAGE.search(t) else t),
        ("link", lambda t: _LINK.sub(r"\1", t)),
        ("translator", _without_translator),
        ("answer", lambda t: without_closing_answer(t, answer)),
    ):
        after = mended(problem)
        if after != problem:
            repairs.append(name)
            problem = after
    given = _parted(_commands(answer))
    return problem, given, repairs if given == answer else [*repairs, f"answer {answer}"]


def _commands(text: str) -> str:
    return _ESCAPES.sub(lambda sign: "\\" + _ESCAPED[sign[0]], text)


def _parted(text: str) -> str:
    return text if _DEFINES.search(text) else _GLUED.sub(r"\\\1 ", text)


def _without_translator(text: str) -> str:
    copied = text.find(text[:_COPIED], _COPIED) > 0
    if not copied and not re.search(r"(?i)translat|both languages|line breaks|翻译|保留", text):
        return text
    kept: list[str] = []
    found = back = False
    for paragraph in re.split(r"\n\s*\n", text):
        lines: list[str] = []
        for line in paragraph.split("\n"):
            if _TRANSLATOR.fullmatch(line.strip()):
                found = True
                into = _INTO.search(line)
                back = into is not None and into[1].lower() != "english"
                while kept and not lines and _RULE.fullmatch(kept[-1].strip()):
                    kept.pop()
            elif not back:
                lines.append(line)
        if any(line.strip() for line in lines):
            kept.append("\n".join(lines))
    once = _once(kept, remarks=found)
    return "\n\n".join(once).strip() if found or len(once) < len(kept) else text


def _once(paragraphs: list[str], *, remarks: bool) -> list[str]:
    """Paragraphs without the second copy of them.

    Where the copies differ and there were remarks on the translation between them, the second
    stays: it is the translation that they speak of.
    """
    folded = [fold(paragraph) for paragraph in paragraphs]
    if folded.count(folded[0] if folded else "") < 2:
        return paragraphs
    second = folded.index(folded[0], 1)
    if folded[:second] == folded[second:]:
        return paragraphs[:second]
    return paragraphs[second:] if remarks else paragraphs
