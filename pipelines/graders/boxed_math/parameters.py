"""Letters whose name does not matter: of any integer, and of a constant of integration."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.graders.boxed_math.answers import Answer
from pipelines.graders.boxed_math.samples import CONSTANTS, INTEGER, WHOLE
from pipelines.graders.boxed_math.trees import Node, renamed, symbols, walk

_PARAMETERS = WHOLE | frozenset("lpt")  # that may stand for any integer, where nothing is said
_ANGLES = frozenset(("x", "y", "z", "t", "alpha", "beta", "theta", "phi"))
_OF_INTEGRATION = frozenset(("c", "C", "K", "c_1", "C_1"))


def lettered_alike(reference: Answer, answer: Answer) -> Answer:
    """The answer with the reference's letter, where only its name differs and does not matter."""
    (_, names, values), (kind, other_names, other_values) = reference, answer
    letters, others = symbols(*values), symbols(*other_values)
    if len(letters - others) != 1 or len(others - letters) != 1:
        return answer
    (ours,), (theirs,) = letters - others, others - letters
    integers = INTEGER in (ours, theirs) and {ours, theirs} <= _PARAMETERS | {INTEGER}
    named = ours in symbols(*names) or theirs in symbols(*other_names)
    if not (
        (integers and not named)
        or _numbers_a_family(reference, ours, theirs)
        or _is_constant(values, ours, theirs)
    ):
        return answer
    swap = {("sym", theirs): ("sym", ours)}
    return kind, other_names, tuple(renamed(value, swap) for value in other_values)


def _numbers_a_family(reference: Answer, ours: str, theirs: str) -> bool:
    """Whether two letters number solutions that recur with π: x = kπ, x = nπ; not S = (n − 2)π."""
    _, names, values = reference
    return (
        {ours, theirs} <= _PARAMETERS
        and len(names) == 1
        and names[0][0] == "qty"
        and names[0][1][1] in _ANGLES
        and {ours, "π"} <= symbols(*values) <= CONSTANTS | {ours}
    )


def _is_constant(values: Sequence[Node], ours: str, theirs: str) -> bool:
    """Whether a reference is a general solution, with the constant at a power: t + ce^{−2t}."""
    if not {ours, theirs} <= _OF_INTEGRATION or len(values) != 1 or values[0][1][0] != "add":
        return False
    constant = ("sym", ours)
    if sum(part == constant for part in walk(values[0])) != 1:
        return False
    term = next(each for each in values[0][1][1:] if ours in symbols(each))
    return constant in term and any(
        factor[0] == "pow" and (symbols(factor[2]) - CONSTANTS or factor[2][1] in (-2, -3))
        for factor in term[1:]
    )
