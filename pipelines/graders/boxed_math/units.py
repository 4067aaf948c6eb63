"""What may follow a number and name what is measured or counted."""

from __future__ import annotations

from pipelines.graders.boxed_math.bounds import Unreadable
from pipelines.graders.boxed_math.spelling import spaced

# What may follow a number and name what is measured: name, =, other spellings. Plurals are added.
UNITS = {
    spelling: names.partition("=")[0]
    for names in spaced(
        "cm=centimeter=centimetre mm=millimeter=millimetre m=meter=metre km=kilometer=kilometre "
        "dm=decimeter=decimetre in=inch=inches ft=foot=feet yd=yard mi=mile g=gram kg=kilogram "
        "mg=milligram t=ton=tonne lb=lbs=pound oz=ounce s=sec=second min=minute h=hr=hour day week "
        "month year l=L=liter=litre ml=mL=milliliter=millilitre J=joule N=newton W=watt V=volt "
        "A=ampere Hz=hertz Pa=pascal K=kelvin °=degree=deg rad=radian %=percent=percentage=pct "
        "$=dollar=usd cent euro=€ £ yuan rouble=ruble mph kph=kmh unit ha=hectare men people "
        "th st nd rd"
    )
    for spelling in names.split("=")
}
# Words after a number that make another number of it, or a claim of another kind. Any other word
# of three letters or more names what is counted.
_NOT_UNITS = frozenset(
    spaced(
        "ten hundred thousand million billion trillion dozen half halve third quarter time fold "
        "more les fewer most least max maximum min minimum squared cubed factorial base mod modulo "
        "remainder not minu plu negative over under above below are when only each exactly about "
        "approximately otherwise yes true false odd even none all"
    )
)


# Words after a number that multiply it.
SCALES = {
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "dozen": 12,
}


def is_unit(text: str) -> bool:
    """Whether a word is a known unit, not only something that is counted."""
    return any(each in UNITS for each in (text, text.casefold().removesuffix("s")))


def unit_name(text: str) -> str:
    """The unit of a word, in one spelling. Unreadable where it is none."""
    for spelling in (text, text.casefold(), text.casefold().removesuffix("s")):
        if spelling in UNITS:
            return UNITS[spelling]
    stem = text.removesuffix("s")
    if len(text) < 3 or not text.islower() or stem.removesuffix("th") in _NOT_UNITS:
        raise Unreadable
    return stem
