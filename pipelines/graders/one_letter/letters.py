"""The letters that a text gives as its answer.

A text is read as tokens, and from none of them further than `_FAR` tokens ahead, so that the time
is in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.graders.one_letter.words import (
    BEFORE,
    BETWEEN,
    BOXES,
    CHOOSES,
    DENIES,
    GROUPS,
    JOINS,
    KINDS,
    LINKS,
    ME,
    NAMES,
    NOUNS,
    OTHER,
    STOPS,
    STYLES,
    SUPPOSES,
    THUS,
    VERBS,
    WHY,
    WRONG,
)

_FAR = 40
# A LaTeX command, a word with its inner hyphens and apostrophes, a sign, the end of a line.
_TOKEN = re.compile(r"\\[A-Za-z]+|[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]|[\n\r]")
_WIDE = {0xFF01 + n: 0x21 + n for n in range(94)}  # Ｂ and ： of fonts as wide as Chinese signs
_SMALL = frozenset("abcdefghij")
_LINE_ENDS = frozenset("\n\r")
_ENDS = _LINE_ENDS | frozenset(".!?")
_PAUSES = _ENDS | frozenset(",;:")
_QUOTES = frozenset("*)]}$'\"”")


def chosen(text: str, options: Sequence[str] = ()) -> set[str]:
    """The letters that a text gives as its answer; with options, their own texts are no letters."""
    return _Reader(text, options).chosen()


class _Reader:
    def __init__(self, text: str, options: Sequence[str]) -> None:
        text = text.translate(_WIDE).replace(" as well as ", " and ")
        self.tokens = _TOKEN.findall(text)
        self.low = [token.lower().replace("’", "'") for token in self.tokens]
        self.options = [_TOKEN.findall(option.translate(_WIDE)) for option in options]

    def chosen(self) -> set[str]:
        stated: set[str] = set()  # in the last line that states an answer
        spoken: set[str] = set()  # in the last that chooses, or calls a letter correct
        group: set[str] = set()  # the letters that are joined up to here
        stated_in = spoken_in = line = last = -1
        begins = True
        bare: set[str] = set()  # letters that are alone in a line, and those with which one begins
        listed: set[str] = set()
        for at, token in enumerate(self.tokens):
            if token in _LINE_ENDS:
                begins, group = True, set()
                continue
            if begins:
                begins, line, last = False, line + 1, at
                first, alone = self._heads(at)
                (bare if alone else listed).update(first)
            word = self.low[at]
            named = self._letter(at)
            if named:
                group = group | {named}
            elif token in _ENDS or (token[0].isalnum() and word not in GROUPS):
                group = set()
            if word in NAMES and (letters := self._letters(self._place(at))):
                stated = letters | stated if stated_in == line else letters
                stated_in = line
            if named and self._right(at) and not self._doubted(at):
                letters = group
            elif word in CHOOSES:
                letters = self._choice(at)
            else:
                continue
            if letters:
                spoken = letters | spoken if spoken_in == line else letters
                spoken_in = line
        if stated:
            return stated
        if last >= 0 and (head := self._heads(last))[0]:
            others = bare if head[1] else bare | listed
            return self._letters(last) if others <= head[0] else set()
        return spoken

    def _low(self, at: int) -> str:
        return self.low[at] if at < len(self.low) else "\n"

    def _ahead(self, at: int) -> range:
        return range(at, min(at + _FAR, len(self.tokens)))

    def _letter(self, at: int) -> str:
        """The letter at a place: a capital by itself, or a small one before a bracket, b)."""
        token = self.tokens[at]
        if len(token) != 1 or not token.isalpha():
            return ""
        if token.isupper():
            return "" if token == "I" and self._low(at + 1) in ME else token
        return token.upper() if token in _SMALL and self._low(at + 1) == ")" else ""

    def _text(self, at: int) -> bool:
        """Whether a word stands here that joins no letters: the option's text, or a reason."""
        token = self.tokens[at]
        if not token[0].isalnum() or self._letter(at) or self.low[at] in BETWEEN:
            return False
        return not (token.isdecimal() and self._low(at + 1) == "%")

    def _before(self, at: int) -> list[str]:
        """The words of a clause before a place, five at most, the last first."""
        words: list[str] = []
        for place in range(at - 1, max(at - 10, -1), -1):
            if self.tokens[place] in _PAUSES or len(words) == 5:
                break
            if self.tokens[place][0].isalnum():
                words.append(self.low[place])
        return words

    def _doubted(self, at: int) -> bool:
        """Whether what is said at a place is denied or supposed: "I do not think the answer"."""
        for word in self._before(at):
            if word in DENIES or word in SUPPOSES:
                return True
            if word in THUS:
                return False
        return False

    def _place(self, at: int) -> int | None:
        """Where the letter should stand of an answer that is named here; None where none is."""
        word = self._low(at)
        if word in BOXES:
            return at + 1
        if set(self._before(at)[:1]) & OTHER or self._doubted(at):
            return None
        words = 0
        for place in self._ahead(at + 1):
            token = self._low(place)
            if token in DENIES:
                return None
            if token in LINKS:
                return place + 1
            if self._letter(place):
                direct = word in NOUNS and not words
                return place if direct and not self._denied(place) else None
            if token in _LINE_ENDS and not words and word in NOUNS and self._heading(at):
                return place
            if token in _ENDS and (words or token != "."):
                return None
            words += token[0].isalnum() and token not in BEFORE
            if words > 6:
                return None
        return None

    def _heading(self, at: int) -> bool:
        return set(self._before(at)) <= BEFORE

    def _choice(self, at: int) -> set[str]:
        """The letters after "I choose", "I go with"."""
        before = self._before(at)
        going = self.low[at] != "with" or before[:1] in (["go"], ["going"], ["went"])
        return self._letters(at + 1) if going and not self._doubted(at) else set()

    def _letters(self, at: int | None) -> set[str]:
        """The letters of an answer that should begin at a place; none where it is in words."""
        if at is None:
            return set()
        lines = 0
        for place in self._ahead(at):
            token = self.tokens[place]
            letter = self._letter(place)
            if not letter and token in _SMALL and self._alone(place):
                letter = token.upper()
            if letter:
                break
            lines += token in _LINE_ENDS
            if token in "!≠¬" or (
                token[0] == "\\" and len(token) > 1 and token not in STYLES | BOXES
            ):
                return set()
            if token[0].isalnum() and self._low(place) not in BEFORE:
                return set()
        else:
            return set()
        if self._denied(place) or self._named(place) or (lines and self._lists(place)):
            return set()
        return {letter} | self._others(self._own_text(place), letter)

    def _alone(self, at: int) -> bool:
        """Whether nothing but signs follows in the line."""
        for place in self._ahead(at + 1):
            if self.tokens[place] in _LINE_ENDS:
                return True
            if self.tokens[place][0].isalnum():
                return False
        return True

    def _heads(self, at: int) -> tuple[set[str], bool]:
        """The letter with which a line begins, "(B)", "B. beriberi", and whether it is alone."""
        for place in self._ahead(at):
            if letter := self._letter(place):
                after = self._low(place + 1)
                return ({letter}, self._alone(place)) if not after[0].isalnum() else (set(), False)
            if self.tokens[place][0].isalnum() and self._low(place) not in KINDS:
                break
            if self.tokens[place] in _LINE_ENDS:
                break
        return set(), False

    def _lists(self, at: int) -> bool:
        """Whether the line after that of a letter begins with another letter: a list of options."""
        for place in self._ahead(at):
            if self.tokens[place] in _LINE_ENDS and self._low(place + 1) not in _LINE_ENDS:
                return bool(self._heads(place + 1)[0] - {self._letter(at)})
        return False

    def _denied(self, at: int) -> bool:
        """Whether a letter is said to be wrong: "C is not", "C cannot", "C is incorrect"."""
        verb = False
        for place in self._ahead(at + 1):
            word = self._low(place)
            if self.tokens[place] in VERBS:  # "D) Cannot …" is an option's text
                verb = True
            elif self.tokens[place] in WRONG:
                return verb or word in DENIES - {"not", "never"}
            elif word not in _QUOTES:
                return False
        return False

    def _right(self, at: int) -> bool:
        """Whether a letter is said to be the answer: "B is correct", "(B) is the best option"."""
        verb = right = False
        for place in self._ahead(at + 1):
            word = self._low(place)
            if right and (word in WHY or (word in _PAUSES and word != "?")):
                return True
            if word in VERBS:
                verb = True
            elif word in ("correct", "right", "best", "answer"):
                right = verb
            elif word not in _QUOTES and word not in BEFORE and word != "response":
                return False
        return right

    def _named(self, at: int) -> bool:
        """Whether an option's own text stands here, "C. difficile", and so no letter."""
        return any(
            any(len(token) > 1 for token in option) and self.tokens[at : at + len(option)] == option
            for option in self.options
            if option
        )

    def _own_text(self, at: int) -> int:
        """The place after a letter, and after the text of its option where that follows."""
        number = ord(self.tokens[at].upper()) - ord("A")
        option = self.options[number] if 0 <= number < len(self.options) else []
        words = [token.lower() for token in option if token[0].isalnum()]
        place = at + 1
        for word in words:
            while place < len(self.tokens) and not self.tokens[place][0].isalnum():
                place += 1
            if self._low(place) != word.replace("’", "'"):
                return at + 1
            place += 1
        return place

    def _others(self, at: int, letter: str) -> set[str]:
        """The first other letter that is given as the answer too, from a place on."""
        text = bool(self.tokens[at - 1 : at]) and self._letter(at - 1) != letter  # the option's own
        words = ended = joined = other_line = False
        for place in self._ahead(at):
            token = self.tokens[place]
            if token in _ENDS:
                if words and not self._letter(place - 1):
                    return set()
                ended, joined = True, False
                other_line = other_line or token in _LINE_ENDS
            elif other := self._letter(place):
                if other == letter:
                    joined = False
                elif (text or words) and self._label(place, joined) and not other_line:
                    if self._also(place, False, True):
                        return {other}
                elif not words:
                    return {other} if self._also(place, ended, joined) else set()
            elif self.low[place] in STOPS:
                return set()
            elif token[0].isalnum():
                words = words or self._text(place)
                if words and other_line:
                    return set()
                if self.low[place] not in KINDS:
                    joined = self.low[place] in (JOINS if words else BETWEEN)
        return set()

    def _label(self, at: int, joined: bool) -> bool:
        """Whether a letter after other words is that of an option: "B. beriberi or C. rickets"."""
        before = at - 1
        while self.tokens[before] in "([{*":
            before -= 1
        if not joined and self.tokens[before] not in "/|&+,;":
            return False
        after = self._low(at + 1)
        if after in ".:":
            return self._low(at + 2) not in _LINE_ENDS
        return after in "()" or not KINDS.isdisjoint(self._before(at)[:1])

    def _also(self, at: int, ended: bool, joined: bool) -> bool:
        """Whether a second letter is an answer too, and not the subject of what is said of it.

        ended: whether a sentence ended before it. joined: whether a word joins it to the first.
        """
        verb = more = False
        for place in self._ahead(at + 1):
            token, word = self.tokens[place], self.low[place]
            if token in _ENDS:
                name = place == at + 1 and token == "." and self._low(place + 1).isalpha()
                return joined or not (name and self.tokens[place + 1].islower())  # E. coli
            if self._letter(place):
                more = True
            elif self._text(place) or word == "no":
                article = self.tokens[at] in "AI" and place == at + 1 and word not in WHY
                if ended or article or (verb and word in WRONG):
                    return False
                return joined or (more and not verb)
            verb = verb or word in VERBS
        return True
