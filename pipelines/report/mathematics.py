r"""Text of a row as HTML: every character escaped, and its mathematics as MathML.

Mathematics is what stands between `$…$`, `$$…$$`, `\(…\)` or `\[…\]`. What latex2mathml cannot
render stays as it is written. What it gives is taken apart and only elements and attributes of
MathML's presentation are kept, for what a row holds is not trusted. The LaTeX stands beside it as
an annotation, which browsers hide: a search and a copy find it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from xml.etree.ElementTree import Element, tostring

from markupsafe import Markup, escape

_MATH = re.compile(
    r"\$\$(?P<a>.+?)\$\$|\\\[(?P<b>.+?)\\\]|\\\((?P<c>.+?)\\\)"
    r"|(?<![\\$])\$(?P<d>[^$\n]*?[^$\n\\\s])\$(?!\d)",
    re.DOTALL,
)

# Longer formulas, and such as nest deeper, stay text: time and depth of their parser.
_LONGEST, _DEEPEST = 1_000, 40

_ELEMENTS = re.compile(
    "math|none|m(row|i|n|o|s|text|space|frac|sqrt|root|style|padded|phantom|enclose|table|tr|td|"
    "sub|sup|subsup|under|over|underover|multiscripts|prescripts)"
)
_ATTRIBUTES = re.compile(
    "mathvariant|stretchy|fence|separator|form|[lr]space|linethickness|accent(under)?|width|height|"
    "depth|largeop|movablelimits|(min|max)size|displaystyle|scriptlevel|notation|symmetric|"
    "(column|row)(align|lines|spacing)"
)


def html(text: str) -> Markup:
    """A text as HTML, its mathematics as MathML; nothing in it can be markup of its own."""
    parts, end = [], 0
    for match in _MATH.finditer(text):
        latex = next(filter(None, match.groups()))
        formula = mathml(latex)
        if formula is not None:
            parts += [escape(text[end : match.start()]), formula]
            end = match.end()
    return Markup("").join([*parts, escape(text[end:])])


@lru_cache(maxsize=20_000)
def mathml(latex: str) -> Markup | None:
    """A formula as MathML; None where it cannot be rendered."""
    if len(latex) > _LONGEST or latex.count("{") > _DEEPEST:
        return None
    from latex2mathml.converter import convert_to_element

    try:
        element = convert_to_element(latex)
        presentation = list(element)
        safe = all(map(_presentation, element.iter()))
    except Exception:  # whatever its parser raises, of recursion too: the text is there
        return None
    if not safe:
        return None
    element.attrib.clear()
    semantics = Element("semantics")
    annotation = Element("annotation", encoding="application/x-tex")
    annotation.text = latex
    for child in presentation:
        element.remove(child)
    if len(presentation) != 1:
        row = Element("mrow")
        row.extend(presentation)
        presentation = [row]
    semantics.extend([*presentation, annotation])
    element.append(semantics)
    return Markup(tostring(element, "unicode", method="html"))


def _presentation(element: Element) -> bool:
    """Whether an element is one of MathML's presentation; what else it says of itself goes.

    latex2mathml gives characters as references; they are text here, and escaped when written.
    """
    element.text, element.tail = unescape(element.text or ""), unescape(element.tail or "")
    for name in list(element.attrib):
        if not _ATTRIBUTES.fullmatch(name):
            del element.attrib[name]
    return _ELEMENTS.fullmatch(element.tag) is not None
