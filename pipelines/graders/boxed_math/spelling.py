"""One spelling of a text: of its signs, spaces, fractions and groups of digits."""

from __future__ import annotations

import re
from collections.abc import Callable

spaced = str.split  # a list of words as they are written in a text
_UNICODE = str.maketrans(
    dict.fromkeys("−–—﹣－", "-")
    | dict.fromkeys("\u00a0\u2002\u2003\u2009\u200a\u202f\u3000", " ")
    | dict.fromkeys("\u200b\u2060\ufeff", "")
    | dict.fromkeys("′’", "'")
    | dict(zip("，；：（）［］｛｝％＝＋．º", ",;:()[]{}%=+.°", strict=True))
    | {sign: f"^{{{digit}}}" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
    | {sign: f"_{{{digit}}}" for digit, sign in enumerate("₀₁₂₃₄₅₆₇₈₉")}
    | {"ℤ": r"\mathbb{Z}", "ℕ": r"\mathbb{N}"}
    | {part[0]: rf"\frac{part[1:]}" for part in spaced("½12 ⅓13 ⅔23 ¼14 ¾34")}
    | {
        sign: rf"\{name} "
        for sign, name in zip(
            "×·⋅∙÷√π∞≤≥≠≈±∓∪∩∈∅ℝ…⟨⟩≡αβγδεθλμρσφϕωΔ",
            spaced(
                "times cdot cdot cdot div sqrt pi infty le ge ne approx pm mp cup cap in emptyset "
                "reals ldots langle rangle equiv "
                "alpha beta gamma delta epsilon theta lambda mu rho sigma phi phi omega Delta"
            ),
            strict=True,
        )
    }
)


def _fraction(numerator: int, denominator: int) -> str:
    return rf"\frac{{{numerator}}}{{{denominator}}}"


def _repeating(match: re.Match[str]) -> str:
    """0.1(6) as a fraction: what stands before the period, and the period over nines."""
    whole, before, period = match[1], match[2], match[match.lastindex or 0]
    scale, nines = 10 ** len(before), 10 ** len(period) - 1
    return _fraction(int((whole or "0") + before) * nines + int(period), scale * nines)


def _angle(match: re.Match[str]) -> str:
    """Degrees, minutes and seconds as a fraction of degrees."""
    degrees, minutes, seconds = (int(part or 0) for part in match.groups())
    return _fraction(degrees * 3600 + minutes * 60 + seconds, 3600) + "°"


# What the text must hold, or the rule has nothing to do there; a pattern; what takes its place.
_Rule = tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]]
_RULES: tuple[_Rule, ...] = tuple(
    (needle, re.compile(pattern), replacement)
    for needle, pattern, replacement in (
        ("...", r"\.\.\.", r"\\ldots "),
        ("{", r"(?<!\\)\{\s*\}(?=\s*[\^_])", ""),
        (
            r"\end",
            r"(?:\\left\s*)?(?:\\\{\s*\\begin\{array\}\s*\{[lcr]+\}|\\begin\{cases\})([^&]*)"
            r"\\end\{(?:array|cases)\}(?:\s*\\right\s*\.)?",
            lambda match: match[1].replace(r"\\", ","),
        ),
        (
            r"\end{array}",
            r"\\\{\s*\\begin\{array\}\s*\{[lcr\s]+\}((?:(?!\\begin|\\end)[\s\S])*)\\end\{array\}",
            r"\\begin{cases}\1\\end{cases}",
        ),
        # 0{,}5 and 3{,}14: a decimal comma, for no group of three follows
        ("{,}", r"(?<![\d.,}])(0|\d+(?=\{,\}(?!\d{3}(?!\d))))\{,\}(?=\d+(?![\d{]))", r"\1."),
        ("$", r"(?<!\\)\$", ""),
        ("\\", r"\\displaystyle|\\textstyle|\\limits|(?<!\\)\\[()\[\]]", ""),
        (
            "\\",
            r"\\(?:left|right)\s*\.|\\(?:left|right|middle|[bB]igg?[lrm]?)(?![A-Za-z])",
            "",
        ),
        ("frac", r"\\([dtc])frac(?![A-Za-z])", r"\\frac"),
        ("binom", r"\\[dt]binom(?![A-Za-z])", r"\\binom"),
        (r"\choose", r"\{([^{}]*)\\choose(?![A-Za-z])([^{}]*)\}", r"\\binom{\1}{\2}"),
        (r"\choose", r"^([^{}\\]+)\\choose(?![A-Za-z])([^{}\\]+)$", r"\\binom{\1}{\2}"),
        (
            "mod",
            r"\(\s*(?:\\b?mod|\\(?:text|mathrm|operatorname)\s*\{\s*mod\s*\}|mod)(?![A-Za-z])"
            r"([^()]+)\)",
            r"\\pmod{\1}",
        ),
        (r"\math", r"\\math(?:bb|bf)\s*(?:\{\s*R\s*\}|R)", r"\\reals "),
        (r"\math", r"\\math(bb|bf|rm)\s+([A-Z])(?![A-Za-z])", r"\\math\1{\2}"),
        (
            r"\frac{",
            r"\\frac\{\\(?:text|mathrm)\{([^{}]*)\}\}\{\\(?:text|mathrm)\{([^{}]*)\}\}",
            r"\\text{\1/\2}",
        ),
        # 1{,}000 and 10,\!080 and 1\,000 and 1 000: groups of three digits
        ("", r"(?<=\d)(?:\{,\}|,?\\!|\\,|~|\\ )\s*(?=\d{3}(?!\d))", ""),
        (
            "",
            r"(?<!\\)\\(?:[,;:!> ]|quad(?![A-Za-z])|qquad(?![A-Za-z])|hspace\*?\{[^{}]*\})|~",
            " ",
        ),
        (
            " ",
            r"(?<![\d.,])\d{1,3}(?: \d{3})+(?!\d|\s*/|\s*\\frac)",
            lambda match: match[0].replace(" ", ""),
        ),
        ("\\", r"\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z]))|\\degree(?![A-Za-z])", "°"),
        (
            r"\prime",
            r"\^\s*(?:\{\s*\\prime\s*\\prime\s*\}|\\prime\s*\\prime(?![A-Za-z]))",
            "''",
        ),
        ('"', r"(?<=\d)\s*\"", "''"),
        ('"', r"\"", ""),
        (r"\prime", r"\^\s*(?:\{\s*\\prime\s*\}|\\prime(?![A-Za-z]))", "'"),
        ("°", r"(?<![\d.])(\d{1,4})\s*°\s*(\d{1,2})\s*'(?!')(?:\s*(\d{1,2})\s*'')?", _angle),
        (
            ".",
            r"(?<![\d.])(\d{0,40})\.(\d{0,40})"
            r"(?:\\overline\s*\{(\d{1,40})\}|\\dot\s*(?:\{(\d)\}|(\d))|\((\d{1,40})\))",
            _repeating,
        ),
    )
)


def spell(text: str) -> str:
    """A text in one spelling: without the size of its signs, its spacing and its last full stop."""
    text = text.translate(_UNICODE)
    if not text.isalnum():
        for needle, pattern, replacement in _RULES:
            if needle in text:
                text = pattern.sub(replacement, text)
    return text.strip().rstrip(" .,;:")
