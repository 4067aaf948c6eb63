"""What a problem of OpenR1-Math asks for, judged by its wording.

A question mark, a blank or a verb that wants a value ("find", "how many") asks for something that
can be checked; "prove", "show", "draw" and "explain" do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.similarity.keys import fold

_BLANK = r"\\qquad|_{3,}"
_ASKS = re.compile(
    rf"[?？]|{_BLANK}"
    r"|\b(?:[Ff]ind|[Cc]alculate|[Cc]ompute|[Ss]olve|[Ee]valuate|[Ss]implify|[Ff]actori[sz]e|Factor"
    r"|[Dd]etermine|[Ss]elect|[Hh]ow (?:many|much|long|far|old)|[Ii]n how many|Express|Write|Give"
    r"|Name|State|What|Which|Who|When|Where|For (?:what|which)|Deduce|Derive|[Mm]inimi[sz]e"
    r"|[Mm]aximi[sz]e)\b"
)
# "Prove that …"; not "prove your answer", which was asked for before.
_PROVES = re.compile(
    r"(?i)\b(?:prove|show|demonstrate|verify|disprove)\b"
    r"(?! (?:it|this|your|you|the (?:correctness|answer))\b)"
)


def asks(text: str) -> bool:
    """Whether a text asks for something that can be checked."""
    return _ASKS.search(text) is not None


def only_proof(prompt: str) -> bool:
    """Whether a problem asks for a proof and for nothing that can be checked."""
    return _PROVES.search(prompt) is not None and not asks(prompt)


# The label of a part: `(a)`, `(2)`, `(ii)`, `(II)`, `(Ⅱ)` after white space or a tag, also set as a
# formula; `b)`, `2)` or `ii)` at the start of a line or after a mark, for "(x - b)" has none; `a.`
# and `I4.2` at the start of a line; `[b]G.16[/b]`. Each group is one order of labels.
_PART = re.compile(
    r"(?:(?<![^\s\]*])(?:\$|\\\()?\(|^[ \t]*\$?|(?<=[.;:?!,$\]*]\s)\$?|(?<=[.;:?!]\s[-–]\s))"
    r"(?:([a-h])|([1-9])|(i{1,3}|iv|v|I{1,3}|IV|V|[Ⅰ-Ⅴ]))\)"
    r"|^[ \t]*([a-h])\.(?=\s)"
    r"|^[ \t]*([A-Z]\d{1,2}\.\d{1,2})\b"
    r"|^[ \t]*\[b\]([^\[\]\n]{1,14})\[/b\]",
    re.MULTILINE,
)
_SECOND_PART = re.compile(r"(?:b|2|ii|II|Ⅱ)\)|\[b\]|^[ \t]*(?:b\.|[A-Z]\d)", re.MULTILINE)
_ROMAN = ("i", "ii", "iii", "iv", "v")
_SMALL = dict(zip(("I", "II", "III", "IV", "V", *"ⅠⅡⅢⅣⅤ"), 2 * _ROMAN, strict=True))
_ORDERS = ("abcdefgh", "123456789", _ROMAN, "abcdefgh")
# A stem that asks the same of every part, "Calculate: a) … b) …", not one that lists conditions;
# in the last characters before the first part.
_STEM_SIZE = 300
_STEM = re.compile(
    r"\b(?:[Cc]alculate|[Cc]ompute|[Pp]erform|[Ss]olve|[Ss]implify|[Ff]actor\w*|[Ee]valuate|[Ff]ind"
    r"|[Dd]etermine|How many|What)\b[^.?!]*$"
)
_CONDITIONS = re.compile(
    r"(?i)\b(?:satisf\w*|conditions?|constraints?|propert\w*|such that|rules?|statements?|holds?"
    r"|know\w*|true|for which|if|where|(?<!end )with|when|given|using)\b"
)

# A sentence that asks for a value of its own; not "Find it", "Express your answer".
_SENTENCE = re.compile(r"(?<=[.?!])\s+|\n")
_OWN = re.compile(
    r"(?:[-–*#]\s*|[A-Z]\s+|Also, |\(?\w{1,2}[.)]\s*)?"
    r"(?:[Ff]ind this|How (?:many|much|old|long|far|big|large|tall|fast)|In how many|Which|Is|Are"
    r"|Does|Can(?! you)|Could|Will"
    r"|What (?:is|are|was|were|will|would|fraction|percent\w*|day|number|kind|digit)"
    r"|(?:Calculate|Compute|Evaluate|Determine|Find)(?! (?:it|them|in|by|using|all (?:such|possible"
    r" (?:answers|solutions|values)|answers|solutions))\b)"
    r"|Write (?:down )?(?:the|an) (?:condition|equation|formula))\b"
)
_AND_HOW = re.compile(r"\band (?:how (?:many|much|old|long|far)|what (?:is|are|was))\b")
_HINT = re.compile(r"(?i)\W*(?:hint|note|remark|for example|recall|proposed)\b")
_INSTEAD = re.compile(
    r"\b(?:can|may|could) be (?:written|expressed|represented)|\bin the form|\bin your answer"
)
# Two things after one verb: "the quotient and the remainder", "the values of $a$ and $b$".
_VERB = r"\b(?:[Ff]ind|[Dd]etermine|[Cc]alculate|[Cc]ompute|What (?:is|are))"
_THING = (
    r"(?:max\w+|min\w+|largest|greatest|smallest|least|quotient|remainder|sum|product|area|perimeter"
    r"|volume|length|width|height|cent(?:er|re)|radius|mean|median|mode)"
)
_SIGN = r"\$?[a-zA-Z]\b\$?"
_SIZE = r"(?:speed|length|width|height|age|price|cost|weight|mass|number|area|volume|radius)s?"
TOGETHER = (
    rf"{_VERB} the {_SIZE}\b[^.?!\n]{{0,70}} and (?:that|those|(?:the|its|their) {_SIZE})\b|"
    r"\b[Hh]ow many \w+ and (?:how many )?\w+ (?:does|do|are there|has|have)\b"
    rf"|{_VERB} (?:the |its |all )?"
    rf"(?:extreme values|{_THING} and (?:the |its )?{_THING}"
    r"|(?:both|two|three|four|five) (?:\w+ )?numbers|(?:angles|sides|lengths of the sides) of"
    r"|(?:(?:values?|pairs?|numbers|integers|positive|natural|real|rational|primes?|of|the) ){0,4}"
    rf"(?:{_SIGN}(?:, ?{_SIGN})*,? and {_SIGN}|\$[a-z](?:, ?[a-z])+\$))"
)
_TOGETHER = re.compile(TOGETHER)
# Several things under one noun: "the acute angles", "these numbers", "each of them", "Ann and Bo";
# not "the areas of the figures" or "the lengths of the arcs", set phrases for one.
_ASKED = r"(?:[Hh]ow (?:many|much|old|far|long)|[Ww]hat|[Dd]etermine|[Ff]ind|[Cc]alculate)\b"
PLURAL = (
    rf"(?:{_VERB}|\b[Ww]hat were) (?:(?:the|these|those|its|their|both|two|three|four|five"
    r"|different|acute|true|other|side|remaining|missing|unknown) ){1,4}"
    r"(?:angles|sides|edges|legs|numbers|digits|roots|zeros|lengths of (?:the |its |all )?(?:\w+ )?"
    r"(?:sides|edges|legs|segments|diagonals|bases)|side lengths|speeds|weights|masses|ages"
    r"|dimensions|equations|prices)\b"
    rf"|{_ASKED}[^.?!]{{0,90}}\beach of (?:them|these|the (?:two|three|four|five))\b"
    r"|\b(?:What|Which|How (?:many|much|old))\b[^.?!]{0,50}\b(?:did|do|does|are|were|have|has)"
    r" \$?[A-Z]\w*\$?(?:, \$?[A-Z]\w*\$?)*,? and \$?[A-Z]\w*\b|\b[Dd]etermine them\b"
)
_PLURAL = re.compile(PLURAL)
_AS_ONE = re.compile(r"[^.?!]*\b(?:together|total|altogether|meet|apart|have in common)\b")
_EXTREMES = re.compile(
    r"(?<!of )(?<!between )the (?:min\w+ and max\w+|max\w+ and min\w+)(?: possible)? values"
)
_AND_FIND = re.compile(
    rf"{_VERB}\b[^.?!\n]{{0,200}}\band (?:find|determine|calculate|compute)\b(?! (?:it|them)\b)"
)
# A blank after a word; two in a row are one, and one after a formula only spaces it out.
_BLANKS = re.compile(r"(?<=[A-Za-z,] )(?:\$\\qquad\$|_{3,})")


def several_questions(prompt: str, answer: str) -> bool:
    """Whether a problem asks several checkable things and the answer has a value for fewer."""
    asked = max(_parts(prompt), _sentences(prompt), len(_BLANKS.findall(prompt)))
    if asked < 2 and any(two.search(prompt) for two in (_TOGETHER, _EXTREMES, _AND_FIND)):
        return values(_OUTER.sub("", answer)) < 2
    if asked < 2 and (found := _PLURAL.search(prompt)) and not _AS_ONE.match(prompt, found.end()):
        return values(_BRACKETS.sub("", answer)) < 2
    return values(answer) < asked


def _parts(prompt: str) -> int:
    """How many labelled parts ask for something."""
    if not _SECOND_PART.search(prompt):
        return 0
    labels = list(_PART.finditer(prompt))
    most = 0
    for group, order in enumerate(_ORDERS, 1):
        run: list[re.Match[str]] = []
        for label in labels:
            name = label[group] and _SMALL.get(label[group], label[group])
            if len(run) < len(order) and name == order[len(run)]:
                run.append(label)
        most = max(most, _asking(prompt, run))
    for group in (5, 6):
        most = max(most, _asking(prompt, [label for label in labels if label[group]]))
    return most


def _asking(prompt: str, labels: Sequence[re.Match[str]]) -> int:
    if len(labels) < 2:
        return 0
    ends = [*(label.start() for label in labels[1:]), len(prompt)]
    texts = [prompt[label.end() : end] for label, end in zip(labels, ends, strict=True)]
    asking = sum(map(asks, texts))
    stem = prompt[: labels[0].start()][-_STEM_SIZE:].rstrip(" :\n")
    shared = _STEM.search(stem)
    if shared and not _CONDITIONS.search(shared[0]):
        texts[-1] = texts[-1].rstrip().rstrip("?")  # which is the stem's
        if not any(map(asks, texts)):
            return len(labels)
    return asking


def _sentences(prompt: str) -> int:
    """How many sentences ask for a value of their own.

    What follows a hint does not count, and neither does what comes before "the answer can be
    written as m/n", for the question after that stands in its place.
    """
    found: list[str] = []
    for sentence in _SENTENCE.split(prompt):
        text = sentence.strip()
        if _HINT.match(text):
            break
        if _INSTEAD.search(text):
            found = []
        if _OWN.match(text) and fold(text) not in found:
            found += [fold(text), *_AND_HOW.findall(text)]
    return len(found)


# The brackets around a pair.
_BRACKETS = re.compile(r"[()\[\]{}]")
_OUTER = re.compile(r"^\s*(?:\\left)?[(\[{]|(?:\\right)?[)\]}]\s*$")


def values(answer: str) -> int:
    """How many values an answer lists outside of its brackets."""
    depth, count = 0, 1
    answer = re.sub(r"\\pm|±", ";", answer)
    for sign in re.sub(r"\\text\s*\{\s*(?:and|or)\s*\}|\band\b|\\q?quad\b", ";", answer):
        depth += (sign in "([{") - (sign in ")]}")
        count += sign in ",;\n" and depth <= 0
    return count
