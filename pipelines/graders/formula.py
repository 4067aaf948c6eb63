"""The formula of a multi grader, `calculate_output`: is it one, its names, and its value."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipelines.findings import show

# Function by name: the fewest and the most arguments, None for any number. The documentation lists
# the names only; a base for `log` is neither shown nor forbidden.
FUNCTIONS: dict[str, tuple[int, int | None]] = {
    "min": (1, None),
    "max": (1, None),
    "abs": (1, 1),
    "floor": (1, 1),
    "ceil": (1, 1),
    "exp": (1, 1),
    "sqrt": (1, 1),
    "log": (1, 2),
}

_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|[-+*/^(),])"
    r"|(?P<other>\S)"
)


@dataclass
class _Parenthesis:
    """An open parenthesis: the function it belongs to, if any, and the arguments so far."""

    function: str | None
    arguments: int = 1


def parse(text: str) -> set[str]:
    """The names that a formula uses; ValueError where it is none.

    One pass with a stack of its own, so that neither length nor nesting harms. Two states are
    enough: a value must come next, or something that joins it to what follows.
    """
    names: set[str] = set()
    stack: list[_Parenthesis] = []
    function: str | None = None  # just read, its parenthesis must follow
    value_next = True
    for token in _TOKEN.finditer(text):
        word, place = token[0], f"at character {token.start() + 1}"
        if token["other"]:
            raise ValueError(f"{show(word)} {place} has no meaning in a formula")
        if word == "**":
            raise ValueError(f"'**' {place} is not known, a power is written '^'")
        if function is not None:
            stack.append(_Parenthesis(function))
            function = None
        elif value_next:
            if word == "(":
                stack.append(_Parenthesis(None))
            elif token["number"]:
                value_next = False
            elif token["name"]:
                if _called(text, token.end()):
                    if word not in FUNCTIONS:
                        known = ", ".join(FUNCTIONS)
                        raise ValueError(f"unknown function {show(word)}, known are {known}")
                    function = word
                else:
                    names.add(word)
                    value_next = False
            elif word not in "+-":
                raise ValueError(f"expected a value {place}, got {show(word)}")
        elif word == ")":
            _close(stack, place)
        elif word == ",":
            if not stack or stack[-1].function is None:
                raise ValueError(f"the comma {place} is not between a function's arguments")
            stack[-1].arguments += 1
            value_next = True
        elif token["sign"] and word != "(":
            value_next = True
        else:
            raise ValueError(f"expected an operator {place}, got {show(word)}")
    if value_next:
        raise ValueError("it ends where a value is expected" if text.strip() else "it is empty")
    if stack:
        raise ValueError(f"{len(stack)} of its parentheses are not closed")
    return names


_SPACE = re.compile(r"\s*")


def _called(text: str, end: int) -> bool:
    """Whether a parenthesis follows."""
    space = _SPACE.match(text, end)
    return space is not None and text[space.end() : space.end() + 1] == "("


def _close(stack: list[_Parenthesis], place: str) -> None:
    if not stack:
        raise ValueError(f"the parenthesis {place} closes none")
    closed = stack.pop()
    if closed.function is None:
        return
    least, most = FUNCTIONS[closed.function]
    if closed.arguments < least or (most is not None and closed.arguments > most):
        count = f"{least}" if least == most else f"{least} to {most}"
        raise ValueError(
            f"{closed.function} takes {count} argument{'s' * (count != '1')}, "
            f"got {closed.arguments} {place}"
        )


# Evaluation -------------------------------------------------------------------------------------

# Operators by how tightly they bind. The documentation lists the signs only; powers bind as in
# mathematics: -a ^ 2 is -(a ^ 2), a ^ b ^ c is a ^ (b ^ c).
_BINDS = {"+": 1, "-": 1, "*": 2, "/": 2, "negated": 3, "^": 4}

_BINARY: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": math.pow,
}
_CALLED: dict[str, Callable[..., float]] = {
    "min": lambda *values: min(values),
    "max": lambda *values: max(values),
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "log": math.log,
    "negated": operator.neg,
}

# A number, a name, or a function of so many values, which are on the stack.
_Step = float | str | tuple[Callable[..., float], int]


def evaluator(text: str) -> Callable[[Mapping[str, float]], float]:
    """The function from the values of the names to the formula's value, a finite number.

    ValueError where the text is no formula. The function raises ValueError or ArithmeticError where
    there is no such value, as of 1 / 0, sqrt(-1) or exp(1000).
    """
    parse(text)
    steps = _postfix(text)

    def value(values: Mapping[str, float]) -> float:
        stack: list[float] = []
        for step in steps:
            if isinstance(step, str):
                stack.append(values[step])
            elif isinstance(step, tuple):
                function, count = step
                arguments = stack[-count:]
                del stack[-count:]
                stack.append(function(*arguments))
            else:
                stack.append(step)
        result = float(stack.pop())
        if not math.isfinite(result):
            raise ValueError(f"the value is {result}")
        return result

    return value


def _postfix(text: str) -> list[_Step]:
    """The steps of a formula that `parse` accepts, in the order of evaluation (shunting yard)."""
    steps: list[_Step] = []
    stack: list[str | _Parenthesis] = []  # operators and parentheses that wait for their end
    function: str | None = None
    value_next = True

    def apply(binds: int) -> None:
        while stack and isinstance(stack[-1], str) and _BINDS[stack[-1]] >= binds:
            sign = str(stack.pop())
            steps.append((_CALLED[sign], 1) if sign == "negated" else (_BINARY[sign], 2))

    for token in _TOKEN.finditer(text):
        word = token[0]
        if word == "(":
            stack.append(_Parenthesis(function))
            function = None
        elif token["number"]:
            steps.append(float(word))
            value_next = False
        elif token["name"] and _called(text, token.end()):
            function = word
        elif token["name"]:
            steps.append(word)
            value_next = False
        elif value_next:
            if word == "-":
                stack.append("negated")
        elif word in "),":
            apply(0)
            inner = stack[-1]
            assert isinstance(inner, _Parenthesis)
            if word == ",":
                inner.arguments += 1
                value_next = True
            else:
                stack.pop()
                if inner.function is not None:
                    steps.append((_CALLED[inner.function], inner.arguments))
        else:
            apply(_BINDS[word] + (word == "^"))
            stack.append(word)
            value_next = True
    apply(0)
    return steps
