"""Whether the reference answer of a problem of OpenR1-Math is all of the answer.

Copies of the dataset take the last box of a solution, and where the solution has several, a right
answer to the whole problem scores nothing.
"""

from __future__ import annotations

import re

from pipelines.datasets.openr1_math.questions import several_questions, values
from pipelines.graders.boxed_math import correct
from pipelines.graders.boxed_math.boxes import spans

# "Find all", "for which integers", "what values can": every value that there is.
ALL = (
    r"\b(?:[Ff]ind|[Dd]etermine|[Ll]ist|[Gg]ive|[Ss]how|[Ww]rite(?: down)?|[Ww]hat are|[Ii]ndicate)"
    r" (?:\w+ )?(?:all|possible values|the possible values|(?:the )?(?:pairs|triples|integers"
    r"|integer solutions|natural numbers|positive integers|prime numbers|primes))\b"
    r"|\b(?:[Ff]or|[Bb]y)? ?[Ww]h(?:at|ich) (?:(?:natural|positive|real|rational|whole|prime"
    r"|possible|integer) ){0,2}(?:integers|numbers|primes|digits|values)\b"
)
_ALL = re.compile(ALL)
# One number of all that are found is asked for after all.
_AMOUNT = re.compile(
    r"(?i)\b(?:write|indicate|give|specify|find|determine|state|what (?:is|are)|answer)\b,?"
    r"(?: down)?(?: only)?(?: the| their)? (?:sum|product|number|average|smallest|largest|greatest"
    r"|least|minimum|maximum)\b|\bhow many\b"
)
# "x =" and "f(x) =", with the variable.
_NAME = re.compile(r"^\W*[A-Za-z]\w*(?:\((\w)\))?\s*=")
_COMMAND = re.compile(r"\\[a-z]+")
_SET = re.compile(r"\\[{}]|\[|\\(?:infty|cup|emptyset|varnothing|leq?|geq?|neq?)\b|[<>≤≥]")


def asks_for_all(prompt: str, answer: str) -> bool:
    """Whether all values of something are asked for and the answer is one number or function.

    A set, and an answer with a letter that may stand for any number, may hold all of them.
    """
    found = _ALL.search(prompt)
    if not found or _AMOUNT.search(prompt, found.start()):
        return False
    name = _NAME.match(answer)
    value = _COMMAND.sub(" ", answer[name.end() :] if name else answer)
    if _SET.search(answer) or re.search(r"[A-Za-z]", value.replace((name and name[1]) or " ", " ")):
        return False
    return values(answer) < 2


_CHOSEN = re.compile(r"(?:\\text\s*\{)?\W*[A-J](?:\W+[A-J])*\W*")


def partial_answer(prompt: str, answer: str, solution: str) -> bool:
    """Whether a solution boxes several answers to what is asked, and the given one is not all.

    Where boxes stand in one paragraph, or the problem asks for several things; other boxes are
    results on the way. On 244 solutions that were read, 23 had such boxes, 22 of them rightly.
    """
    solution = solution.replace("\\fbox", "\\boxed")
    inside = ((begin, solution[begin:end].strip()) for begin, end in sorted(spans(solution)[0]))
    found = [(place, text) for place, text in inside if text]
    others = [(place, text) for place, text in found if not correct(text, answer)]
    if not others or any(_CHOSEN.fullmatch(text) for _, text in found):
        return False
    different: list[str] = []
    for _, text in found:
        if not any(correct(text, other) for other in different):
            different.append(text)
    if len(different) < 2 or values(answer) >= len(different):
        return False
    last, text = found[-1]
    before = max((place for place, other in found if not correct(other, text)), default=last)
    together = re.search(r"\n\s*\n", solution[min(before, last) : max(before, last)]) is None
    return together or _ALL.search(prompt) is not None or several_questions(prompt, answer)


# What is asked for that no number is.
KIND = (
    r"\b(?:[Ff]ind|[Dd]etermine|[Ww]rite|[Gg]ive|[Dd]erive|[Ff]orm|[Cc]ompose|[Ww]hat (?:is|are))"
    r"(?: down| out)? (?:the |an? )?(?:\w+ )?(?:equations? of (?:the|an?|this|these|its) "
    r"|decomposition of (?:the )?vector)|\b[Ww]hat (?:could|can) (?:this|the) function be"
)
_KIND = re.compile(KIND)


def wrong_kind(prompt: str, answer: str) -> bool:
    """Whether an equation, a function or a decomposition is asked for and a number is given."""
    number = re.search(r"[A-Za-z]", _COMMAND.sub("", answer)) is None
    return number and _KIND.search(prompt) is not None
