"""Family 1: a JSONL file as bytes, lines and counts."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

import orjson

from pipelines.findings import pointer, show
from pipelines.io.jsonl import BOM
from pipelines.rules.rule import Fault, rule
from pipelines.rules.shapes import inside
from pipelines.rules.summary import CHECKED, FileSummary
from pipelines.rules.tables import limit

_SURROGATE = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\)\\u[dD][c-fC-F]")
_CONSTANT = re.compile(rb"[:\[,]\s*(-?Infinity|NaN)\b")

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?')
_NO_BRACKET = re.compile(rb"[^\[\]{}]+")

_QUOTAS = "Azure OpenAI, quotas and limits"


def oversize(line: bytes) -> str | None:
    """What makes a line too large to parse, or too deep to check; None where nothing does."""
    if len(line) > limit("line_bytes"):
        return f"the line is longer than {limit('line_bytes'):,} bytes"
    if len(line) > limit("line_values"):
        signs = sum(map(line.count, (b",", b":", b"[", b"{")))
        if signs > limit("line_values"):
            return f"{signs:,} commas, colons and opening brackets, over {limit('line_values'):,}"
    most = limit("line_levels")
    if line.count(b"{") + line.count(b"[") > most and _levels(line) > most:
        return f"the line is nested more than {most} levels deep"
    return None


def _levels(line: bytes) -> int:
    signs = _NO_BRACKET.sub(b"", _STRING.sub(b"", line))
    return max(accumulate(1 if sign in b"[{" else -1 for sign in signs), default=0)


def _syntax(line: bytes) -> str | None:
    """What orjson has against a line; None where it is JSON, or where another rule says it."""
    text = line.removeprefix(BOM)
    if not text.strip() or oversize(line):
        return None
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return str(error)
    return None


@rule("RFT101", "error", source="Learn, fine-tuning over REST")
def is_utf8(line: bytes) -> Iterator[Fault]:
    """A file is UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError as error:
        yield "", f"byte {error.start} is not UTF-8", "save the file as UTF-8"


@rule("RFT102", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def is_json_object(line: bytes) -> Iterator[Fault]:
    """Each line is one JSON object.

    A pretty-printed file and a JSON array fail here too, at their first line.
    """
    text = line.removeprefix(BOM)
    if not text.strip() or oversize(line):
        return  # RFT106 and RFT108 say so
    wrong = _syntax(line)
    named = any(next(test(line), None) for test in (is_utf8, has_no_constant, has_no_surrogate))
    if wrong and not named:
        yield "", f"not JSON: {wrong}", "write one JSON object a line"
    elif not wrong and not isinstance(value := orjson.loads(text), dict):
        yield "", f"expected an object, got {show(value)}", "write one JSON object a line"


@rule("RFT103", "error", source="this project: parsers differ in which of the two they keep")
def has_no_key_twice(raw: bytes) -> Iterator[Fault]:
    """No object has a key twice."""
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> None:
        if len(dict(found)) < len(found):
            counts = Counter(key for key, _ in found)
            twice.extend(key for key, count in counts.items() if count > 1)

    try:  # numbers stay text: one of more than 4,300 digits would end the reading
        json.loads(raw.removeprefix(BOM), object_pairs_hook=pairs, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return  # RFT101 and RFT102 say so
    for key in twice:
        yield "", f"the key {show(key)} stands twice in one object", "keep one of the two"


@rule("RFT104", "info", source="conflict: REST guide asks for it, 17 official files lack it")
def has_no_bom(line: bytes) -> Iterator[Fault]:
    """There is no byte-order mark.

    The REST guide says to include one, and Azure jobs finished on files with one; every official
    sample of 2026 is without, and OpenAI has refused a first line with one as no dictionary.
    """
    if line.startswith(BOM):
        message = "the line begins with a byte-order mark"
        yield "", message, "nothing on Azure; elsewhere save without BOM, or use --fix"


@rule("RFT105", "warning", source="undocumented; no official sample has it")
def ends_with_newline_alone(line: bytes) -> Iterator[Fault]:
    """Lines end with a line feed, without a carriage return."""
    if line.endswith(b"\r\n"):
        yield "", "the line ends with CR LF", "convert line ends to LF, or use --fix"


@rule("RFT106", "warning", source="undocumented; Microsoft's local check skips them")
def is_not_blank(line: bytes, blank: int) -> Iterator[Fault]:
    """No line is blank."""
    if not line.removeprefix(BOM).strip():
        before = f", and so are the {blank - 1:,} before it" if blank > 1 else ""
        yield "", f"the line is blank{before}", "delete it, or use --fix"


@rule("RFT107", "info", source="optional: four official samples lack it")
def last_line_ends(line: bytes) -> Iterator[Fault]:
    """The last line ends with a line feed."""
    if line and not line.endswith(b"\n"):
        yield "", "the last line has no line end", "add one, or use --fix"


@rule("RFT108", "error", source="this project: a larger row is not parsed")
def is_small_enough(line: bytes) -> Iterator[Fault]:
    """A line has at most 16 MB, 200 levels, and 500,000 commas, colons and opening brackets.

    Parsed, each of those may become an object of 70 to 230 bytes; 16 MB of `[],` take 0.4 GB.
    """
    wrong = oversize(line)
    if wrong:
        yield "", wrong, "shorten the row"


@rule("RFT109", "error", source="RFC 8259, section 8.2; orjson and the service's parsers refuse it")
def has_no_surrogate(line: bytes) -> Iterator[Fault]:
    """No string holds half of a surrogate pair."""
    if _SURROGATE.search(line) and _syntax(line) is not None:
        yield "", "a \\u escape is half of a surrogate pair", "write the character as UTF-8"


@rule("RFT118", "error", source="RFC 8259, section 6")
def has_no_constant(line: bytes) -> Iterator[Fault]:
    """No number is NaN or Infinity, which are not JSON."""
    found = _CONSTANT.search(line)
    if found and _syntax(line) is not None:
        yield "", f"{found[1].decode()} is not JSON", "write null, or leave the row out"


@rule("RFT110", "error", source=f"{_QUOTAS}: 512 MB; ours: 500 MB")
def fits_size(file: FileSummary) -> Iterator[Fault]:
    """A file holds at most 500,000,000 bytes."""
    if file.bytes > file.most_bytes:
        most = f"at most {file.most_bytes:,} are accepted"
        if file.bytes > limit("api_bytes"):
            most = f"the service refuses more than {limit('api_bytes'):,}"
        yield "", f"{file.bytes:,} bytes; {most}", "choose fewer rows (--rows)"


@rule("RFT111", "error", source="Learn, fine-tuning over REST: at least 10 training examples")
def enough_rows(file: FileSummary) -> Iterator[Fault]:
    """The training file has at least 10 rows, the validation file at least one."""
    least = limit("rows_at_least") if file.role == "train" else 1
    if file.rows < least:
        yield "", f"{file.rows} rows, at least {least} are needed", "use more raw rows"


@rule("RFT112", "error", source="Azure OpenAI, reinforcement fine-tuning, 2025-05")
def few_enough_rows(file: FileSummary) -> Iterator[Fault]:
    """The training file has at most 50,000 rows, the validation file at most 1,000."""
    if file.rows > file.most_rows:
        message = f"{file.rows:,} rows, at most {file.most_rows:,} are accepted"
        if file.rows > CHECKED:
            message += f"; only the first {CHECKED:,} were checked"
        yield "", message, "choose fewer rows (--rows)"


@rule("RFT113", "warning", source="Microsoft's samples: at least 10 records a file")
def enough_validation_rows(file: FileSummary) -> Iterator[Fault]:
    """A validation file of fewer than 10 rows measures nothing."""
    least = limit("rows_at_least")
    if file.role == "validation" and 0 < file.rows < least:
        yield "", f"{file.rows} rows, at least {least} are advised", "raise --validation-share"


@rule("RFT115", "warning", source=f"{_QUOTAS}: 200 MB through the portal")
def fits_portal(file: FileSummary) -> Iterator[Fault]:
    """A file over 200,000,000 bytes cannot be uploaded in the portal."""
    if limit("portal_bytes") < file.bytes <= file.most_bytes:
        yield "", f"{file.bytes:,} bytes are too many for the portal", "upload through the API"


@rule("RFT116", "info", source="Microsoft's fine-tuning skill: single uploads failed silently")
def fits_single_upload(file: FileSummary) -> Iterator[Fault]:
    """A file over 100,000,000 bytes is uploaded in parts."""
    if limit("single_upload_bytes") < file.bytes <= limit("portal_bytes"):
        message = f"{file.bytes:,} bytes: single uploads of this size have failed silently"
        yield "", message, "use the Uploads API"


@rule("RFT120", "error", source="conflict: optional in the schema, asked for in the guides")
def has_validation(given: frozenset[str]) -> Iterator[Fault]:
    """There is a validation file beside the training file.

    Optional in the API's schema; the service's guides of 2025 and 2026 say that both must be given.
    """
    if "train" in given and "validation" not in given:
        yield "", "there is no validation file", "give one with --validation"


@rule("RFT124", "error", source=f"{_QUOTAS}: tokens times epochs")
def fits_token_budget(file: FileSummary, job: Any) -> Iterator[Fault]:
    """Tokens of the training file times epochs are at most 2 billion.

    Without `--tokens` they are estimated at 4 bytes each; without a number of epochs in the job it
    is one.
    """
    epochs = inside(job, "method", "reinforcement", "hyperparameters").get("n_epochs")
    epochs = epochs if type(epochs) is int else 1
    counted = file.tokens
    tokens, how = (counted.total, counted.about) if counted else (file.bytes // 4, "about ")
    if file.role == "train" and tokens * epochs > limit("job_tokens"):
        message = f"{how}{tokens:,} tokens times {epochs} epochs are over {limit('job_tokens'):,}"
        yield "", message, "choose fewer rows, or fewer epochs"


@rule("RFT121", "error", source="Learn, reinforcement fine-tuning", read="2026-10-07")
def is_not_wrapped(item: Mapping[str, Any], graded: tuple[str, ...]) -> Iterator[Fault]:
    """Fields stand beside `messages`, not inside an `item`.

    A row with a chat and fields of its own may have an object of that name too, and a grader may
    read it.
    """
    if not isinstance(item.get("item"), dict) or "item" in graded:
        return
    if "messages" not in item or not set(item) - {"item", "sample", "messages"}:
        yield "/item", "the row is wrapped in 'item'", "move its fields to the top level"


@rule("RFT122", "error", source="service messages: the file's kind is inferred from its shape")
def is_no_other_method(item: Mapping[str, Any]) -> Iterator[Fault]:
    """The rows are not those of another training method.

    `preferred_output` makes a DPO file; `completion`, with a `prompt` or a question, is the oldest
    format.
    """
    if "preferred_output" in item:
        yield pointer(["preferred_output"]), "this is a DPO row", "give chat rows that end in user"
    elif "messages" not in item and "completion" in item:
        yield pointer(["completion"]), "this is a completion row", "give chat rows"
