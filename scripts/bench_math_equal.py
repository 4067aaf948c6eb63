"""Rules whose answers mean what the reference means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from bench_math_rules import (
    DECIMAL,
    INTEGER,
    INTERVAL,
    POLYNOMIAL,
    ROOT,
    WORD,
    equal,
    fraction_of,
    is_list,
    parts_of,
    plain,
)


@equal
def as_given(reference: str) -> Iterator[str]:
    """The reference itself."""
    yield reference


@equal
def spacing(reference: str) -> Iterator[str]:
    r"""Thin spaces after commas and around signs, none elsewhere."""
    if re.search(r"[-+=,]", reference) and "text" not in reference:
        yield re.sub(r"\s*([+=])\s*", r" \\, \1 \\, ", re.sub(r",\s+", r",\\; ", reference))


@equal
def sized_brackets(reference: str) -> Iterator[str]:
    r"""`\left(` and `\right)`."""
    if "(" in reference and "\\left" not in reference and "\\(" not in reference:
        yield re.sub(r"([(\[])", r"\\left\1", re.sub(r"([)\]])", r"\\right\1", reference))


@equal
def in_dollars(reference: str) -> Iterator[str]:
    """Within dollar signs, with a full stop."""
    yield f"${reference}$."


@equal
def display_fraction(reference: str) -> Iterator[str]:
    r"""`\dfrac` for `\frac`."""
    if "\\frac" in reference:
        yield reference.replace("\\frac", "\\dfrac")


@equal
def other_fraction(reference: str) -> Iterator[str]:
    """A fraction written with a slash, expanded by 3, as decimals and as a mixed number."""
    value = fraction_of(reference)
    if value is None:
        return
    yield f"{value.numerator}/{value.denominator}"
    sign, top, bottom = "-" if value < 0 else "", abs(value.numerator), value.denominator
    yield rf"{sign}\frac{{{3 * top}}}{{{3 * bottom}}}"
    if re.fullmatch(r"2*5*", "".join(map(str, _primes(bottom)))):
        yield str(float(value))
    if top > bottom:
        yield rf"{sign}{top // bottom}\frac{{{top % bottom}}}{{{bottom}}}"


def _primes(number: int) -> list[int]:
    found, divisor = [], 2
    while number > 1:
        while number % divisor == 0:
            found.append(divisor)
            number //= divisor
        divisor += 1
    return found


@equal
def other_integer(reference: str) -> Iterator[str]:
    """An integer with a decimal place, as a fraction, a sum, and grouped by thousands."""
    if INTEGER.fullmatch(reference):
        number = int(reference)
        yield f"{number}.0"
        yield rf"\frac{{{2 * number}}}{{2}}"
        yield f"{number - 7} + 7"
        if abs(number) >= 1000:
            yield f"{number:,}".replace(",", (",", "{,}", r"\,", r",\!", " ")[number % 5])
        if number > 1:
            yield rf"\sqrt{{{number * number}}}"


@equal
def other_decimal(reference: str) -> Iterator[str]:
    """A decimal with a zero more, and as a fraction."""
    if DECIMAL.fullmatch(reference):
        yield reference + "0"
        value = Fraction(reference)
        yield rf"\frac{{{value.numerator}}}{{{value.denominator}}}"


@equal
def unit_left_out(reference: str) -> Iterator[str]:
    """Without degrees, currency or the unit in words."""
    without = re.sub(r"\s*(?:\^\\circ|\\(?:text|mbox)\{[^}]*\}(?:\^\d)?)$", "", reference)
    without = without.removeprefix("\\$")
    if without != reference and re.match(r"\\frac|[-(\d]", without):
        yield without


@equal
def unit_in_words(reference: str) -> Iterator[str]:
    """Degrees in words."""
    if re.fullmatch(r"\d+\^\\circ", reference):
        yield reference.replace(r"^\circ", r" \text{ degrees}")
        yield reference.replace(r"^\circ", "°")


@equal
def percent(reference: str) -> Iterator[str]:
    """A percentage as decimals and as the bare number, and a number as percentage."""
    if re.fullmatch(r"[1-9][05]?", reference):
        yield rf"{reference}\%"
    if found := re.fullmatch(r"(\d+)\\%", reference):
        yield str(int(found[1]) / 100)
        yield found[1]


@equal
def other_order(reference: str) -> Iterator[str]:
    """A list the other way round, in braces, with "and"; a union the other way round."""
    if is_list(reference) and not re.match(r"[(\[]?[A-Za-z(]", reference):
        parts = parts_of(reference)
        yield ", ".join(reversed(parts))
        yield r"\{" + ", ".join(parts) + r"\}"
        yield ", ".join(parts[:-1]) + r" \text{ and } " + parts[-1]
    if r"\cup" in reference:
        yield r" \cup ".join(part.strip() for part in reversed(reference.split(r"\cup")))


@equal
def named(reference: str) -> Iterator[str]:
    """A value with a name, and the name's value alone."""
    if plain(reference) and not re.search("[A-Za-z]", re.sub(r"\\[a-z]+", "", reference)):
        yield f"x = {reference}"
    found = re.fullmatch(r"([a-zA-Z]|f\(x\)|P\(x\))\s*=\s*([^=]*)", reference)
    if found:
        yield found[2]
        yield f"{found[2]} = {found[1]}"


@equal
def set_notation(reference: str) -> Iterator[str]:
    """An interval with "x ∈" and as inequalities."""
    found = INTERVAL.fullmatch(reference)
    if found and ("infty" in reference or found[1] + found[4] in ("(]", "[)", "[]")):
        yield rf"x \in {reference}"
        low = "<" if found[1] == "(" else r"\le"
        high = "<" if found[4] == ")" else r"\le"
        if "infty" in found[2]:
            yield f"x {high} {found[3]}"
        elif "infty" in found[3]:
            yield f"{found[2]} {low} x"
        else:
            yield f"{found[2]} {low} x {high} {found[3]}"


@equal
def other_root(reference: str) -> Iterator[str]:
    """A root with its factor inside, and the factor behind."""
    if found := ROOT.fullmatch(reference):
        factor, inside = int(found[1] or 1), int(found[2] or found[3])
        yield rf"\sqrt{{{factor * factor * inside}}}"
        yield rf"\sqrt{{{inside}}} \cdot {factor}"
        yield rf"\frac{{{factor * inside}}}{{\sqrt{{{inside}}}}}"


@equal
def other_algebra(reference: str) -> Iterator[str]:
    """An expression that is added to, multiplied, and divided again."""
    if plain(reference) and not INTEGER.fullmatch(reference):
        yield rf"\frac{{({reference}) \cdot 3}}{{3}}"
        yield rf"7 + {reference} - 7"


@equal
def expanded(reference: str) -> Iterator[str]:
    """A polynomial expanded and factored by sympy."""
    if POLYNOMIAL.fullmatch(reference) and plain(reference) and len(reference) < 40:
        polynomial = _sympy(reference)
        if polynomial is not None:
            import sympy

            yield sympy.latex(sympy.expand(polynomial))
            yield sympy.latex(sympy.factor(polynomial))


def _sympy(reference: str) -> object:
    from sympy import Symbol
    from sympy.parsing.sympy_parser import (
        convert_xor,
        implicit_multiplication,
        parse_expr,
        standard_transformations,
    )

    names = {letter: Symbol(letter) for letter in set(re.findall("[A-Za-z]", reference))}
    spaced = re.sub(r"(?<=[A-Za-z])(?=[A-Za-z(])", "*", reference)
    rules = (*standard_transformations, convert_xor, implicit_multiplication)
    try:
        return parse_expr(spaced, local_dict=names, transformations=rules)
    except (SyntaxError, TypeError):
        return None


@equal
def other_equation(reference: str) -> Iterator[str]:
    """An equation with its sides changed, doubled, and brought to one side."""
    found = re.fullmatch(r"([^=<>,_]+)=([^=<>,]+)", reference)
    if found and "dots" not in reference and "(x)" not in found[1] and "(n)" not in found[1]:
        left, right = found[1].strip(), found[2].strip()
        yield f"{right} = {left}"
        yield f"2({left}) = 2({right})"
        yield f"{left} - ({right}) = 0"


@equal
def complex_order(reference: str) -> Iterator[str]:
    """The imaginary part first."""
    if found := re.fullmatch(r"(-?\d+)\s*([+-])\s*(\d+i)", reference):
        yield f"{found[2].replace('+', '')}{found[3]} + {found[1]}"


@equal
def both_signs(reference: str) -> Iterator[str]:
    """The two values of ±."""
    if found := re.fullmatch(r"(\d+)\s*\\pm\s*(.*)", reference):
        yield f"{found[1]} - {found[2]}, {found[1]} + {found[2]}"


@equal
def other_matrix(reference: str) -> Iterator[str]:
    """Square brackets for round ones, and a column as a tuple."""
    if "pmatrix" in reference:
        yield reference.replace("pmatrix", "bmatrix")
        if "&" not in reference:
            inside = re.sub(r"\\(?:begin|end)\{pmatrix\}", "", reference)
            yield "(" + ", ".join(part.strip() for part in inside.split("\\\\")) + ")"


@equal
def other_word(reference: str) -> Iterator[str]:
    r"""A word in `\text`, without it, and in another case."""
    if found := WORD.fullmatch(reference):
        yield rf"\text{{{found[1]}}}"
        yield found[1]
        yield found[1].lower() if found[1][0].isupper() else found[1].capitalize()


@equal
def letter(reference: str) -> Iterator[str]:
    r"""The letter of an option in its usual dress."""
    if found := re.fullmatch(r"(?:\\text\{\()?([A-E])(?:\)\})?", reference):
        yield found[1]
        yield f"({found[1]})"
        yield rf"\text{{{found[1]}}}"
        yield rf"\textbf{{({found[1]})}}"
