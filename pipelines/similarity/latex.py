r"""LaTeX as the pipeline compares it: one spelling for what looks the same, and paired braces."""

from __future__ import annotations

import re

# A command begins at a backslash that no other escapes; the literal stands first, for speed.
#
# Commands that change size or style and no meaning. `\left` is not the beginning of `\leftarrow`.
_STYLE = re.compile(
    r"\\(?<!\\\\)(?:left|right|middle|[bB]igg?[lrm]?|displaystyle|textstyle|(?:no)?limits)(?![A-Za-z])"
    r"(?:\s*\.)?"  # the invisible delimiter, as in \right.
)
_FRACTION = re.compile(r"\\(?<!\\\\)[dtc](?=(?:frac|binom)(?![A-Za-z]))")
_SPACE = re.compile(r"\\(?<!\\\\)(?:[,;:!> ]|q?quad(?![A-Za-z])|hspace\*?\{[^{}]*\})|~(?<!\\~)")
_NAMES = {"le": "leq", "ge": "geq", "ne": "neq", "to": "rightarrow", "lvert": "|", "rvert": "|"}
_NAME = re.compile(r"\\(?<!\\\\)(le|ge|ne|to|lvert|rvert)(?![A-Za-z])")
_DELIMITER = re.compile(r"\\(?<!\\\\)[()\[\]]|\$\$")
# A formula has no blank line in it, as TeX has it; "from $5 to $6" is taken for one, which does no
# harm.
_MATH = re.compile(r"(?<!\\)\$((?:[^$\\\n]|\\.|\n(?![ \t]*\n))*)\$", re.DOTALL)
# One sign in braces: any after ^ and _, a digit elsewhere, for `\sin{x}` would become `\sinx`.
_SCRIPT = re.compile(r"([\^_])\s*\{\s*([A-Za-z0-9])\s*\}")
_DIGIT = re.compile(r"(?<!\\)\{\s*(\d)\s*\}")
# White space that tells something: between a command and a letter, between words, and between
# digits, where an author who writes "1 1/2" means two things. All other shows in no formula.
_SEEN = re.compile(r"(?<=\d)\s+(?=\d)|(?<=[A-Za-z]{2})\s+(?=[A-Za-z]{2})")
_AFTER_COMMAND = re.compile(r"(\\[A-Za-z]+)\s+(?=[A-Za-z])")


def respelled(text: str) -> str:
    r"""A text whose LaTeX is spelled in one way, where the other ways set the same.

    `\dfrac` is `\frac`, `\left(` is `(`, `\[` and `$$` are `$`, `x^{2}` is `x^2`; spacing commands
    are white space, which does not count within `$…$` except after a command and between digits.
    """
    if "\\" not in text and "$" not in text:
        return text
    text = _DELIMITER.sub("$", text)
    text = _FRACTION.sub(r"\\", _STYLE.sub(" ", text))
    text = _NAME.sub(_renamed, _SPACE.sub(" ", text))
    return _MATH.sub(_tight, text)


def _renamed(found: re.Match[str]) -> str:
    name = _NAMES[found[1]]
    return name if name == "|" else "\\" + name


def _tight(found: re.Match[str]) -> str:
    math = found[1]
    if "{" in math:
        math = _DIGIT.sub(r"\1", _SCRIPT.sub(r"\1\2", math))
    if not any(map(str.isspace, math)):
        return f"${math}$"
    # A sign that is in no text stands for the white space that tells something while the rest goes.
    math = _SEEN.sub("\0", _AFTER_COMMAND.sub("\\1\0", math))
    return f"${''.join(math.split())}$".replace("\0", " ")


def balanced(latex: str) -> bool:
    """Whether every brace that opens a group closes it. `\\{` and `\\}` are signs, not groups.

    A backslash with nothing after it counts as unbalanced: it is what a cut `\\}` leaves.
    """
    depth = 0
    signs = iter(latex)
    for sign in signs:
        if sign == "\\":
            if next(signs, None) is None:
                return False
        elif sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth < 0:
                return False
    return depth == 0
