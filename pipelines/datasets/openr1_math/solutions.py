"""A solution that the reference answer of a problem of OpenR1-Math lacks, found by trying.

Where all that a problem says is equations to be solved, other values can be put in. One that solves
them too proves that the answer is not all of it; where none is found, nothing is known. Nothing is
tried where a word may be a condition that is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache, reduce
from itertools import permutations, product
from typing import Any

import numpy as np

from pipelines.graders.boxed_math.answers import read
from pipelines.graders.boxed_math.bounds import Unreadable
from pipelines.graders.boxed_math.brackets import split
from pipelines.graders.boxed_math.points import constant, same_expression
from pipelines.graders.boxed_math.spelling import spell
from pipelines.graders.boxed_math.tokens import tokens
from pipelines.graders.boxed_math.trees import Node, renamed, steps_of, symbols, walk
from pipelines.graders.boxed_math.values import is_name, read_item
from pipelines.similarity.keys import without_labels

# A step of a relation, "<" or "=" and its two sides; columns of candidate values by name.
_Step = tuple[str, Node, Node]
_Columns = dict[str, Any]

# Words that may stand in a problem that is all equations; others may be conditions.
_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a all and are array arrays be below by can combination combinations determine equality
        equation equations example exercise find following for from given have holds if in
        indeterminate integer integers integral into is it its let natural nonnegative numbers of on
        only ordered out over pair pairs positive prime primes problem quadruple quadruples question
        real root roots satisfied satisfies satisfy satisfying set solution solutions solve solved
        statement such system systems task that the their these this those three to triple triples
        try tuple tuples two unknowns value values variables we what when where which whole whose
        with within write""",
    )
)
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$|\\\[(.+?)\\\]|\\\((.+?)\\\)", re.DOTALL)
# A credit, "(2009, Balkan Mathematical Olympiad)".
_CREDIT = re.compile(r"\((?=[^()$]*(?:\d{4}|[Oo]lymp|[Cc]ompet|points))[^()$]*\)")
_FRAME = re.compile(
    r"\\(?:begin|end)\{(?:array|cases|aligned|align\*?|gathered|matrix)\}(?:\{\w*\})?"
)
# What closes a system, and "∈ ℤ".
_UNSAID = re.compile(
    r"\\(?:left|right)\s*(?:\\?[{.}])|\\text\s*\{\s*[.,;]?\s*\}|\\q?quad"
    r"|\\in\s*\\?(?:mathbb|mathbf|boldsymbol)?\s*\{?\s*[ZRN]\w*\}?[_^+{}*\d]*"
)
# What is said of the numbers, with the least that it allows; 0 may be natural or not.
_DOMAINS = (
    (re.compile(r"(?i)\bnon-?\s?negative\b"), 0),
    (re.compile(r"(?i)\b(?:positive|natural|whole)\b|\\math\w+\s*\{?\s*N|\\in\s*N\b"), 1),
)

_PRIME = re.compile(r"(?i)\bprimes?\b")
_PRIMES = [n for n in range(2, 1000) if all(n % d for d in range(2, int(n**0.5) + 1))]
_NONNEGATIVE = re.compile(r"\bnon-?\s?negative\b")

_LONGEST = 800  # characters of a problem that is all equations

# Whole numbers up to this size are tried, by the number of unknowns; twice that far where none may
# be negative.
_REACH = {1: 1000, 2: 22, 3: 6, 4: 3}
_LARGEST = 10**15  # of the answer's numbers, so that a float holds them
_CLOSE = 1e-9  # of the sides; what is that close is then compared exactly


def another_solution(prompt: str, answer: str) -> str | None:
    """Values that solve the equations of a problem too, as text; None where none were found."""
    if not _only_equations(prompt):
        return None
    steps = list(_steps(prompt))
    names = sorted(
        set().union(*(symbols(left, right) for _, left, right in steps)) if steps else ()
    )
    given = _values(answer, names)
    if given is None or not any(sign == "=" for sign, _, _ in steps):
        return None
    if any(sign not in ("=", "<", "<=") for sign, _, _ in steps):
        return None
    names, numbers = given
    if not _solves(steps, names, numbers) or not _allowed(prompt, np.array([numbers], float)).all():
        return None
    for other in _found(steps, names, _candidates(prompt, numbers)):
        if other != numbers and _solves(steps, names, other):
            return ", ".join(f"{name} = {value}" for name, value in zip(names, other, strict=True))
    return None


def _only_equations(prompt: str) -> bool:
    if len(prompt) > _LONGEST or "=" not in prompt:
        return False
    text = _CREDIT.sub(" ", _FORMULA.sub(" ", without_labels(prompt)))
    words = _NONNEGATIVE.sub("nonnegative", text.lower())
    return "$" not in text and _WORDS.issuperset(re.findall(r"[^\W\d_]+", words))


def _steps(prompt: str) -> Iterator[_Step]:
    """The relations in the formulas of a problem; what is not understood is a step of its own, "?".

    Beside them may stand numbers, and the names of what is sought, alone or as a tuple.
    """
    for formula in _FORMULA.finditer(prompt):
        text = _FRAME.sub(" ", next(filter(None, formula.groups()))).replace("&", " ")
        for line in re.split(r"\\\\(?:\[[^\]]*\])?", text):
            line = _UNSAID.sub(" ", line)
            try:
                if "[" in line:
                    raise Unreadable  # brackets, or the integer part
                for part in split(tokens(spell(line.strip(" .,;"))), (",", ";", "and"))[0]:
                    item = read_item(part, 0) if part else ("",)
                    if item[0] == "rel":
                        yield from ((s, _bare(a), _bare(b)) for s, a, b in steps_of(item))
                    elif symbols(item) and not is_name(item):
                        raise Unreadable  # something is said or asked of an expression
            except Unreadable:
                yield "?", ("num", Fraction(0)), ("num", Fraction(0))


def _bare(node: Node) -> Node:
    if node[0] != "qty" or node[2] or any(part[:2] == ("fn", "log") for part in walk(node)):
        raise Unreadable  # a unit, a logarithm to no base
    value: Node = node[1]
    return value


def _values(answer: str, names: Sequence[str]) -> tuple[list[str], list[Fraction]] | None:
    """The names and numbers of an answer that has one number for each name."""
    kind, given, values = read(answer)
    if len(values) == 1 and values[0][0] == "tuple":
        values = values[0][3:]
    if kind == "each":
        names = [name[1][1] for name in given if name[0] == "qty"]
    elif kind == "common" and len(names) > 1:
        return None
    if len(names) != len(values) or len(names) not in _REACH:
        return None
    numbers = []
    for value in values:
        try:
            number = None if symbols(value) else constant(_bare(value), False, 50)
        except Unreadable:
            return None
        if not isinstance(number, Fraction) or abs(number) > _LARGEST:
            return None
        numbers.append(number)
    return list(names), numbers


def _solves(steps: Sequence[_Step], names: Sequence[str], numbers: Sequence[Fraction]) -> bool:
    """Whether numbers solve all relations, exactly."""
    swaps = {("sym", name): ("num", number) for name, number in zip(names, numbers, strict=True)}
    columns = {name: np.array([float(n)]) for name, n in zip(names, numbers, strict=True)}
    return all(
        same_expression(renamed(left, swaps), renamed(right, swaps))
        if sign == "="
        else bool(_holds(sign, left, right, columns).all())
        for sign, left, right in steps
    )


def _candidates(prompt: str, numbers: Sequence[Fraction]) -> Any:
    """Values to try, a row each: the answer's in other orders and signs, and whole numbers."""
    rows = {tuple(map(float, row)) for row in permutations(numbers)}
    rows |= {
        tuple(sign * value for sign, value in zip(signs, row, strict=True))
        for row in list(rows)
        for signs in product((1, -1), repeat=len(numbers))
    }
    values = np.concatenate([np.array(sorted(rows)), _grid(len(numbers), _least(prompt))])
    return values[_allowed(prompt, values)]


def _least(prompt: str) -> int | None:
    """The least number that may be a solution; None where all may."""
    return max((least for said, least in _DOMAINS if said.search(prompt)), default=None)


def _allowed(prompt: str, values: Any) -> Any:
    """Which rows of values hold only such numbers as the problem speaks of."""
    least = _least(prompt)
    allowed = np.ones(len(values), bool) if least is None else (values >= least).all(axis=1)
    return allowed & np.isin(values, _PRIMES).all(axis=1) if _PRIME.search(prompt) else allowed


@cache
def _grid(unknowns: int, least: int | None) -> Any:
    """Whole numbers for each unknown, from the least on or around zero; some 2,000 rows."""
    reach = _REACH[unknowns]
    first = -reach if least is None else least
    numbers = range(first, first + 2 * reach + 1)
    return np.array(list(product(numbers, repeat=unknowns)), float)


def _found(steps: Sequence[_Step], names: Sequence[str], values: Any) -> Iterator[list[Fraction]]:
    columns = {name: values[:, place] for place, name in enumerate(names)}
    holds = np.ones(len(values), bool)
    with np.errstate(all="ignore"):
        for sign, left, right in steps:
            holds &= _holds(sign, left, right, columns)
    for row in values[holds][:8]:
        yield [Fraction(float(value)).limit_denominator(10**6) for value in row]  # 0.1 is 1/10


def _holds(sign: str, left: Node, right: Node, columns: _Columns) -> Any:
    try:
        a, b = _value(left, columns), _value(right, columns)
    except (Unreadable, OverflowError):  # or a number that no float holds
        return np.zeros(1, bool)
    size = _CLOSE * (1 + np.abs(a) + np.abs(b))
    if sign == "=":
        return np.abs(a - b) <= size
    return a < b - size if sign == "<" else a <= b + size


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "ln": np.log,
    "lg": np.log10,
    "exp": np.exp,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "floor": np.floor,
    "ceiling": np.ceil,
    "min": np.minimum,
    "max": np.maximum,
}
_MANY = ("min", "max")  # of as many arguments as there are


def _value(node: Node, columns: _Columns) -> Any:
    """The value of an expression for each candidate; not a number where it has none."""
    match node:
        case ("num", number):
            return float(number)
        case ("sym", "π"):
            return np.pi
        case ("sym", str(name)) if name in columns:
            return columns[name]
        case ("add", *parts):
            return sum(_value(part, columns) for part in parts)
        case ("mul", *parts):
            return reduce(np.multiply, (_value(part, columns) for part in parts))
        case ("pow", base, exponent):
            return np.power(np.asarray(_value(base, columns), float), _value(exponent, columns))
        case ("fn", str(name), *parts) if name in _FUNCTIONS:
            values = [_value(part, columns) for part in parts]
            return reduce(_FUNCTIONS[name], values) if name in _MANY else _FUNCTIONS[name](*values)
    raise Unreadable
