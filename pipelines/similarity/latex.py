r"""LaTeX and Unicode mathematics as the pipeline compares it: one spelling for what looks alike."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Commands that change size, style or space and no meaning, and those whose words follow in braces.
_GONE = frozenset(
    """
    left right middle big bigl bigr bigm bigg biggl biggr displaystyle textstyle scriptstyle
    limits nolimits quad qquad hspace vspace hfill newline noindent text textbf textit textrm
    textsf texttt mbox hbox emph underline mathrm mathbf mathit mathsf mathbb mathcal mathfrak
    mathscr mathop boldsymbol bm operatorname rm bf it
    """.split()  # noqa: SIM905
)
# Commands and signs that are spelled as another; commands in small letters.
_NAMES = {
    **dict.fromkeys(("dfrac", "tfrac", "cfrac"), "\\frac"),
    **dict.fromkeys(("dbinom", "tbinom"), "\\binom"),
    **dict.fromkeys(("le", "leq", "leqslant", "leqq"), "<="),
    **dict.fromkeys(("ge", "geq", "geqslant", "geqq"), ">="),
    **dict.fromkeys(("ne", "neq"), "\\neq "),
    **dict.fromkeys(("ldots", "cdots", "dots", "dotsc", "dotsb", "dotsm", "dotso"), "..."),
    **dict.fromkeys(("cdot", "times", "ast"), "*"),
    **dict.fromkeys(("lvert", "rvert", "vert", "mid"), "|"),
    **dict.fromkeys(("to", "longrightarrow"), "\\rightarrow "),
    **{"equal": "=", "plus": "+", "minus": "-"},  # of a forum's rendering
    **{"lt": "<", "gt": ">", "colon": ":", "prime": "'", "degree": "^\\circ ", "lbrack": "["},
    **{"rbrack": "]", "varnothing": "\\emptyset ", "implies": "\\rightarrow ", "div": "\\div "},
}
_SIGNS = {
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("’‘`´′ʼ", "'"),
    **dict.fromkeys('"“”„«»″', "''"),
    **{"…": "...", "⋯": "...", "≤": "<=", "⩽": "<=", "≥": ">=", "⩾": ">=", "≠": "\\neq "},
    **{"×": "*", "·": "*", "⋅": "*", "∗": "*", "∙": "*", "∣": "|", "⁄": "/", "∕": "/"},
    **{"°": "^\\circ ", "º": "^\\circ ", "，": ",", "、": ",", "。": ".", "．": ".", "：": ":"},
    **{"；": ";", "？": "?", "！": "!", "（": "(", "）": ")", "【": "[", "】": "]", "∶": ":"},
    **{"½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "\u200b": "", "\ufeff": ""},
    **{"\u00ad": "", "\u2061": "", "\u2062": ""},
}
# Signs that have a command of their own.
_COMMANDS = """
α alpha  β beta  γ gamma  δ delta  ε epsilon  ϵ epsilon  ζ zeta  η eta  θ theta  ϑ theta
ι iota  κ kappa  λ lambda  μ mu  ν nu  ξ xi  ο o  π pi  ρ rho  σ sigma  τ tau  υ upsilon
φ phi  ϕ phi  χ chi  ψ psi  ω omega  ς sigma  µ mu  √ sqrt  ∛ cbrt  ∞ infty  ∠ angle
△ triangle  ∆ triangle  ▵ triangle  ∈ in  ∉ notin  ∋ ni  ∪ cup  ∩ cap  → rightarrow
⇒ rightarrow  ⟶ rightarrow  ↔ leftrightarrow  ⇔ leftrightarrow  ∑ sum  ∏ prod  ∫ int  ± pm
∓ mp  ≡ equiv  ≈ approx  ≅ cong  ∼ sim  ∝ propto  ⊂ subset  ⊆ subseteq  ⊃ supset  ⊇ supseteq
∅ emptyset  ∀ forall  ∃ exists  ⊥ perp  ∥ parallel  ∦ nparallel  ⌊ lfloor  ⌋ rfloor  ⌈ lceil
⌉ rceil  ⟨ langle  ⟩ rangle  〈 langle  〉 rangle  ÷ div  ∘ circ  □ square  ∴ therefore
∵ because  ∂ partial  ∇ nabla  ℓ ell  ∧ wedge  ∨ vee  ¬ neg
""".split()  # noqa: SIM905
_SIGNS |= {sign: f"\\{name} " for sign, name in zip(_COMMANDS[::2], _COMMANDS[1::2], strict=True)}
_SIGN_TABLE = str.maketrans(_SIGNS)
_COMMAND = re.compile(r"\\(?:(left|right)\s*\.|([a-z]+)|(.))", re.DOTALL)
# The same in texts that are joined by NUL, which no command reaches over.
_COMMAND_JOINED = re.compile(_COMMAND.pattern.replace("(.)", r"([^\0])"), re.DOTALL)
_SCRIPTS = re.compile("([⁰¹²³⁴-⁹⁺⁻⁼⁽⁾ⁿⁱ]+)|([₀-₉₊₋₌₍₎ₐₑₒₓₕ-ₜ]+)")
# What no skeleton has: white space of any kind, `$`, braces, and what only sets a line.
_DROPPED = dict.fromkeys(
    [*map(ord, "$\\{}_~&()/"), *(n for n in range(0x3001) if chr(n).isspace())]
)


def spelled(text: str) -> str:
    r"""A text in small letters in which each command and sign is spelled in one of its ways.

    `\dfrac` is `\frac`, `≤` and `\leqslant` are `<=`, `²` is `^2`; size, style and spacing commands
    are white space. Each is mapped by itself: nothing looks for the sign that pairs with another.
    """
    return _spelled(text, _COMMAND)


def _spelled(text: str, commands: re.Pattern[str]) -> str:
    if text.isascii():
        text = text.lower()
        if '"' in text or "`" in text:
            text = text.translate(_SIGN_TABLE)
    else:
        text = unicodedata.normalize("NFD", _SCRIPTS.sub(_script, text)).casefold()
        text = unicodedata.normalize("NFC", text.translate(_SIGN_TABLE))
    if "{}" in text:
        text = text.replace("^{}", "").replace("_{}", "").replace("{}", "")
    return commands.sub(_command, text) if "\\" in text else text


def skeleton(text: str) -> str:
    r"""What a text says, however it is set: `spelled` without white space, `$`, braces and `\`.

    It is context-free: k edited characters change at most some k of its 5-byte shingles, and texts
    that differ in nothing but what is folded have one skeleton.
    """
    return spelled(text).replace("\\frac", "").translate(_DROPPED)


def joined_skeletons(joined: str) -> str:
    """The skeletons of texts that are joined by NUL, all ASCII or none: each rule runs once."""
    return _spelled(joined, _COMMAND_JOINED).replace("\\frac", "").translate(_DROPPED)


# Braces around one sign, a number or a command: `x^{2}`, `\sqrt{12}`, `{\pi}`.
_SIMPLE = re.compile(r"\{\s*([^\W_]|[\d.]+|\\[a-z]+)\s*\}")
_DIGIT = re.compile(r"(\\frac\s*\d)(?=\d)")  # \frac12
_THOUSANDS = re.compile(r"(?<=\d)\{?,\}?(?=\d{3}(?!\d))|(?<=\d)\{,\}(?=\d)")
_GAP = re.compile(r"(?<=\d)[\s$\\_~&\0]+(?=\d)")
_BUT_GROUPS = {sign: to for sign, to in _DROPPED.items() if chr(sign) not in "{}()/"} | {
    0: None,
    1: " ",
}


def structure(text: str) -> str:
    r"""The skeleton with what it loses that can change a meaning: groups, and gaps between digits.

    `x^{10}2` is not `x^{102}`, and `\sqrt{x+1}` is not `\sqrt{x}+1`; `x^{2}` is `x^2`.
    """
    text = _THOUSANDS.sub("", spelled(text))
    if "{" in text:
        text = _SIMPLE.sub("\0\\1\0", text)
    if "\\frac" in text:
        text = _DIGIT.sub("\\1\0", text)
    return _GAP.sub("\1", text).translate(_BUT_GROUPS)


def _script(found: re.Match[str]) -> str:
    mark = "^" if found[1] else "_"
    return mark + unicodedata.normalize("NFKC", found[0]).replace("−", "-")


def _command(found: re.Match[str]) -> str:
    return _meaning(*found.group(0, 2, 3))


@lru_cache(4096)
def _meaning(command: str, name: str | None, sign: str | None) -> str:
    if name:
        return " " if name in _GONE else _NAMES.get(name, command)
    if sign and sign in "{}":
        return command
    return sign if sign and (sign in "%#" or sign.isalnum()) else " "


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
