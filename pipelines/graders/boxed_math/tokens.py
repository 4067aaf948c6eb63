"""A text in one spelling as tokens."""

from __future__ import annotations

import re

from pipelines.graders.boxed_math.bounds import MAX_DIGITS, MAX_TOKENS, Unreadable
from pipelines.graders.boxed_math.spelling import spaced

Token = tuple[str, str]  # kind and text; the kinds are number, symbol, word, command, sign
_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<number>
          (?<!\d,)[1-9]\d{0,2}(?:(?:,\d{3})+(?!,?\d)|(?:,0\d\d)+(?!\d))(?:\.\d+)?
        | (?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d{1,3}(?![\w.^]))?
      )
    | (?P<letters>[^\W\d_]+)
    | \\(?:text\w*|mathrm|operatorname\*?|mbox|hbox|rm)\s*(?P<words>\{)
    | \\(?:math[a-z]+|boldsymbol|bm|bf|it)\s*(?P<font>\{)
    | \\(?:begin|end)\s*\{(?P<matrix>[a-z]+)\*?\}
    | \\(?P<command>[A-Za-z]+)
    | (?P<sign>\\.|<=|>=|!=|\S)
    """,
    re.VERBOSE | re.DOTALL,
)
_SIGNS = {
    **{"times": "*", "cdot": "*", "ast": "*", "div": "/", "pm": "pm", "mp": "mp"},
    **{"le": "<=", "leq": "<=", "leqslant": "<=", "lt": "<"},
    **{"ge": ">=", "geq": ">=", "geqslant": ">=", "geslant": ">=", "gt": ">"},
    **{"ne": "!=", "neq": "!=", "approx": "approx", "in": "in", "colon": ":", "equiv": "≡"},
    **{"pmod": "mod", "bmod": "mod", "mod": "mod"},
    **{"cup": "cup", "cap": "cap", "setminus": "minus", "backslash": "minus"},
    **{"mid": "|", "vert": "|", "lvert": "|", "rvert": "|", "lbrace": "\\{", "rbrace": "\\}"},
    **{"langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉"},
    **{"land": "and", "wedge": "and", "lor": "or", "vee": "or"},
    **{"ldots": "…", "cdots": "…", "dots": "…", "dotsc": "…", "infty": "∞"},
    **{"varnothing": "∅", "emptyset": "∅", "reals": "ℝ", "%": "%", "$": "$", "|": "|", "\\": ";;"},
    **{"{": "\\{", "}": "\\}", "&": "and"},
}
_GREEK = frozenset(
    spaced(
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau "
        "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Sigma Phi Psi Omega ell"
    )
)
FUNCTIONS = {
    spelling: names.partition("=")[0]  # name, =, other spelling
    for names in spaced(
        "sin cos tan=tg cot=ctg sec csc=cosec arcsin arccos arctan=arctg arccot=arcctg "
        "sinh cosh tanh ln lg log exp gcd lcm max min"
    )
    for spelling in names.split("=")
}
ANSWERS = frozenset(spaced("yes no true false odd even none all an the am pm"))
OPENING = dict(zip("([⟨⌊⌈{", ")]⟩⌋⌉}", strict=True)) | {"\\{": "\\}"}
CLOSING = frozenset(OPENING.values())


def tokens(text: str, grouped: bool = True) -> list[Token]:
    r"""The tokens of a text in one spelling.

    `1,000` outside brackets is one number where `grouped`, else two; inside brackets it is one only
    where it cannot be two (`000` is no number). Words of `\text{…}` stay whole.
    """
    found: list[Token] = []
    in_words, shown = [False], [True]  # of each open brace: does it hold words, was it emitted
    depth = 0
    for match in _TOKEN.finditer(text):
        kind, part = str(match.lastgroup), match[str(match.lastgroup)]
        if kind == "space":
            continue
        if len(found) > MAX_TOKENS:
            raise Unreadable
        if kind == "number":
            if len(part) > MAX_DIGITS:
                raise Unreadable
            groups = part.split(",")
            whole = (grouped and depth == 0) or any(group[0] == "0" for group in groups[1:])
            for index, group in enumerate(["".join(groups)] if whole else groups):
                found += [("sign", ","), ("number", group)] if index else [("number", group)]
        elif kind == "letters" and in_words[-1] and part not in ("and", "or"):
            found.append(("word", part))
        elif kind == "letters":
            found += _letters(part)
        elif kind in ("words", "font"):
            in_words.append(kind == "words" or in_words[-1])
            shown.append(False)
        elif kind == "matrix":
            found.append(("begin" if match[0].startswith("\\begin") else "end", part))
        elif kind == "command":
            found += _command(part)
        elif part == "{":
            in_words.append(in_words[-1])
            shown.append(True)
            found.append(("sign", "{"))
        elif part == "}":
            if len(shown) == 1:
                raise Unreadable
            in_words.pop()
            if shown.pop():
                found.append(("sign", "}"))
        else:
            part = _SIGNS.get(part[1:], part) if part[0] == "\\" else part
            depth += (part in OPENING) - (part in CLOSING)
            found.append(("sign", part))
    if len(shown) > 1:
        raise Unreadable
    return found


def _command(name: str) -> list[Token]:
    if name in _SIGNS:
        return [("sign", _SIGNS[name])]
    plain = name.removeprefix("var")
    if plain in _GREEK:
        return [("symbol", "π" if plain == "pi" else plain)]
    for end in (-1, -2):  # a lost space: \pit
        if name[:end] in _GREEK:
            return [*_command(name[:end]), *_letters(name[end:])]
    return [("command", FUNCTIONS.get(name, name))]


def _letters(run: str) -> list[Token]:
    """Letters outside `\\text`: a word or a product of symbols.

    Products are `xy`, `abc`, `2kR`; words are `Tom`, `AB` (a segment, or an order), `blue`.
    """
    if len(run) == 1:
        return [("symbol", run)]
    if run in FUNCTIONS or run == "sqrt":
        return [("command", FUNCTIONS.get(run, run))]
    if run in ("and", "or"):
        return [("sign", run)]
    if run in ("pi", "infinity"):
        return [("symbol", "π") if run == "pi" else ("sign", "∞")]
    if run.casefold() in ANSWERS or run in ("cm", "mm", "dm", "km", "kg", "pct"):
        return [("word", run)]
    alphabetic = "".join(sorted(run)) in "abcdefghijklmnopqrstuvwxyz"
    capital = (run[1:].islower() and len(run) > 2) or run[1:].isupper()
    if run.isascii() and (alphabetic or (len(run) <= 3 and not (run[0].isupper() and capital))):
        return [("symbol", letter) for letter in run]
    return [("word", run)]
