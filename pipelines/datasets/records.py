"""From the cells of a description's rows to records: prompt, options, reference answer; faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson
import polars as pl

from pipelines.datasets import conditions, conversations
from pipelines.datasets.cells import Cell
from pipelines.datasets.columns import Columns
from pipelines.datasets.dataset import Fault
from pipelines.findings import BadInput
from pipelines.graders.boxed_math.boxes import boxes
from pipelines.similarity.keys import fold, trim
from pipelines.similarity.latex import balanced
from pipelines.similarity.options import LETTERS

_REFERENCE = pl.col("reference_answer")
_TEXTS = pl.List(pl.String())


def carried(columns: Columns) -> tuple[str, ...]:
    """The columns of a record that stages need and items do not hold."""
    named = [key for key in ("group", "stratum") if key in columns.values]
    parts = ["parts"] if len(columns.prompt_paths) > 1 else []
    return (*parts, *(["messages"] if columns.alone else []), *named)


# Texts of a row to mended ones, a column each, and the names of each row's repairs.
Mend = Callable[[pl.DataFrame], tuple[pl.DataFrame, pl.Series]]


def record(columns: Columns, rows: pl.DataFrame, mend: Mend | None = None) -> pl.DataFrame:
    """Rows to records, in the same order. A carriage return becomes a line end.

    mend: what else is mended in the texts of prompt and options.
    """
    names = [name for name in rows.columns if name.startswith(("text ", "texts ", "plain "))]
    returns = pl.select(
        pl.any_horizontal(pl.lit(False), *(_has_return(rows[name]) for name in names))
    ).to_series()
    mended = rows.with_columns(map(_with_line_ends, rows.select(names))) if returns.any() else rows
    returned = _published(columns, rows, mended, returns).is_not_null()
    repairs = pl.select(
        pl.when(returned).then(pl.lit(["carriage_return"])).otherwise(pl.lit([], _TEXTS))
    ).to_series()
    if mend is not None:
        names = [f"text {path}" for path in (*columns.prompt_paths, *columns.option_paths)]
        texts, words = mend(mended.select(names))
        mended = mended.with_columns(texts.get_columns())
        repairs = pl.select(pl.concat_list(repairs, words)).to_series()
    options = _options(columns, mended)
    frame = mended.select(
        _rendered(columns, mended, options).alias("prompt"),
        _rendered(columns, mended, None).alias("question"),
        options.alias("options"),
    )
    frame = frame.with_columns(
        repairs=repairs,
        published=_published(columns, rows, mended, repairs.list.len() > 0),
        verified=pl.lit(None, pl.Int32),
        judged=pl.lit(None, pl.Int32),
        empty=_blank(columns, mended),
        **{key: _text(columns, key, mended) for key in _NAMED if key in ("id", *carried(columns))},
        **_answers(columns, mended, options),
    )
    if columns.alone:
        frame = _with_conversations(columns, mended, frame)
    if len(columns.prompt_paths) > 1:
        frame = frame.with_columns(parts=pl.concat_list(_cells(columns, mended)))
    if columns.kept:
        frame = frame.with_columns(kept=_kept(columns, mended))
    frame = frame.with_columns(*_dropped(columns, mended), _right_twice(frame).alias("right_twice"))
    return frame.hstack(mended)  # for the faults of a description's own code


def _has_return(texts: pl.Series) -> pl.Series:
    if texts.dtype == pl.String:
        return texts.str.contains("\r", literal=True).fill_null(False)
    return texts.list.eval(pl.element().str.contains("\r", literal=True)).list.any()


def _with_line_ends(texts: pl.Series) -> pl.Series:
    if texts.dtype == pl.String:
        return texts.str.replace_all(r"\r\n?", "\n")
    return texts.list.eval(pl.element().str.replace_all(r"\r\n?", "\n"))


def _published(
    columns: Columns, rows: pl.DataFrame, mended: pl.DataFrame, some: pl.Series
) -> pl.Series:
    """The prompts as published, of those among `some` that are another when mended; else null."""
    parts = (frame.filter(some) for frame in (rows, mended))
    before, after = (_rendered(columns, part, _options(columns, part)) for part in parts)
    differing = pl.select(pl.when(before != after).then(before)).to_series()
    place = pl.when(some).then(some.cum_sum() - 1)
    return differing.extend_constant(None, 1).gather(pl.select(place).to_series())


_NAMED = ("id", "group", "stratum")


def _text(columns: Columns, key: str, rows: pl.DataFrame) -> pl.Series:
    """The cells that a key names, empty where there are none."""
    path = columns.values.get(key)
    if path is None:
        return pl.repeat("", rows.height, dtype=pl.String, eager=True)
    return rows[str(Cell(path, "text"))].fill_null("")


# The prompt -----------------------------------------------------------------------------------


def _cells(columns: Columns, rows: pl.DataFrame) -> list[pl.Series]:
    kind = "plain" if columns.alone else "text"
    return [rows[f"{kind} {path}"].fill_null("") for path in columns.prompt_paths]


def _blank(columns: Columns, rows: pl.DataFrame) -> pl.Series:
    """Whether no cell of the prompt says anything."""
    cells = [cell.str.strip_chars() == "" for cell in _cells(columns, rows)]
    return pl.select(pl.all_horizontal(cells)).to_series()


def _options(columns: Columns, rows: pl.DataFrame) -> pl.Series:
    """The options of each row, A first; empty lists where the description names none."""
    paths = columns.option_paths
    if len(paths) > 1:
        cells = [rows[f"text {path}"].fill_null("").alias(path) for path in paths]
        return pl.select(pl.concat_list(cells)).to_series().alias("options")
    if paths:
        return rows[f"texts {paths[0]}"].fill_null([]).alias("options")
    return pl.Series("options", [[]] * rows.height, _TEXTS)


def _rendered(columns: Columns, rows: pl.DataFrame, options: pl.Series | None) -> pl.Series:
    """The prompts: the template with its cells, and the options after it, a line each.

    Without `options`, what is asked, which is compared apart from them.
    """
    cells = dict(zip(columns.prompt_paths, _cells(columns, rows), strict=True))
    listed = pl.lit("") if options is None else _listed(options)
    parts: list[Any] = []
    for place, part in enumerate(columns.template):
        if place % 2 == 0:
            parts.append(pl.lit(part))
        else:
            parts.append(listed if part == "options" else cells[part])
    if options is not None and columns.option_paths and "options" not in columns.template[1::2]:
        parts += [
            pl.when(options.list.len() > 0).then(pl.lit("\n\n")).otherwise(pl.lit("")),
            listed,
        ]
    prompt = pl.select(pl.concat_str(parts)).to_series()
    # Cells that are empty leave blank lines at the edges.
    return prompt if columns.alone or len(cells) == 1 else prompt.str.strip_chars()


def _listed(options: pl.Series) -> pl.Expr:
    """`A. one`, `B. two`, a line each."""
    several = pl.lit(options)
    return pl.concat_str(
        pl.lit(""),
        *(
            pl.when(several.list.len() > place)
            .then(
                pl.concat_str(
                    pl.lit(("\n" if place else "") + LETTERS[place] + ". "),
                    several.list.get(place, null_on_oob=True),
                )
            )
            .otherwise(pl.lit(""))
            for place in range(min(_longest(options), len(LETTERS)))
        ),
    )


def _longest(lists: pl.Series) -> int:
    return max(lists.list.len().to_list(), default=0)


def _with_conversations(columns: Columns, rows: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """The records, those whose prompt is a conversation with `messages` and what it says."""
    path = columns.prompt_paths[0]
    cells = rows[f"chat {path}"]
    answered = str(columns.values.get("answer", "")).startswith(f"{path}.-1.")
    none = (None, None)
    turns = [
        none if cell is None else conversations.prompt(cell, answered=answered) for cell in cells
    ]
    messages = pl.Series([found for found, _ in turns], dtype=pl.String)
    spoken = [conversations.spoken(found) if found else None for found in messages]
    said = pl.Series(spoken, dtype=pl.String)
    return frame.with_columns(
        messages=messages,
        no_prompt=pl.Series([why for _, why in turns], dtype=pl.String),
        prompt=pl.coalesce(said, "prompt"),
        question=pl.coalesce(said, "question"),
        published=pl.when(messages.is_null()).then("published"),
        repairs=pl.when(messages.is_null()).then("repairs").otherwise(pl.lit([], _TEXTS)),
        empty=pl.col("empty") & cells.is_null(),
    )


def _kept(columns: Columns, rows: pl.DataFrame) -> pl.Series:
    """The fields that are kept of each row, as one JSON text; what is null is an empty text."""
    parts: list[Any] = []
    for field, path in columns.kept.items():
        name = orjson.dumps(field).decode()
        parts += [pl.lit(f"{',' if parts else '{'}{name}:"), rows[f"json {path}"].fill_null('""')]
    return pl.select(pl.concat_str(*parts, pl.lit("}"))).to_series()


# The answer -----------------------------------------------------------------------------------


def _answers(columns: Columns, rows: pl.DataFrame, options: pl.Series) -> dict[str, pl.Series]:
    """The answer as given, what of it is the answer (null: nothing is), and the reference."""
    given = _text(columns, "answer", rows)
    answer = given
    if pattern := columns.values.get("answer_pattern"):
        answer = given.str.extract(pattern, 1)
    elif columns.values.get("answer_from") == "boxed":
        answer = given.map_elements(lambda text: boxes(text)[0], return_dtype=pl.String)
    answer = answer.str.strip_chars()
    reference = answer.fill_null("")
    if columns.lettered:
        reference = _letters(columns, rows, answer, options)
    return {"given": given, "answer": answer, "reference_answer": reference}


def _letters(
    columns: Columns, rows: pl.DataFrame, answer: pl.Series, options: pl.Series
) -> pl.Series:
    """The letters of the options that the answers name; empty where one names none."""
    way = columns.values.get("answer_is", "letter")
    if columns.label_path:
        labels = rows[f"texts {columns.label_path}"].fill_null([])
        return _place(answer, labels, str.strip)
    if way == "text":
        return _place(answer, options, lambda text: trim(fold(text)))
    if way == "letter":
        return answer.str.extract(r"^\(?([A-Ja-j])\)?[.:]?$", 1).str.to_uppercase().fill_null("")
    first = 0 if way == "index" else 1
    number = answer.str.extract(r"^(-?\d{1,6})(?:\.0*)?$", 1).cast(pl.Int64)
    most = _longest(options) or len(LETTERS)
    if number.len() and number.min() == first + 1 and number.max() == first + most:
        other = "index1" if way == "index" else "index"
        raise BadInput(
            f"{columns.path}: answer_is = {way!r}: answers run from {first + 1} to {first + most}; "
            f"did you mean {other!r}?"
        )
    letters = dict(enumerate(LETTERS, first))
    return number.replace_strict(letters, default="", return_dtype=pl.String).fill_null("")


def _place(answer: pl.Series, lists: pl.Series, plain: Callable[[str], str]) -> pl.Series:
    """The letter of the first text of each list that is the answer."""
    letters = []
    for wanted, texts in zip(answer, lists.to_list(), strict=True):
        known = [plain(text) for text in texts[: len(LETTERS)]] if wanted else []
        found = wanted and plain(wanted) in known
        letters.append(LETTERS[known.index(plain(wanted))] if found else "")
    return pl.Series(letters, dtype=pl.String)


def _right_twice(frame: pl.DataFrame) -> pl.Series:
    """Whether the right option's text is another option's too, so that two letters are right.

    The exact test takes 8 µs a row, so it sees only rows in which it can be true: those where the
    right option has the ASCII letters and digits of another, or where an option is not ASCII.
    """
    options = frame["options"]
    place = frame["reference_answer"].replace_strict(
        {letter: place for place, letter in enumerate(LETTERS)},
        default=None,
        return_dtype=pl.Int64,
    )
    right = options.list.get(place, null_on_oob=True)
    bare = pl.element().str.to_lowercase().str.replace_all("[^a-z0-9]", "")
    foreign = options.list.eval(pl.element().str.len_bytes() != pl.element().str.len_chars())
    plain = pl.DataFrame({"options": options.list.eval(bare), "right": right}).with_columns(
        pl.col("right").str.to_lowercase().str.replace_all("[^a-z0-9]", "")
    )
    alike = (
        pl.col("options").list.get(place, null_on_oob=True) == pl.col("right")
        for place in range(_longest(options))
    )
    copies = plain.select(pl.sum_horizontal(pl.lit(0), *(one.cast(pl.Int8) for one in alike)) > 1)
    possible = (copies.to_series() | foreign.list.any()).fill_null(False) & right.is_not_null()
    rows = possible.arg_true()
    known = zip(right.gather(rows), options.gather(rows).to_list(), strict=True)
    twice = pl.Series([_times(text, others) > 1 for text, others in known], dtype=pl.Boolean)
    return pl.repeat(False, len(options), dtype=pl.Boolean, eager=True).scatter(rows, twice)


def _times(option: str, options: list[str]) -> int:
    return [trim(fold(other)) for other in options].count(trim(fold(option)))


# Faults ---------------------------------------------------------------------------------------


def _dropped(columns: Columns, rows: pl.DataFrame) -> list[pl.Series]:
    """Whether each condition of `[drop]` holds, a column named by its reason."""
    made = []
    for reason, condition in columns.values.get("drop", {}).items():
        read = conditions.columns(columns.path, reason, condition)
        native = rows.select(pl.col(f"native {name}").alias(name) for name in read)
        holds = conditions.holds(columns.path, reason, condition, native)
        made.append(holds.alias(f"drop {reason}"))
    return made


def faults(columns: Columns) -> tuple[Fault, ...]:
    """The reasons to drop a row that follow from a description."""
    return tuple(_faults(columns))


# What tables hold where there is no answer. "NA" is sodium, and "none" may be an answer.
_NO_ANSWER = r"(?i)^\s*(#?n/a|nan|null|-+|\?+|tbd)\s*$"


def _faults(columns: Columns) -> Iterable[Fault]:
    values = columns.values
    for reason, condition in values.get("drop", {}).items():
        yield Fault(reason, condition, pl.col(f"drop {reason}"))
    yield Fault("empty_prompt", "no question", pl.col("empty"))
    if columns.alone:
        yield Fault(
            "unusable_conversation",
            "the messages are no prompt: they must end with the user, and have texts and roles",
            pl.col("no_prompt").str.len_bytes() > 0,
            pl.col("no_prompt"),
        )
    if "answer" not in values:
        return
    shown = pl.when(pl.col("given") == "").then(pl.lit("empty")).otherwise("given")
    given = pl.format("{} {}", pl.lit(values["answer"]), shown)
    below = pl.lit(False)
    if values.get("answer_is") in ("index", "index1"):
        below = pl.col("given").str.contains(r"^-\d") | (
            (pl.col("given") == "0") & (values["answer_is"] == "index1")
        )
    absent = pl.col("given").str.strip_chars() == ""
    if not columns.lettered:
        absent |= pl.col("given").str.contains(_NO_ANSWER)
    yield Fault("unlabelled", "no answer is given, or `N/A`, `-` and such", absent | below, given)
    if "answer_pattern" in values or "answer_from" in values:
        where = pl.col("answer").is_null()
        yield Fault("no_match", "`answer_pattern` finds nothing, or there is no box", where, given)
    if columns.option_paths:
        empty = pl.col("options").list.eval(pl.element().str.strip_chars() == "").list.any()
        yield Fault("empty_option", 'an option has no text (the word "None" is a text)', empty)
    if columns.lettered:
        place = _REFERENCE.replace_strict(
            {letter: place for place, letter in enumerate(LETTERS)},
            default=len(LETTERS),
            return_dtype=pl.Int64,
        )
        limit = pl.col("options").list.len() if columns.option_paths else len(columns.letters)
        yield Fault(
            "missing_options", "the answer names no option that is there", place >= limit, given
        )
        yield Fault(
            "duplicate_correct_option",
            "the right option's text stands under two letters",
            pl.col("right_twice"),
            pl.col("options").list.join(" | "),
        )
    if columns.grader == "math":
        yield Fault(
            "unbalanced_answer",
            "braces of the answer do not pair up: it was cut off",
            pl.when(_REFERENCE.str.contains(r"[{}\\]"))
            .then(_REFERENCE)
            .map_elements(lambda text: not balanced(text), return_dtype=pl.Boolean),
            _REFERENCE,
        )
        yield Fault(
            "nested_box",
            "the answer holds another `\\boxed`: it is a piece of a solution",
            _REFERENCE.str.contains(r"\boxed", literal=True),
            _REFERENCE,
        )
