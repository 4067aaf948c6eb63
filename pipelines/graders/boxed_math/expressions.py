"""The tokens of one expression as a tree, by recursive descent."""

from __future__ import annotations

import re
from fractions import Fraction

from pipelines.graders.boxed_math.bounds import MAX_DEPTH, MAX_SIGNS, Unreadable
from pipelines.graders.boxed_math.brackets import closing, joined, split
from pipelines.graders.boxed_math.tokens import ANSWERS, FUNCTIONS, OPENING, Token
from pipelines.graders.boxed_math.trees import MINUS_ONE, Node, negative
from pipelines.graders.boxed_math.units import UNITS, is_unit, phrase, unit_name

_FUNCTION_LETTERS = frozenset("fghFGH")  # functions before any bracket
_NUMBER = re.compile(r"-?(?:[\d.]+(?:/\d+)?|frac(?:\d+|\{\d+\}){1,2})")
_FACTORS: dict[str, tuple[Node, ...]] = {
    "%": (("num", Fraction(1, 100)),),
    "°": (("sym", "π"), ("num", Fraction(1, 180))),
}
_RATES = {"mph": {"mi": 1, "h": -1}, "kph": {"km": 1, "h": -1}}
_JOINING = frozenset(("per", "square", "sq", "cubic", "cu"))
_END: Token = ("end of text", "")


class Parser:
    """Recursive descent over the tokens of one expression, with LaTeX's implicit products."""

    def __init__(self, part: list[Token], depth: int) -> None:
        if depth > MAX_DEPTH:
            raise Unreadable
        self.tokens = part
        self.depth = depth
        self.at = 0
        self.units = False  # may a unit end this expression
        self.bars = False  # does a | close an absolute value

    @property
    def token(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else _END

    def take(self, *signs: str) -> str:
        kind, text = self.token
        if kind == "sign" and text in signs:
            self.at += 1
            return text
        return ""

    def whole(self) -> Node:
        node = self.sum()
        if self.at < len(self.tokens):
            raise Unreadable
        return node

    def quantity(self) -> Node:
        self.units = True
        minus = self.take("-")
        unit = UNITS.get(self.take("$", "€", "£"), "")
        if minus and not unit:
            self.at = 0
        node = self.sum()
        if minus and unit:
            node = negative(node)
        after = self.unit()
        if unit and after:
            raise Unreadable
        if node[0] == "add" and after in _FACTORS:  # α + 30°
            node, after = (*node[:-1], ("mul", node[-1], *_FACTORS[after])), ""
        return ("qty", node, unit or after)

    def sum(self) -> Node:
        terms = [self.signed()]
        while self.token in (("sign", "+"), ("sign", "-"), ("sign", "pm"), ("sign", "mp")):
            terms.append(self.signed())
        return terms[0] if len(terms) == 1 else ("add", *terms)

    def signed(self) -> Node:
        sign, either = 1, 0
        while taken := self.take("+", "-", "pm", "mp"):
            if taken in ("pm", "mp"):
                if either:
                    raise Unreadable
                either = 1 if taken == "pm" else -1
            elif taken == "-":
                sign = -sign
        term = self.term()
        if either:
            return ("pm", sign * either, term)
        return term if sign > 0 else negative(term)

    def term(self) -> Node:
        factors = [self.power()]
        while True:
            if self.take("*"):
                factors.append(self.factor())
            elif self.take("/"):
                factors.append(("pow", self.factor(), MINUS_ONE))
            elif self.starts_factor():
                zero = joined(self.tokens[self.at : self.at + 3]) == "(0)"
                if zero and factors[-1][0] != "num":
                    raise Unreadable  # i(0), (f + g)(0): a value, hardly a product
                factors.append(self.power())
            else:
                return factors[0] if len(factors) == 1 else ("mul", *factors)

    def factor(self) -> Node:
        return negative(self.power()) if self.take("-") else self.power()

    def starts_factor(self) -> bool:
        kind, text = self.token
        if kind == "number":
            raised = self.at > 1 and self.tokens[self.at - 2] == ("sign", "^")
            if self.tokens[self.at - 1][0] == "number" and not raised:
                raise Unreadable  # "2 3" is no product, 2^6 3^5 is one
            return True
        if kind == "word":
            if self.units and text in UNITS:  # 40 min is no minimum, 2 sec x no time
                after = self.tokens[self.at + 1 : self.at + 2]
                return text in FUNCTIONS and after != [] and after[0][1] not in ("/", "per", ".")
            return not self.units or len(text) == 1 or text in FUNCTIONS
        if kind == "sign":
            return text in ("(", "[", "{", "⌊", "⌈") or (text == "|" and not self.bars)
        return kind in ("symbol", "command")

    def power(self) -> Node:
        node = self.primary()
        for _ in range(MAX_SIGNS + 1):
            last = self.units and self.at == len(self.tokens) - 1
            if self.take("!"):
                node = ("fn", "double factorial" if self.take("!") else "factorial", node)
            elif not last and (sign := self.take(*_FACTORS)):
                node = ("mul", node, *_FACTORS[sign])
            elif self.take("^"):
                node = ("pow", node, self.exponent())
            else:
                return node
        raise Unreadable

    def exponent(self) -> Node:
        sign = self.take("-")
        exponent = self.nested()
        return negative(exponent) if sign else exponent

    def nested(self) -> Node:
        """One factor of an outer command, such as what stands below a root."""
        self.depth += 1
        node = self.primary()
        self.depth -= 1
        return node

    def primary(self) -> Node:
        if self.depth > MAX_DEPTH:
            raise Unreadable
        kind, text = self.token
        if kind == "sign":
            if text in ("⌊", "⌈"):
                return ("fn", "floor" if text == "⌊" else "ceiling", self.group())
            if text in ("(", "[", "{"):
                return self.group()
            if text == "|" and not self.bars:
                return self.absolute()
            raise Unreadable
        self.at += 1
        if kind == "number":
            return self.number(text)
        if kind == "symbol" or (kind == "word" and (len(text) == 1 or is_segment(text))):
            return self.symbol(text)
        if kind == "command":
            return self.command(text)
        if kind == "word" and text in FUNCTIONS:
            return self.function(FUNCTIONS[text])
        raise Unreadable

    def group(self) -> Node:
        close = closing(self.tokens, self.at)
        if self.tokens[close][1] != OPENING[self.token[1]]:
            raise Unreadable
        inner = self.tokens[self.at + 1 : close]
        self.at = close + 1
        return Parser(inner, self.depth + 1).whole()

    def absolute(self) -> Node:
        self.at += 1
        self.bars, units, self.units = True, self.units, False
        self.depth += 1
        node = self.sum()
        self.depth -= 1
        self.bars, self.units = False, units
        if not self.take("|"):
            raise Unreadable
        return ("fn", "abs", node)

    def number(self, text: str) -> Node:
        """A number, with the fraction after it where it is mixed: 3 1/2, 3\\frac{1}{2}."""
        start, value = self.at, Fraction(text)
        if not text.isdigit():  # 2.50 is no number that was rounded to one place
            number: Node = ("num", value)
            return ("mul", number) if "." in text and text.endswith("0") else number
        above: Node = ("sym", "")
        below = above
        ahead = self.tokens[start : start + 3]
        if [kind for kind, _ in ahead] == ["number", "sign", "number"] and ahead[1][1] == "/":
            above, below = (("num", Fraction(ahead[place][1])) for place in (0, 2))
            self.at += 3
        elif self.token == ("command", "frac"):
            self.at += 1
            above, below = self.argument(), self.argument()
        if above[0] == below[0] == "num" and above[1] < below[1]:
            return ("num", value + above[1] / below[1])
        self.at = start
        return ("num", value)

    def symbol(self, name: str) -> Node:
        if self.take("_"):
            below = self.span()
            name = f"{name}_{joined(below)}"
        while self.take("'"):
            name += "'"
        if name[0] in _FUNCTION_LETTERS and joined(self.tokens[self.at : self.at + 6]) == "^{-1}(":
            name += "^-1"  # the inverse function
            self.at += 5
        return self.called(name)

    def called(self, name: str) -> Node:
        """A name, or the value of a function: before symbols, several arguments or one number.

        P(x), P(0), P(-1/2) are values, a(b + c) and a(2)^n products. Only after f, g and h any
        argument makes a value; P(0) to a power is one too.
        """
        if self.token != ("sign", "(") or name in ("π", "e", "i"):
            return ("sym", name)
        close = closing(self.tokens, self.at)
        inner = self.tokens[self.at + 1 : close]
        given, commas = split(inner, ",")
        bare = all(len(each) == 1 and each[0][0] == "symbol" for each in given)
        raised = self.tokens[close + 1 : close + 2] == [("sign", "^")] and joined(inner) != "0"
        number = not raised and _NUMBER.fullmatch(joined(inner))
        if not (bare or number or commas or name[0] in _FUNCTION_LETTERS):
            return ("sym", name)
        self.at = close + 1
        return ("call", name, *(Parser(each, self.depth + 1).whole() for each in given))

    def span(self) -> list[Token]:
        """The tokens of the next group, or the next token alone."""
        start = self.at
        if self.token == ("sign", "{"):
            self.at = closing(self.tokens, start) + 1
            return self.tokens[start + 1 : self.at - 1]
        self.at += 1
        return self.tokens[start : self.at]

    def argument(self) -> Node:
        r"""An argument of \frac or \binom: a group, or one digit or sign."""
        kind, text = self.token
        if kind == "number" and len(text) > 1 and text.isdigit():
            self.tokens = [*self.tokens]
            self.tokens[self.at : self.at + 1] = [(kind, digit) for digit in text]
        return self.nested()

    def command(self, name: str) -> Node:
        if name == "frac":
            above, below = self.argument(), self.argument()
            return ("mul", above, ("pow", below, MINUS_ONE))
        if name == "binom":
            return ("fn", "binomial", self.argument(), self.argument())
        if name == "sqrt":
            index: Node = ("num", Fraction(2))
            if self.token == ("sign", "["):
                index = self.group()
            return ("pow", self.nested(), ("pow", index, MINUS_ONE))
        name = "overrightarrow" if name == "vec" else name
        if name in ("angle", "triangle", "overline", "overrightarrow", "vec", "bar", "hat"):
            return self.called(f"{name} {joined(self.span())}")
        if name in FUNCTIONS:
            return self.function(name)
        raise Unreadable

    def function(self, name: str) -> Node:
        """A function with its argument, which ends before a sum, a function or a bracket."""
        self.depth += 1
        base: Node | None = None
        if name == "log" and self.take("_"):
            base = self.argument()
        power: Node | None = None
        if self.take("^"):
            power = self.exponent()
            if power == MINUS_ONE and f"arc{name}" in FUNCTIONS:
                name, power = f"arc{name}", None
        node: Node
        if name in ("gcd", "lcm", "max", "min"):
            if self.token[1] not in ("(", "\\{"):
                raise Unreadable
            start, self.at = self.at + 1, closing(self.tokens, self.at) + 1
            given = split(self.tokens[start : self.at - 1], ",")[0]
            node = ("fn", name, *(Parser(each, self.depth).whole() for each in given))
        else:
            units, self.units = self.units, False
            node = ("fn", name, self.operand())
            self.units = units
        self.depth -= 1
        if base is not None:
            node = ("mul", ("fn", "ln", node[2]), ("pow", ("fn", "ln", base), MINUS_ONE))
        return node if power is None else ("pow", node, power)

    def operand(self) -> Node:
        if self.token[1] in ("(", "{", "[", "|"):
            return self.primary()
        factors: list[Node] = []
        numbers = True  # sin 2(x + 1) is the sine of it all, sin x(x + 1) a product
        while True:
            kind, text = self.token
            function = text in FUNCTIONS or text in ("sqrt", "binom")
            if factors and ((kind == "command" and function) or (kind == "sign" and not numbers)):
                break
            if factors and not self.starts_factor():
                break
            factors.append(self.power())
            numbers = numbers and kind == "number"
        return factors[0] if len(factors) == 1 else ("mul", *factors)

    def unit(self) -> str:
        """The unit that ends a quantity, in one spelling; empty where there is none."""
        counted = [text for kind, text in self.tokens[self.at :] if kind == "word"]
        nothing_else = 1 < len(counted) == len(self.tokens) - self.at
        if nothing_else and not _JOINING & {*counted} and not all(map(is_unit, counted)):
            self.at = len(self.tokens)
            return phrase(counted)
        powers: dict[str, int] = {}
        sign, factor = 1, 1
        while self.at < len(self.tokens):
            kind, text = self.token
            self.at += 1
            if text in ("/", "per"):
                sign = -1
            elif text in ("square", "sq", "cubic", "cu"):
                factor = 3 if text[0] == "c" else 2
            elif kind in ("word", "symbol") or text in UNITS:
                name = unit_name(text)
                self.take(".")
                if self.take("^"):
                    exponent = joined(self.span())
                    if exponent not in ("1", "2", "3", "-1", "-2", "-3"):
                        raise Unreadable
                    factor = int(exponent)
                for part, times in _RATES.get(name, {name: 1}).items():
                    powers[part] = powers.get(part, 0) + times * sign * factor
                sign, factor = 1, 1
            elif text != "*":
                raise Unreadable
        if len(powers) > 1 and not all(map(is_unit, powers)):
            raise Unreadable
        return " ".join(
            name if powers[name] == 1 else f"{name}^{powers[name]}" for name in sorted(powers)
        )


def is_segment(word: str) -> bool:
    """Whether a word is the name of a figure: AB, ABCD."""
    return word.isupper() and word.casefold() not in ANSWERS
