"""What may follow a number and name what is measured or counted."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.graders.boxed_math.bounds import Unreadable
from pipelines.graders.boxed_math.spelling import spaced

# What may follow a number and name what is measured: name, =, other spellings. Plurals are added.
UNITS = {
    spelling: names.partition("=")[0]
    for names in spaced(
        "cm=centimeter=centimetre mm=millimeter=millimetre m=meter=metre km=kilometer=kilometre "
        "dm=decimeter=decimetre in=inch=inches ft=foot=feet yd=yard mi=mile g=gram kg=kilogram "
        "mg=milligram t=ton=tonne lb=lbs=pound oz=ounce s=sec=second minute=min h=hr=hour day week "
        "month year=yr l=L=liter=litre ml=mL=milliliter=millilitre J=joule N=newton W=watt V=volt "
        "A=ampere Hz=hertz Pa=pascal K=kelvin °=degree=deg rad=radian %=percent=percentage=pct "
        "$=dollar=usd cent euro=€ £ yuan rouble=ruble mph kph=kmh unit ha=hectare men people"
    )
    for spelling in names.split("=")
}
# Words after a number that make another number of it, or a claim of another kind. Any other word
# of three letters or more names what is counted.
_SI = re.compile(
    "[kMGTcdmunpfμµ](?:eV|mol|cal|Hz|Pa|bar|rad|B|b|g|s|m|J|N|W|V|A|K|L|l|F|C|T)|eV|mol|cal|bar"
)
_NOT_UNITS = frozenset(
    spaced(
        "ten hundred thousand million billion trillion dozen half halve third quarter time fold "
        "more les fewer most least max maximum minimum squared cubed factorial base mod modulo "
        "remainder not minu plu negative over under above below are when only each exactly about "
        "approximately otherwise yes true false odd even none all "
        "los short late ago wrong out off from than too"
    )
)


def is_unit(text: str) -> bool:
    """Whether a word is a known unit, not only something that is counted."""
    return bool(_SI.fullmatch(text)) or any(
        each in UNITS for each in (text, text.casefold().removesuffix("s"))
    )


def unit_name(text: str) -> str:
    """The unit of a word, in one spelling. Unreadable where it is none."""
    if text not in UNITS and _SI.fullmatch(text):
        return text
    for spelling in (text, text.casefold(), text.casefold().removesuffix("s")):
        if spelling in UNITS:
            return UNITS[spelling]
    stem = text.removesuffix("s")
    if len(text) < 3 or not text.islower() or stem.removesuffix("th") in _NOT_UNITS:
        raise Unreadable
    return stem


def phrase(words: Sequence[str]) -> str:
    """What is counted, in a few words: right triangles. Unreadable where it is something else."""
    *first, last = words
    if len(words) > 3 or not last.endswith("s") or any(map(is_unit, words)):
        raise Unreadable
    return " ".join((*map(unit_name, first), unit_name(last)))
