"""Whether two answers, as trees, mean the same."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from pipelines.graders.boxed_math.answers import Answer, name_and_value
from pipelines.graders.boxed_math.cases import same_cases
from pipelines.graders.boxed_math.declarations import INTEGER
from pipelines.graders.boxed_math.families import declared, parameter, same_families
from pipelines.graders.boxed_math.points import LETTERS, proportional, same_expression
from pipelines.graders.boxed_math.real_sets import is_set, real_set, same_set
from pipelines.graders.boxed_math.samples import Letters
from pipelines.graders.boxed_math.trees import (
    MINUS_ONE,
    Node,
    negative,
    paired,
    renamed,
    steps_of,
)


def _same_unordered(these: Sequence[Node], those: Sequence[Node]) -> bool:
    return paired(these, those, _same_value)


def _same_ordered(these: Sequence[Node], those: Sequence[Node]) -> bool:
    return len(these) == len(those) and all(map(_same_value, these, those))


def _same_value(reference: Node, answer: Node) -> bool:
    if reference == answer:
        return True
    kinds = (reference[0], answer[0])
    match kinds:
        case ("qty", "qty"):
            return _same_quantity(reference, answer)
        case ("qty", "numeral") | ("numeral", "qty"):
            plain, numeral = sorted((reference, answer), key=lambda node: node[0] == "numeral")
            return plain[1:] == (("num", Fraction(numeral[1])), "")
        case ("tuple", "tuple"):
            return _same_brackets(reference, answer) and _same_ordered(reference[3:], answer[3:])
        case ("set", "set") | ("list", "list") | ("cup", "cup") | ("cap", "cap"):
            return _same_unordered(reference[1:], answer[1:])
        case ("minus", "minus"):
            return _same_ordered(reference[1:], answer[1:])
        case ("class", "class"):
            return same_families([reference], [answer]) is True
        case ("class", "qty") | ("qty", "class"):  # 9 (mod 11), and the remainder alone
            pair = [node[1] for node in (reference, answer)]
            return not any(node[2] for node in (reference, answer) if node[0] == "qty") and (
                same_expression(*pair)
            )
        case ("time", "ratio") | ("ratio", "time"):
            return _same_time(*sorted((reference, answer), key=lambda node: node[0] == "ratio"))
        case ("ratio", _) | (_, "ratio"):
            return _same_ratio(reference, answer)
        case ("matrix", "matrix"):
            return len(reference) == len(answer) and all(
                map(_same_ordered, reference[1:], answer[1:])
            )
        case ("matrix", "tuple"):
            return _same_ordered(_vector(reference), answer[3:])
        case ("tuple", "matrix"):
            return _same_ordered(reference[3:], _vector(answer))
        case ("list", "tuple"):
            return _same_ordered(_named_values(reference), answer[3:])
        case ("tuple", "list"):
            return _same_ordered(reference[3:], _named_values(answer))
        case ("cases", _) | (_, "cases"):
            return same_cases(reference, answer, _same_value)
        case ("rel", "rel"):
            return _same_relation(reference, answer)
        case ("rel", _) if set(reference[1]) == {"="}:  # 2 + 3 = 5
            return all(_same_value(side, answer) for side in reference[2])
        case (_, "rel") if set(answer[1]) == {"="}:
            return all(_same_value(reference, side) for side in answer[2])
    return False


def _vector(matrix: Node) -> Sequence[Node]:
    """The cells of a matrix of one row or one column."""
    rows = matrix[1:]
    if len(rows) == 1:
        return list(rows[0])
    return [row[0] for row in rows] if len(rows[0]) == 1 else []


def _named_values(values: Node) -> Sequence[Node]:
    """The values of `x = 1, y = 2`, one of several solutions."""
    named = [name_and_value(value) for value in values[1:]]
    return [value for _, value in named] if all(name for name, _ in named) else []


def _same_brackets(a: Node, b: Node) -> bool:
    """A pair may be an interval, so its brackets count; ⟨1, 2⟩ is the vector (1, 2)."""
    pair = [(each[1] + each[2]).replace("⟨", "(").replace("⟩", ")") for each in (a, b)]
    return pair[0] == pair[1] or (len(a) > 5 and set(pair) == {"()", "[]"})


def _same_quantity(reference: Node, answer: Node) -> bool:
    (_, a, unit), (_, b, other) = reference, answer
    if unit == other:
        return same_expression(a, b)
    if unit and other:
        return False
    if "%" in (unit, other):
        hundredth: Node = ("num", Fraction(1, 100))
        if unit:
            return same_expression(a, b) or same_expression(("mul", a, hundredth), b)
        return same_expression(a, ("mul", b, hundredth))
    if "°" in (unit, other):
        radian: Node = ("mul", ("sym", "π"), ("num", Fraction(1, 180)))
        turned = (("mul", a, radian), b) if unit else (a, ("mul", b, radian))
        return same_expression(a, b) or same_expression(*turned)
    return same_expression(a, b)


def _same_time(time: Node, clock: Node) -> bool:
    """Whether a clock shows a time; 3:30 may be in the morning or in the afternoon."""
    match clock[1:]:
        case (True, ("num", hours), ("num", minutes)):
            apart = time[1] - 60 * hours - minutes
            return bool(apart == 0 or (hours <= 12 and apart % 720 == 0))
    return False


def _same_ratio(reference: Node, answer: Node) -> bool:
    """3:4 is 6:8 and 3/4, but 5:50 o'clock is not 1:10."""
    if reference[0] == answer[0]:
        if len(reference) != len(answer):
            return False
        pairs = list(zip(reference[2:], answer[2:], strict=True))
        if reference[1] and answer[1]:
            return all(same_expression(a, b) for a, b in pairs)
        (a, b), *others = pairs
        return all(same_expression(("mul", a, d), ("mul", b, c)) for c, d in others)
    ratio, other = (reference, answer) if reference[0] == "ratio" else (answer, reference)
    if len(ratio) != 4 or other[0] != "qty" or other[2]:
        return False
    return same_expression(("mul", ratio[2], ("pow", ratio[3], MINUS_ONE)), other[1])


def _same_relation(reference: Node, answer: Node) -> bool:
    these, those = steps_of(reference), steps_of(answer)
    if len(these) != len(those):
        return False
    return all(any(_same_step(this, that) for that in those) for this in these) and all(
        any(_same_step(this, that) for this in these) for that in those
    )


def _same_step(this: tuple[str, Node, Node], that: tuple[str, Node, Node]) -> bool:
    sign, left, right = this
    if sign != that[0]:
        return False
    if _same_value(left, that[1]) and _same_value(right, that[2]):
        return True
    sides = (left, right, *that[1:])
    if sign == "in" or any(side[0] != "qty" or side[2] for side in sides):
        return False
    a, b = (("add", x[1], negative(y[1])) for x, y in ((left, right), that[1:]))
    return proportional(a, b, positive=sign in ("<", "<="))


def same_answer(reference: Answer, answer: Answer) -> bool:
    """Whether an answer means what the reference means."""
    nodes = (node for _, names, values in (reference, answer) for node in (*names, *values))
    before = LETTERS.set(Letters(*nodes))
    try:
        return _same_answer(reference, answer)
    finally:
        LETTERS.reset(before)


def _same_answer(reference: Answer, answer: Answer) -> bool:
    kind, names, values = reference
    other, other_names, other_values = answer
    if not values or not other_values:
        return False
    marks = declared(values), declared(other_values)
    if marks[0] != marks[1]:
        answer = _numbered_alike(reference, answer, *marks)
        other_values = answer[2]
    if INTEGER in marks or "class" in (values[0][0], other_values[0][0]):
        one_letter = len({_letter(name) for name in (*names, *other_names)}) < 2
        if one_letter and all(map(_is_family, (values, other_values))):
            verdict = same_families(values, other_values)
            if verdict is not None:
                return verdict
    if is_set(reference) or is_set(answer):
        sets = real_set(reference), real_set(answer)
        if sets[0] and sets[1]:
            return same_set(sets[0], sets[1])
    if kind and other:
        return _same_named(reference, answer)
    if "each" in (kind, other):
        names = names or other_names
        one_letter = len({_letter(name) for name in names}) == 1
        tuples = [each[0][0] == "tuple" for each in (values, other_values) if len(each) == 1]
        if one_letter and not any(tuples):
            return _same_unordered(values, other_values)
        return _same_ordered(_entries(values, 2), _entries(other_values, 2))
    if len(values) == len(other_values) == 1 and values[0][0] != other_values[0][0]:
        if kind and other_values[0][0] == "rel":
            return _same_relation(_equations(reference)[0], other_values[0])
        if other and values[0][0] == "rel":
            return _same_relation(values[0], _equations(answer)[0])
    if (len(values) == 1) != (len(other_values) == 1):
        return _same_ordered(_entries(values, 3), _entries(other_values, 3))
    return _same_unordered(values, other_values)


def _is_family(values: Sequence[Node]) -> bool:
    return declared(values) == INTEGER or values[0][0] == "class"


def _numbered_alike(reference: Answer, answer: Answer, mark: str, other: str) -> Answer:
    """The answer with the reference's letter for an integer, where one of them declares it.

    Only where the reference does may they begin elsewhere: of 4k without a word of k, 4k + 4 is no
    other spelling.
    """
    (_, names, values), (kind, other_names, other_values) = reference, answer
    if mark and other:
        return answer  # k ∈ Z is not k ∈ N
    letter = parameter(values, names) if other else parameter(other_values, other_names)
    swaps = {("sym", other or letter): ("sym", mark or letter or other)}
    return kind, other_names, tuple(renamed(value, swaps) for value in other_values)


def _entries(values: Sequence[Node], least: int) -> Sequence[Node]:
    """The entries of a tuple in parentheses that is the only value and has enough of them."""
    if len(values) == 1 and values[0][:3] == ("tuple", "(", ")") and len(values[0]) >= least + 3:
        return values[0][3:]
    return values


def _letter(name: Node) -> str:
    """The letter of x_1; all of any other name."""
    if name[0] == "qty" and name[1][0] == "sym":
        return str(name[1][1]).partition("_")[0]
    return repr(name)


def _same_named(reference: Answer, answer: Answer) -> bool:
    """Values that both sides name: the same names, each with the same value."""
    kind, names, values = reference
    other, other_names, other_values = answer
    if kind != other:  # x_1 = 1, x_2 = 2 and x = 1 or x = 2
        one_letter = len({_letter(name) for name in (*names, *other_names)}) == 1
        return one_letter and _same_unordered(values, other_values)
    if kind == "each":
        pairs, others = (list(zip(*each[1:], strict=True)) for each in (reference, answer))
        return paired(pairs, others, lambda a, b: a[0] == b[0] and _same_value(a[1], b[1]))
    if names == other_names:
        return _same_unordered(values, other_values)
    match names[0][1], other_names[0][1]:
        case (("call", name, *mine), ("call", other_name, *yours)) if name == other_name and len(
            mine
        ) == len(yours) == len(set(mine)) == len(set(yours)):
            # f(t) = 2t is f(x) = 2x, but f(k) = kx is not f(x) = kx.
            bound = [("sym", f"{letter}_•") for _, letter in mine]
            here, there = (dict(zip(each, bound, strict=True)) for each in (mine, yours))
            return _same_unordered(
                [renamed(value, here) for value in values],
                [renamed(value, there) for value in other_values],
            )
        case (("sym", "y"), ("call", _, ("sym", "x"))) | (("call", _, ("sym", "x")), ("sym", "y")):
            return _same_unordered(values, other_values)
    if len(values) == len(other_values) == 1:
        return _same_relation(*_equations(reference), *_equations(answer))
    return False


def _equations(answer: Answer) -> list[Node]:
    kind, names, values = answer
    names = names * len(values) if kind == "common" else names
    return [("rel", ("=",), pair) for pair in zip(names, values, strict=True)]
