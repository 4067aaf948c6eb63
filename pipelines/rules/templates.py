"""Family 4, continued: the templates in a grader's strings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.findings import pointer, show
from pipelines.graders.documented import IDENTIFIER, fields_of, graders, unreadable
from pipelines.graders.templates import Template, strings, templates
from pipelines.rules.multi_graders import used_names
from pipelines.rules.python_graders import read_of
from pipelines.rules.rule import Fault, rule

SAMPLE_FIELDS = ("output_text", "output_json", "output_tools", "choices", "output_audio")


def _texts(grader: Any) -> Iterator[tuple[str, str]]:
    """The strings that may hold templates, with their places.

    All but the source of a python grader and the formula of a multi grader, which are languages of
    their own and have rules of their own.
    """
    if not unreadable(grader):
        for path, text in strings(grader):
            if path[-1:] not in (("source",), ("calculate_output",)):
                yield pointer(list(path)), text


def _templates(grader: Any) -> Iterator[tuple[str, Template]]:
    for place, text in _texts(grader):
        for template in templates(text)[0]:
            yield place, template


@rule("RFT420", "error", source="OpenAI, graders guide, 2026")
def closes_templates(grader: Any) -> Iterator[Fault]:
    """Every `{{` of a grader is closed by `}}`.

    A brace after a template is text: a JSON object in one of Microsoft's samples ends in `}}}`.
    """
    for place, text in _texts(grader):
        _, unclosed = templates(text)
        if unclosed:
            yield place, f"{unclosed} '{{{{' without '}}}}' in {show(text)}", "close the template"


@rule("RFT421", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def reads_item_or_sample(grader: Any) -> Iterator[Fault]:
    """A template reads `item` or `sample`, there is nothing else."""
    for place, template in _templates(grader):
        if template.root not in ("item", "sample"):
            message = f"{show(str(template))} reads neither item nor sample"
            yield place, message, "write {{item.<field>}} or {{sample.output_text}}"


@rule("RFT422", "error", source="OpenAI, graders guide, 2026")
def reads_known_sample_field(grader: Any) -> Iterator[Fault]:
    """`sample` has output_text, output_json, output_tools, choices and output_audio."""
    for place, template in _templates(grader):
        if template.root == "sample" and template.steps[:1]:
            field = template.steps[0]
            if field not in SAMPLE_FIELDS:
                message = f"{show(str(template))} reads {show(field)}, which sample does not have"
                yield place, message, f"write one of {', '.join(SAMPLE_FIELDS)}"


@rule("RFT423", "error", source="Microsoft Foundry blog, April 2026")
def reads_json_of_a_format(grader: Any, response_format: Any) -> Iterator[Fault]:
    """`sample.output_json` is read only where the job has a response format."""
    if response_format is not None:
        return  # there is one, or (`...`) no job that could lack it
    for place, template in _templates(grader):
        if template.path[:2] == ("sample", "output_json"):
            message = f"{show(str(template))} is read, but the job has no response_format"
            yield place, message, "give one, or read sample.output_text"


@rule("RFT424", "warning", source="Microsoft's fine-tuning skill, 2026-08-21")
def has_no_spaces(grader: Any) -> Iterator[Fault]:
    """A template has no spaces inside its braces.

    Sources conflict: OpenAI and older pages of Microsoft's write `{{ item.x }}`, Microsoft's skill
    forbids it, the newest page never does it.
    """
    for place, template in _templates(grader):
        if template.inner != template.inner.strip():
            written = "{{" + template.inner.strip() + "}}"
            message = f"spaces inside the braces of {show(str(template))}"
            yield place, message, f"write {show(written)}"


@rule("RFT425", "warning", source="Microsoft's fine-tuning skill, 2026-08-21")
def has_no_index(grader: Any) -> Iterator[Fault]:
    """A template does not index a list.

    Sources conflict: OpenAI's guide has `{{sample.output_tools[0].function.name}}`, Microsoft's
    skill says that there is no array indexing.
    """
    for place, template in _templates(grader):
        if template.root in ("item", "sample") and template.indexes:
            message = f"{show(str(template))} uses {show(template.indexes[0])}"
            yield place, message, "put the value in a field of its own"


@rule("RFT426", "warning", source="this pipeline: no source names a character set")
def reads_named_fields(grader: Any) -> Iterator[Fault]:
    """A template names a field, by letters, digits and underscores."""
    for place, template in _templates(grader):
        if template.root not in ("item", "sample"):
            continue  # RFT421 says so
        if not template.steps:
            yield place, f"{show(str(template))} names no field", "name one, as in {{item.answer}}"
        names = template.names if template.root == "item" else template.names[1:]
        odd = [name for name in names if not IDENTIFIER.fullmatch(name)]
        if odd:
            message = f"{show(odd[0])} in {show(str(template))} is not a plain name"
            yield place, message, "rename the field: letters, digits and underscores"


@rule("RFT427", "error", source="this pipeline")
def reads_the_answer(grader: Any) -> Iterator[Fault]:
    """A grader reads what the model wrote.

    Otherwise every answer gets the same grade, and nothing is learnt. A part of a multi grader may
    tell kinds of items apart instead, if another part that the formula uses reads the answer. Of a
    python grader, whether `grade` uses its first parameter.
    """
    message = "the grade does not depend on the answer"
    remedy = "read sample.output_text, or a field of sample.output_json"
    parts = {place: _roots(part) for place, part in graders(grader) if part["type"] != "multi"}
    alone: tuple[set[str], ...] = (set(), {"item"})
    idle = [place for place, roots in parts.items() if roots in (alone[:1] if place else alone)]
    for place in idle:
        yield place, message, remedy
    for _, part in graders(grader, "multi"):
        names = used_names(part)
        used = [parts.get(pointer(["graders", name])) for name in names or ()]
        if names is not None and not idle and all(roots == {"item"} for roots in used):
            yield "", message, remedy


def _roots(part: Mapping[str, Any]) -> set[str] | None:
    """What a grader reads of `item` and `sample`; None where that is open or another rule's."""
    if part["type"] == "endpoint" or not fields_of(part["type"]).is_valid(part):
        return None  # it is sent both; RFT401 or the rule of a value says so
    if part["type"] == "python":
        return read_of(part["source"])
    texts = [text for key in ("input", "reference") for _, text in strings(part.get(key))]
    if any(templates(text)[1] for text in texts):
        return None  # RFT420 says so
    roots = {template.root for text in texts for template in templates(text)[0]}
    return None if roots - {"item", "sample"} else roots  # RFT421 says so


@rule("RFT428", "error", source="this pipeline")
def compares_two_things(grader: Any) -> Iterator[Fault]:
    """A string_check does not compare the answer with itself."""
    for place, part in graders(grader, "string_check"):
        if isinstance(part.get("input"), str) and isinstance(part.get("reference"), str):
            left, right = ({t.path for t in templates(part[k])[0]} for k in ("input", "reference"))
            if left == right and any(path[0] == "sample" for path in left):
                field = ".".join(min(left))
                message = f"input and reference both read {show(field)}"
                yield f"{place}/reference", message, "compare with a field of the item"


_NAMED = re.compile(r"\s*\{?\s*((?:item|sample)\.\w[\w.]*)\s*\}?\s*")


@rule("RFT429", "error", source="this pipeline")
def names_fields_in_braces(grader: Any) -> Iterator[Fault]:
    """Input and reference do not name a field as plain text, without two braces on either side."""
    for place, part in graders(grader, "string_check", "text_similarity"):
        for key in ("input", "reference"):
            named = _NAMED.fullmatch(part[key]) if isinstance(part.get(key), str) else None
            if named:
                message = f"{show(part[key])} is compared as it is, as plain text"
                yield f"{place}/{key}", message, f"write {{{{{named[1]}}}}}"
