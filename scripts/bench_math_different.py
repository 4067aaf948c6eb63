"""Rules whose answers are wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from bench_math_rules import (
    INTERVAL,
    NUMBER,
    ROOT,
    TUPLE,
    WORD,
    different,
    fraction_of,
    is_list,
    parts_of,
    plain,
)


@different
def off_by_one(reference: str) -> Iterator[str]:
    """The last number one more and one less."""
    numbers = list(NUMBER.finditer(reference))
    if numbers:
        last = numbers[-1]
        if "." not in last[0]:
            for step in (1, -1):
                yield f"{reference[: last.start()]}{int(last[0]) + step}{reference[last.end() :]}"


@different
def other_sign(reference: str) -> Iterator[str]:
    """The negative of a value."""
    if plain(reference) and re.search("[1-9a-z]", reference) and "|" not in reference:
        yield reference[1:] if re.fullmatch(r"-[^-+]*", reference) else f"-({reference})"


@different
def sign_inside(reference: str) -> Iterator[str]:
    """The last + or − turned; not that of a zero."""
    found = re.fullmatch(r"(.*\S\s*)([+-])((?!\s*0)[^+-]*)", reference)
    if found and not found[1].rstrip().endswith(("^{", "(", ",", "[")):
        yield found[1] + ("-" if found[2] == "+" else "+") + found[3]


@different
def swapped_fraction(reference: str) -> Iterator[str]:
    """The fraction upside down, its numerator one more, and its value to three decimals."""
    value = fraction_of(reference)
    if value is None:
        return
    sign, top, bottom = "-" if value < 0 else "", abs(value.numerator), value.denominator
    yield rf"{sign}\frac{{{bottom}}}{{{top}}}"
    yield rf"{sign}\frac{{{top + 1}}}{{{bottom}}}"
    if Fraction(rounded := f"{float(value):.3f}") != value:
        yield rounded


@different
def rounded_root(reference: str) -> Iterator[str]:
    """An irrational number to two decimals; without its root, and without π."""
    if found := ROOT.fullmatch(reference):
        yield f"{int(found[1] or 1) * int(found[2] or found[3]) ** 0.5:.2f}"
    if r"\sqrt" in reference:
        yield reference.replace(r"\sqrt", "", 1)
    if found := re.fullmatch(r"(\d*)\s*\\pi", reference):
        yield f"{int(found[1] or 1) * 3.14159265:.2f}"
        yield found[1] or "1"


@different
def wrong_percent(reference: str) -> Iterator[str]:
    """A hundred times the number in percent, and a percentage ten times as small."""
    if re.fullmatch(r"[1-9][05]?", reference):
        yield rf"{reference}00\%"
    if found := re.fullmatch(r"(\d+)\\%", reference):
        yield rf"{int(found[1]) / 10}\%"


@different
def wrong_unit(reference: str) -> Iterator[str]:
    """Another unit."""
    if r"\text{ cents}" in reference or r"\mbox{" in reference:
        yield re.sub(r"\\(?:text|mbox)\{[^}]*\}(\^2)?", r"\\text{ kg}", reference)
    if re.fullmatch(r"\d+\^\\circ", reference):
        yield reference.replace(r"^\circ", r"\text{ cm}")


@different
def one_too_many(reference: str) -> Iterator[str]:
    """The reference and a wrong value."""
    if (
        not re.search("[A-Za-z]{3}", re.sub(r"\\[a-z]+", "", reference))
        and r"\cup" not in reference
    ):
        yield f"{reference}, 98765"


@different
def one_too_few(reference: str) -> Iterator[str]:
    """A list without its last value, and with its first twice."""
    if is_list(reference):
        parts = parts_of(reference)
        yield ", ".join(parts[:-1])
        yield ", ".join([parts[0], *parts])


@different
def tuple_order(reference: str) -> Iterator[str]:
    """A tuple the other way round, and its last entry one more."""
    found = TUPLE.fullmatch(reference)
    if found and not re.search(r"\\(?:infty|ldots)", reference):
        parts = parts_of(found[1])
        if parts != parts[::-1]:
            yield f"({', '.join(reversed(parts))})"
        yield f"({', '.join([*parts[:-1], parts[-1] + ' + 1'])})"


@different
def interval_ends(reference: str) -> Iterator[str]:
    """An end that was open closed, and the other way round."""
    found = INTERVAL.fullmatch(reference)
    if not found:
        return
    if "infty" not in found[2]:
        yield f"{'[' if found[1] == '(' else '('}{reference[1:]}"
    if "infty" not in found[3]:
        yield f"{reference[:-1]}{']' if found[4] == ')' else ')'}"


@different
def other_name(reference: str) -> Iterator[str]:
    """The value of another variable."""
    if found := re.fullmatch(r"([a-z])\s*=\s*(\S+)", reference):
        yield f"{'w' if found[1] != 'w' else 'v'} = {found[2]}"


@different
def other_variable(reference: str) -> Iterator[str]:
    """An expression in another variable."""
    letters = set(re.findall(r"[a-zA-Z]", re.sub(r"\\[a-z]+", "", reference)))
    if (
        len(letters) == 1
        and plain(reference)
        and re.search(r"\d", reference)
        and letters <= set("xyznmkpr")
    ):
        yield reference.replace(letters.pop(), "t")


@different
def other_power(reference: str) -> Iterator[str]:
    """An exponent one more; a factorial left out."""
    if found := re.search(r"\^(\d)(?!\d)", reference):
        yield f"{reference[: found.start()]}^{int(found[1]) + 1}{reference[found.end() :]}"
    if re.fullmatch(r"\d+!", reference):
        yield reference[:-1]


@different
def other_relation(reference: str) -> Iterator[str]:
    """An inequality turned round, and made strict."""
    for sign, turned in ((r"\geq", r"\leq"), (">", "<"), ("<", ">"), (r"\geq", ">")):
        if sign in reference:
            yield reference.replace(sign, turned)


@different
def wrong_letter(reference: str) -> Iterator[str]:
    """Another letter, and two letters."""
    if found := re.fullmatch(r"(?:\\text\{\()?([A-E])(?:\)\})?", reference):
        other = "A" if found[1] != "A" else "B"
        yield other
        yield f"{found[1]}, {other}"


@different
def wrong_word(reference: str) -> Iterator[str]:
    """Another word."""
    if WORD.fullmatch(reference):
        yield r"\text{neither}"


@different
def wrong_ratio(reference: str) -> Iterator[str]:
    """A ratio the other way round."""
    if re.fullmatch(r"[\d:]*\d:[\d:]*", reference):
        yield ":".join(reversed(reference.split(":")))


@different
def wrong_base(reference: str) -> Iterator[str]:
    """A numeral in another base, and its value in base ten."""
    if found := re.fullmatch(r"(\d+)_\{?(\d)\}?", reference):
        yield f"{found[1]}_{int(found[2]) - 1}"
        yield str(int(found[1], int(found[2])))
