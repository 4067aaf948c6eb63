"""Whether two answers, as trees, mean the same."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from pipelines.graders.boxed_math.answers import Answer, name_and_value
from pipelines.graders.boxed_math.parameters import lettered_alike
from pipelines.graders.boxed_math.points import (
    LETTERS,
    constant,
    proportional,
    rounds_to,
    same_expression,
)
from pipelines.graders.boxed_math.real_sets import is_set, real_set, same_set
from pipelines.graders.boxed_math.samples import CONSTANTS, Letters
from pipelines.graders.boxed_math.trees import (
    MINUS_ONE,
    Node,
    negative,
    paired,
    renamed,
    steps_of,
    symbols,
)
from pipelines.graders.boxed_math.values import is_name


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
        case ("tuple", "tuple"):
            return _same_brackets(reference, answer) and _same_ordered(reference[3:], answer[3:])
        case ("set", "set") | ("list", "list") | ("cup", "cup") | ("cap", "cap"):
            return _same_unordered(reference[1:], answer[1:])
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
    if unit and other and unit != other:
        return False
    if same_expression(a, b) or rounds_to(b, a):
        return True
    if unit == other:
        return False
    if unit == "%":
        return same_expression(("mul", a, ("num", Fraction(1, 100))), b)
    if "°" in (unit, other):
        radian: Node = ("mul", ("sym", "π"), ("num", Fraction(1, 180)))
        a, b = (("mul", a, radian), b) if unit else (a, ("mul", b, radian))
        return same_expression(a, b)
    return False


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
    if proportional(a, b, positive=sign in ("<", "<=")):
        return True
    if sign != "=" or is_name(left) or is_name(right):
        return False  # F = ma is not a = F/m, if that is asked for
    return _multiplied(a, b) or _multiplied(b, a)


def _multiplied(a: Node, b: Node) -> bool:
    """Whether an equation is another one times a letter: xy = 6 and y = 6/x.

    Where that letter is zero the first must not hold, or it had more solutions: x(y − 1) = 0.
    """
    zero: Node = ("num", Fraction(0))
    return any(
        proportional(a, ("mul", ("sym", name), b), positive=False)
        and not same_expression(renamed(a, {("sym", name): zero}), zero)
        for name in sorted(symbols(a) & symbols(b) - CONSTANTS)[:4]
    )


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
    answer = other, other_names, other_values = lettered_alike(reference, answer)
    if is_set(reference) or is_set(answer):
        sets = real_set(reference), real_set(answer)
        if sets[0] and sets[1]:
            return same_set(sets[0], sets[1])
    if kind and other:
        return _same_named(reference, answer)
    if "each" in (kind, other):
        if not kind and other_names[0][0] == "label":
            return False  # of 1, 2 nobody says which is the length
        names = names or other_names
        one_letter = len({_letter(name) for name in names}) == 1
        tuples = [each[0][0] == "tuple" for each in (values, other_values) if len(each) == 1]
        if one_letter and not any(tuples):
            return _same_unordered(values, other_values)
        return _same_ordered(_entries(values, True), _entries(other_values, True))
    if len(values) == len(other_values) == 1 and values[0][0] != other_values[0][0]:
        if kind and other_values[0][0] == "rel":
            return _same_relation(_equations(reference)[0], other_values[0])
        if other and values[0][0] == "rel":
            return _same_relation(values[0], _equations(answer)[0])
    if (len(values) == 1) != (len(other_values) == 1):
        return _same_ordered(_entries(values), _entries(other_values))
    return _same_unordered(values, other_values)


def _entries(values: Sequence[Node], named: bool = False) -> Sequence[Node]:
    """The entries of a tuple in parentheses that is the only value and can be no interval.

    A pair is one where its entries rise, or where they are no numbers; not where they have names.
    """
    if len(values) == 1 and values[0][:3] == ("tuple", "(", ")"):
        entries: Sequence[Node] = values[0][3:]
        if named or len(entries) > 2 or _falling(*entries):
            return entries
    return values


def _falling(first: Node, second: Node) -> bool:
    numbers = [constant(each[1], True, 50) for each in (first, second) if each[0] == "qty"]
    return all(isinstance(each, Fraction) for each in numbers) and numbers[:1] > numbers[1:] != []


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
