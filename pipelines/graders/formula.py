"""The formula of a multi grader, `calculate_output`: is it one, its names, and its value."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pipelines.findings import show

# Function by name: what it computes, the fewest and the most arguments, None for any number. The
# documentation lists the names only; a base for `log` is neither shown nor forbidden.
FUNCTIONS: dict[str, tuple[Callable[..., float], int, int | None]] = {
    "min": (lambda *values: min(values), 1, None),
    "max": (lambda *values: max(values), 1, None),
    "abs": (abs, 1, 1),
    "floor": (math.floor, 1, 1),
    "ceil": (math.ceil, 1, 1),
    "exp": (math.exp, 1, 1),
    "sqrt": (math.sqrt, 1, 1),
    "log": (math.log, 1, 2),
}

# Operator: how tightly it binds, what it computes, of how many values. The documentation lists the
# signs only; powers bind as in mathematics: -a ^ 2 is -(a ^ 2), a ^ b ^ c is a ^ (b ^ c).
_OPERATORS: dict[str, tuple[int, Callable[..., float], int]] = {
    "+": (1, operator.add, 2),
    "-": (1, operator.sub, 2),
    "*": (2, operator.mul, 2),
    "/": (2, operator.truediv, 2),
    "negated": (3, operator.neg, 1),
    "^": (4, math.pow, 2),
}

_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<function>[A-Za-z_][A-Za-z0-9_]*)\s*\("
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|[-+*/^(),])"
    r"|(?P<other>\S)"
)

# A number, a name, or a function of so many values, which are on the stack.
_Step = float | str | tuple[Callable[..., float], int]


@dataclass
class _Parenthesis:
    """An open parenthesis: the function it belongs to, if any, and the arguments so far."""

    function: str | None
    arguments: int = 1


def parse(text: str) -> set[str]:
    """The names that a formula uses; ValueError where it is none."""
    return {step for step in _postfix(text) if isinstance(step, str)}


def evaluator(text: str) -> Callable[[Mapping[str, float]], float]:
    """The function from the values of the names to the formula's value, a finite number.

    ValueError where the text is no formula. The function raises ValueError or ArithmeticError where
    there is no such value, as of 1 / 0, sqrt(-1) or exp(1000).
    """
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
    """The steps of a formula as they are evaluated (shunting yard); ValueError where it is none.

    One pass with a stack of its own, so that neither length nor nesting harms. Two states are
    enough: a value must come next, or something that joins it to what follows.
    """
    steps: list[_Step] = []
    stack: list[str | _Parenthesis] = []  # operators and parentheses that wait for their end
    value_next = True

    def apply(binds: int) -> None:
        while stack and isinstance(sign := stack[-1], str) and _OPERATORS[sign][0] >= binds:
            stack.pop()
            steps.append(_OPERATORS[sign][1:])

    for token in _TOKEN.finditer(text):
        word, place = token["function"] or token[0], f"at character {token.start() + 1}"
        if token["other"]:
            raise ValueError(f"{show(word)} {place} has no meaning in a formula")
        if word == "**":
            raise ValueError(f"'**' {place} is not known, a power is written '^'")
        if value_next:
            if token["function"]:
                if word not in FUNCTIONS:
                    known = ", ".join(FUNCTIONS)
                    raise ValueError(f"unknown function {show(word)}, known are {known}")
                stack.append(_Parenthesis(word))
            elif word == "(":
                stack.append(_Parenthesis(None))
            elif token["number"] or token["name"]:
                steps.append(float(word) if token["number"] else word)
                value_next = False
            elif word == "-":
                stack.append("negated")
            elif word != "+":
                raise ValueError(f"expected a value {place}, got {show(word)}")
        elif word in (")", ","):
            apply(0)
            inner = stack[-1] if stack else None
            if word == ")":
                _close(stack, steps, place)
            elif isinstance(inner, _Parenthesis) and inner.function is not None:
                inner.arguments += 1
                value_next = True
            else:
                raise ValueError(f"the comma {place} is not between a function's arguments")
        elif word in _OPERATORS and token["sign"]:
            apply(_OPERATORS[word][0] + (word == "^"))
            stack.append(word)
            value_next = True
        else:
            raise ValueError(f"expected an operator {place}, got {show(word)}")
    if value_next:
        raise ValueError("it ends where a value is expected" if text.strip() else "it is empty")
    apply(0)
    if stack:
        unclosed = sum(isinstance(entry, _Parenthesis) for entry in stack)
        raise ValueError(f"{unclosed} of its parentheses are not closed")
    return steps


def _close(stack: list[str | _Parenthesis], steps: list[_Step], place: str) -> None:
    """Take the innermost parenthesis off the stack, and call its function."""
    closed = stack.pop() if stack else None
    if not isinstance(closed, _Parenthesis):
        raise ValueError(f"the parenthesis {place} closes none")
    if closed.function is None:
        return
    function, least, most = FUNCTIONS[closed.function]
    if closed.arguments < least or (most is not None and closed.arguments > most):
        count = f"{least}" if least == most else f"{least} to {most}"
        raise ValueError(
            f"{closed.function} takes {count} argument{'s' * (count != '1')}, "
            f"got {closed.arguments} {place}"
        )
    steps.append((function, closed.arguments))
