"""Bar charts as static SVG by pygal, each bar a link to its rows.

Of what pygal gives, its script, style sheet and comments (one holds the day) are left out, so that
the same numbers give the same bytes and the page's own style sheet has the colors.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cache
from math import ceil
from typing import Any
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

from markupsafe import Markup

# Viewed at a width of 480 at most, so that texts have their size, and at 320 still 9 px.
_WIDTH, _FONT = 480, 14

# Characters of labels that stand side by side.
_FITTING = 56

# Below it, each whole number is a tick.
_SMALL = 6

_HREF = "{http://www.w3.org/1999/xlink}href"

# A bar: its value, and the address of its rows.
Bar = tuple[float, str]


def bars(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[Bar]],
    *,
    horizontal: bool = False,
    percent: bool = False,
) -> Markup:
    """A chart of grouped bars, a group for each label; the same numbers stand beside it as text."""
    pygal, style = _library()
    kind = pygal.HorizontalBar if horizontal else pygal.Bar
    rows = len(labels) * len(series)
    chart = kind(
        style=style.Style(
            label_font_size=_FONT,
            major_label_font_size=_FONT,
            legend_font_size=_FONT,
            title_font_size=_FONT,
        ),
        width=_WIDTH,
        height=90 + max(20 * rows, 26 * len(labels)) if horizontal else 260,
        show_legend=len(series) > 1,
        legend_at_bottom=True,
        js=[],
        css=[],
        no_prefix=True,
        disable_xml_declaration=True,
        pretty_print=False,
        x_label_rotation=0 if horizontal or len("  ".join(labels)) < _FITTING else 45,
        truncate_label=22,
        truncate_legend=22,
        margin=8,
        show_y_guides=not horizontal,
        min_scale=2,
        max_scale=5,
        include_x_axis=True,
    )
    places = labels[::-1] if horizontal else labels
    chart.x_labels = places
    most = max((value for values in series.values() for value, _ in values), default=0)
    if not percent and most < _SMALL:
        # Counts are whole; without these, halves between them are drawn and written as whole ones.
        chart.y_labels = range(max(ceil(most), 1) + 1)
    chart.formatter = (lambda value: f"{value:.0%}") if percent else (lambda value: f"{value:,.0f}")
    chart.value_formatter = chart.formatter
    for name, values in series.items():
        ordered = values[::-1] if horizontal else values
        chart.add(name, [{"value": v, "xlink": {"href": a, "target": "_self"}} for v, a in ordered])
    root = fromstring(chart.render())
    _keep_drawn(root)
    root.attrib |= {"role": "img", "aria-label": title}
    root.remove(root[0])  # the title that pygal gives a chart without one
    drawn = Markup(tostring(root, "unicode", method="html"))
    return Markup("<figcaption>{}</figcaption>{}").format(title, drawn)


@cache
def _library() -> tuple[Any, Any]:
    """pygal and its styles, without the finder that it adds to Python's imports.

    That one has no `find_spec`, of which later imports of anybody's would warn, and finds plug-ins
    of pygal alone.
    """
    import pygal
    from pygal import style

    sys.meta_path[:] = [one for one in sys.meta_path if type(one).__module__ != pygal.__name__]
    return pygal, style


def _keep_drawn(root: Element) -> None:
    """Leave out what is not drawn, and say what each bar is."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    for link in root.iter("a"):
        described = {one.get("class"): one.text for one in link.findall("desc")}
        link.set("tabindex", "-1")  # the table beside the chart has the same addresses
        link.set("href", link.attrib.pop(_HREF))
        link.attrib.pop("target", None)
        SubElement(link, "title").text = f"{described.get('x_label')}: {described.get('value')}"
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in ("script", "style", "desc", "defs") or any(
                word in child.get("class", "") for word in ("tooltip-overlay", "text-overlay")
            ):
                parent.remove(child)
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if value == "" or key in ("id", "rx", "ry"):
                del element.attrib[key]
            elif key in ("x", "y", "width", "height") and "." in value:
                element.set(key, f"{float(value):.1f}")
