"""What came into a problem of OpenR1-Math by accident, and how it is taken out."""

from __future__ import annotations

import re

from pipelines.similarity.keys import fold

# [text](address) with an address that a browser would open; so f^{[2]}(x) is none. One level of
# parentheses inside the address, as in /wiki/Foo_(bar).
_LINK = re.compile(
    r"(?<!!)\[([^\[\]]*)\]\(((?:https?://|www\.|/)(?:[^()\s]|\([^()\s]*\))*)(?:\s+\"[^\"]*\")?\)"
)

# What a translating model was told, or said of its work, as a line of its own.
_TRANSLATOR = re.compile(
    r"""\(?(?:note:\s*)?\(?(?:
        translate\s+the\s+(?:above\s+text|text\s+above)\s+(?:back\s+)?into\s+(?P<language>\w+)\b[^\n]*
      | (?:the|this)\s+(?:above\s+)?(?:direct\s+)?translation\s+
        (?:maintains|preserves|retains|keeps|is\s+provided)\b[^\n]*
      | this\s+is\s+the\s+direct\s+translation\s+of\b[^\n]*
      | the\s+last\s+(?:sentence|word)\b[^\n]*\btranslat[^\n]*
      | untranslated\s+text\s+remains\b[^\n]*
      | translation\s+provided\s+as\s+requested\b[^\n]*
      | the\s+text\s+above\s+has\s+been\s+translated\s+into\s+english\b[^\n]*
      | the\s+mathematical\s+expression\s+is\s+the\s+same\s+in\s+both\s+languages\b[^\n]*
      | (?:un)?translated\s+(?:text|part)\s*:
      | [^\n]*(?:将上面的文本|保留了?[源原]文|直接输出翻译)[^\n]*
    )\s*\)?""",
    re.VERBOSE | re.IGNORECASE,
)
_RULE = re.compile(r"-{3,}|\*{3,}")

# What a problem holds that has anything to repair, but for a second copy of itself.
_REPAIRABLE = ("\r", "](", "ranslat", "翻译", "保留", "both languages")
_COPIED = 24  # characters with which a second copy begins; shorter problems have none


def repair(problem: str) -> tuple[str, list[str]]:
    """A problem without what came in by accident, and the names of the repairs made.

    `carriage_return`: CR LF or CR becomes LF. `link`: the text of a link stays, its address goes.
    `translator`: lines that talk about the translation go, and with them the rule before them, a
    translation back and a second copy of the problem.
    """
    copied = problem.find(problem[:_COPIED], _COPIED) > 0
    if not copied and not any(sign in problem for sign in _REPAIRABLE):
        return problem, []
    repairs = []
    text = problem
    for name, mended in (
        ("carriage_return", lambda t: t.replace("\r\n", "\n").replace("\r", "\n")),
        ("link", lambda t: _LINK.sub(r"\1", t)),
        ("translator", _without_translator),
    ):
        after = mended(text)
        if after != text:
            repairs.append(name)
            text = after
    return text, repairs


def _without_translator(text: str) -> str:
    kept: list[str] = []
    found = back = False
    for paragraph in re.split(r"\n\s*\n", text):
        lines: list[str] = []
        for line in paragraph.split("\n"):
            said = _TRANSLATOR.fullmatch(line.strip())
            if said:
                found = True
                back = (said["language"] or "english").lower() != "english"
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
