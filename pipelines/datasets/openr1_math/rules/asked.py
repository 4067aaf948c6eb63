r"""What a math problem asks for, judged by its wording.

A question mark, a blank or a verb that wants a value ("find", "how many") asks for something that
can be checked; "prove", "show", "draw" and "explain" do not.
"""

from __future__ import annotations

import re

from pipelines.similarity.keys import without_labels

_BLANK = r"\\qquad|(?:\\?_){3,}"
_ASKS = re.compile(
    rf"[?？]|{_BLANK}"
    r"|\b(?:[Ff]ind|[Cc]alculate|[Cc]ompute|[Ss]olve|[Ee]valuate|[Ss]implify|[Ff]actori[sz]e|Factor"
    r"|[Dd]etermine|[Ss]elect|[Hh]ow (?:many|much|long|far|old)|[Ii]n how many|Express|Write|Give"
    r"|[Pp]lease|Name|State|What|Which|Who|When|Where|For (?:what|which)|Deduce|Derive"
    r"|[Mm]inimi[sz]e|[Mm]aximi[sz]e)\b"
)
_PROVES = re.compile(
    r"(?i)\b(?:prove|show|demonstrate|verify|disprove)\b"
    r"(?! (?:it|this|your|you|the (?:correctness|answer))\b)"
)


def asks(text: str) -> bool:
    """Whether a text asks for something that can be checked."""
    return _ASKS.search(text) is not None


def proof(prompt: str) -> bool:
    """A proof is asked for, by `question_type` or by wording, and nothing that can be checked.

    Report half: 22 of 23 right. "Prove your answer" asks for what was asked for before.
    """
    return _PROVES.search(prompt) is not None and not asks(prompt)


_HEADING = re.compile(r"(?:(?:[A-Z][\w.'-]*|and|of|the)[\s,.:]*){1,8}")


def no_question(prompt: str) -> bool:
    """The prompt is a name or a heading, "Ivanov A,": it has no formula and asks nothing.

    Fired on none of 14,842 rows at hand.
    """
    text = without_labels(prompt)
    named = re.search(r"[a-z]{2}", text) is not None and _HEADING.fullmatch(text) is not None
    return named and not asks(text)


# The label of a part: `(a)`, `(2)`, `(ii)` or `(Ⅱ)` after white space or a tag, also set as a
# formula; `b)`, `2)` or `ii)` at the start of a line or after a mark, for "(x - b)" has none; `a.`,
# `2.`, `[2]`, `[*]`, `I4.2` and `[b]G.16[/b]` at the start of a line.
_PART = re.compile(
    r"(?:(?<![^\s\]*])(?:\$|\\\()?\(|^[ \t]*\$?|(?<=[.;:?!,$\]*]\s)\$?|(?<=[.;:?!]\s[-–]\s))"
    r"(?:(?P<letter>[a-h])|(?P<number>\d)|(?P<roman>i{1,3}|iv|v|I{1,3}|IV|V|[Ⅰ-Ⅴ]))\.?\)"
    r"|^[ \t*]*(?:(?P<dotted>[a-h])\.(?=\s)|\[?(?P<line>\d{1,2})(?:\.(?=\s)|\])"
    r"|(?P<other>\[\*\]|[A-Z]\d{1,2}\.\d{1,2}\b|\[b\][^\[\]\n]{1,14}\[/b\]))",
    re.MULTILINE,
)
_ROMAN = dict(zip(("i", "ii", "iii", "iv", "v", *"ⅠⅡⅢⅣⅤ"), 2 * (1, 2, 3, 4, 5), strict=True))
# A stem that asks the same of every part, "Calculate: a) … b) …", not one that lists conditions or
# quantities; in the last characters before the first part.
_STEM_SIZE = 300
_STEM = re.compile(
    r"\b(?:[Cc]alculate|[Cc]ompute|[Pp]erform|[Ss]olve|[Ss]implify|[Ff]actor\w*|[Ee]valuate|[Ff]ind"
    r"|[Dd]etermine|How many|What)\b(?:[^.?!]*|[^.?!]* following\b[^.?!]*\.)$"
)
_CONDITIONS = re.compile(
    r"(?i)\b(?:satisf\w*|conditions?|constraints?|propert\w*|such that|rules?|statements?|holds?"
    r"|know\w*|true|for which|if|where|(?<!end )with|when|given|using|of the following)\b"
)

_SENTENCE = re.compile(r"(?<=[.?!])(?<!\bMr\.)(?<!\bMrs\.)(?<!\bDr\.)(?<!\bSt\.)\s+|\n")
# A sentence that asks for a value of its own; not "Find it".
_OWN = re.compile(
    r"(?:[-–*#]\s*|[A-Z]\s+|Also, |\(?\w{1,2}[.)]\s*)?"
    r"(?:How (?:many|much|old|long|far|big|large|tall|fast)|In how many|(?:Find|Determine) this"
    r"|What (?:is|are|was|were|will|would|fraction|percent\w*|day|number|kind|digit)"
    r"|(?:Which|Who|Where|When|Is|Are|Does|Can(?! you)|Could|Will)\b(?=.*\?)"
    r"|(?:Calculate|Compute|Evaluate|Determine|Find)(?! (?:it|them|in|by|with\w*|using|all (?:such"
    r"|possible (?:answers|solutions|values)|answers|solutions))\b)"
    r"|Write (?:down )?(?:the|an) (?:condition|equation|formula))\b"
)
_AND_HOW = re.compile(r"\band (?:how (?:many|much|old|long|far)|what (?:is|are|was))\b")
_HINT = re.compile(r"(?i)\W*(?:hint|note|remark|for example|recall|proposed)\b")
# After these the question is another one: "written as m/n, find m + n", "the answer when n = 3".
_INSTEAD = re.compile(
    r"\b(?:can|may|could) be (?:written|expressed|represented)|\bin the form|\bin your answer"
    r"|\b(?:answer|value)\b[^.?!]* when \$?\w+\$? ?="
)
_LETTER_SUM = re.compile(r"\b[a-z]\$?(?: *[-+] *\$?[a-zA-Z]\b)+")
_FILLER = frozenset(
    re.findall(
        r"\w+",
        """what is are was were the this that these those find determine calculate compute evaluate
        how many much value values number numbers total such there in of and for to be it its has
        have did does do with""",
    )
)

# Several things after one verb: "the quotient and the remainder", "the values of $a$ and $b$", "the
# acute angles", "the maximum and minimum", "Find the area, and determine the width"; not "the areas
# of the figures", a set phrase for one.
_VERB = r"\b(?:[Ff]ind|[Dd]etermine|[Cc]alculate|[Cc]ompute|What (?:is|are|were))"
_THING = (
    r"(?:max\w+|min\w+|largest|greatest|smallest|least|quotient|remainder|sum|product|area|perimeter"
    r"|volume|length|width|height|cent(?:er|re)|radius|mean|median|mode)"
)
_SIGN = r"\$?[a-zA-Z]\b\$?"
_SIZE = r"(?:speed|length|width|height|age|price|cost|weight|mass|number|area|volume|radius)s?"
TOGETHER = (
    rf"{_VERB} the {_SIZE}\b[^.?!\n]{{0,70}} and (?:that|those|(?:the|its|their) {_SIZE})\b"
    rf"|{_VERB} (?:the |its |all )?"
    rf"(?:extreme values|{_THING} and (?:the |its )?{_THING}"
    r"|(?:both|two|three|four|five) (?:\w+ )?numbers|(?:angles|sides|lengths of the sides) of"
    r"|(?:(?:values?|pairs?|numbers|integers|positive|natural|real|rational|primes?|of|the) ){0,4}"
    rf"(?:{_SIGN}(?:, ?{_SIGN})*,? and {_SIGN}|\$[a-z](?:, ?[a-z])+\$))"
    rf"|{_VERB} (?:(?:the|these|those|its|their|both|two|three|four|five|different|acute|true|other"
    r"|side|remaining|missing|unknown) ){1,4}(?:angles|sides|edges|legs|numbers|digits|roots|zeros"
    r"|lengths of (?:the |its |all )?(?:\w+ )?(?:sides|edges|legs|segments|diagonals|bases)"
    r"|side lengths|speeds|weights|masses|ages|dimensions|equations|prices)\b"
    rf"|{_VERB}\b[^.?!\n]{{0,200}}\band (?:find|determine|calculate) the \w"
    r"|[,;:$]\s*the (?:min\w+ and max\w+|max\w+ and min\w+)(?: possible)? values"
)
_TOGETHER = re.compile(TOGETHER)
# A blank after a word; two in a row are one, and one after a formula only spaces it out.
_BLANKS = re.compile(r"(?<=[A-Za-z,] )(?:\$\\qquad\$|(?:\\?_){3,})")


def several_questions(prompt: str, answer: str) -> bool:
    """Several questions are asked and the answer has a value for fewer.

    Report half: 108 of 111 right; of those on collections that were never tuned to, 13 of 16.
    """
    asked = max(_parts(prompt), _sentences(prompt), len(_BLANKS.findall(prompt)))
    if asked < 2 and _TOGETHER.search(prompt):
        asked, answer = 2, _BRACKETS.sub("", answer)
    return values(answer) < asked


def _parts(prompt: str) -> int:
    """How many labelled parts ask for something; the labels of a kind follow one another."""
    runs: dict[str, list[re.Match[str]]] = {}
    last: dict[str, int] = {}
    for label in _PART.finditer(prompt):
        kind = str(label.lastgroup)
        run = runs.setdefault(kind, [])
        place = len(run) + 1 if kind == "other" else _place(label[kind])
        follows = place == last.get(kind, 0) + 1
        if follows or (kind == "line" and len(run) < 2):
            runs[kind] = [*run, label] if follows else [label]
            last[kind] = place
    return max((_asking(prompt, run) for run in runs.values()), default=0)


def _place(label: str) -> int:
    """Which part a label names: 2 for b, 2, ii, II and Ⅱ."""
    if label.isdecimal():
        return int(label)
    return _ROMAN.get(label) or _ROMAN.get(label.lower()) or ord(label) - ord("a") + 1


def _asking(prompt: str, labels: list[re.Match[str]]) -> int:
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

    One that says no more than a question before it asks the same again: "Find this number."
    """
    questions: list[set[str]] = []
    for sentence in _SENTENCE.split(prompt):
        text = sentence.strip()
        if _HINT.match(text):
            break
        if _INSTEAD.search(text) or _LETTER_SUM.search(text):
            questions = []
        if _OWN.match(text):
            words = set(re.findall(r"[a-z]+|\d+", text.lower())) - _FILLER
            if not any(words <= before for before in questions):
                questions += [words, *({place} for place in _AND_HOW.findall(text))]
    return len(questions)


_BRACKETS = re.compile(r"[()\[\]{}]")


def values(answer: str) -> int:
    """How many values an answer lists outside of its brackets."""
    depth, count = 0, 1
    answer = re.sub(r"\\pm|±", ";", answer)
    for sign in re.sub(r"\\text\s*\{\s*(?:and|or)\s*\}|\band\b|\\q?quad\b", ";", answer):
        depth += (sign in "([{") - (sign in ")]}")
        count += sign in ",;\n" and depth <= 0
    return count
