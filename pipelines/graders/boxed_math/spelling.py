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


_NO_ARGUMENT = r"(?<![_^]\d)(?<!sqrt\d)(?<!frac\d\d)"  # behind a digit
_NESTED = r"(?:[^{}]|\{[^{}]{0,99}\}){0,99}"
_RELATION = r"\s*(?:=|<|>|\\[lg]e|\\approx)"
_BARE_NUMBER = r"-?\d+(?:\.\d+)?"


def _rows(match: re.Match[str]) -> str:
    """Equations in rows as a list; a row that begins with its sign goes on with the one before."""
    if re.search(rf"&(?!{_RELATION})|,(?!\s*(?:\\\\|$))", match[1]):  # values and conditions
        return match[0]
    going_on = re.sub(rf"\\\\\s*&?(?={_RELATION})", " ", match[1])
    return going_on.replace("&", "").replace(r"\\", ",")


# What the text must hold, or the rule has nothing to do there; a pattern; what takes its place.
_Rule = tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]]
_RULES: tuple[_Rule, ...] = tuple(
    (needle, re.compile(pattern), replacement)
    for needle, pattern, replacement in (
        ("...", r"\.\.\.", r"\\ldots "),
        ("color", r"\\(?:text)?color\s*\{[^{}]*\}", ""),
        (r"\tag", r"\\tag\*?\s*\{[^{}]*\}", ""),
        ("\\", r"\\\\\s*$", ""),
        (
            r"\end",
            r"(?:\\left\s*)?(?:\\\{\s*\\begin\{array\}\s*\{[lcr\s]+\}"
            r"|\\begin\{(?:cases|aligned|align\*?|gathered|split)\})((?:(?!\\begin|\\end)[\s\S])*)"
            r"\\end\{(?:array|cases|aligned|align\*?|gathered|split)\}(?:\s*\\right\s*\.)?",
            _rows,
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
        (r"\over", rf"\{{({_NESTED})\\over(?![A-Za-z])({_NESTED})\}}", r"\\frac{\1}{\2}"),
        (r"\math", r"\\math(?:bb|bf)\s*(?:\{\s*R\s*\}|R)", r"\\reals "),
        (r"\math", r"\\math(bb|bf|rm)\s+([A-Z])(?![A-Za-z])", r"\\math\1{\2}"),
        # 1{,}000 and 10,\!080 and 1\,000 and 1 000: groups of three digits
        ("", rf"(?<=\d){_NO_ARGUMENT}(?:\{{,\}}|,?\\!|\\,|~|\\ )\s*(?=\d{{3}}(?!\d))", ""),
        (
            "",
            r"(?<!\\)\\(?:[,;:!> ]|quad(?![A-Za-z])|qquad(?![A-Za-z])|hspace\*?\{[^{}]*\})|~",
            " ",
        ),
        (
            " ",
            rf"(?<![\d.,])\d{{1,3}}{_NO_ARGUMENT}(?: \d{{3}})+(?!\d|\s*/|\s*\\frac)",
            lambda match: match[0].replace(" ", ""),
        ),
        ("\\", r"\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z]))|\\degree(?![A-Za-z])", "°"),
        ('"', r"\"", ""),
        (r"\prime", r"\^\s*(?:\{\s*\\prime\s*\}|\\prime(?![A-Za-z]))", "'"),
        ("_", rf"\^\s*(\{{{_NESTED}\}}|[\w*+])\s*_\s*(\{{{_NESTED}\}}|\w)", r"_\2^\1"),
        ("", r"(?<=\d)\s*\^\s*\{\s*\\(?:text|mathrm|rm)\s*\{\s*(?:th|st|nd|rd)\s*\}\s*\}", ""),
        ("th", r"^\s*(\d+)\s*(?:\\(?:text|mathrm)\s*\{\s*)?th(?:\s*\})?\s*$", r"\1"),
        (
            " ",
            rf"^([\s{{]*)(?=.*\d +\d)({_BARE_NUMBER}(?: +{_BARE_NUMBER}){{2,99}})([\s}}.]*)$",
            lambda match: f"{match[1]}({', '.join(match[2].split())}){match[3]}",
        ),
        ("ircled", r"\\(?:text)?circled\s*\{\s*(\d)\s*\}", lambda m: "⓪①②③④⑤⑥⑦⑧⑨"[int(m[1])]),
        ("", r"([①-⑳])\s*(?=[①-⑳])", r"\1,"),
    )
)


def spell(text: str) -> str:
    """A text in one spelling: without the size of its signs, its spacing and its last full stop."""
    text = text.translate(_UNICODE)
    if not text.isdecimal():
        for needle, pattern, replacement in _RULES:
            if needle in text:
                text = pattern.sub(replacement, text)
    return text.strip().rstrip(" .,;:")
