"""What a file's columns are for, guessed from their names and from some of its rows.

Each guess has its reason, which `rft init` writes beside it. Names decide first, then what the
cells hold: a column called `answer` that holds whole solutions is looked at for its last box.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.datasets.cells import BadCell, text, texts
from pipelines.findings import BadInput
from pipelines.graders.boxed_math.boxes import boxes
from pipelines.similarity.keys import fold, trim
from pipelines.similarity.options import LETTERS

Row = Mapping[str, Any]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# By name, the likeliest first.
_PROMPTS = _words(
    "prompt problem question query messages conversations conversation instruction input "
    "stem question.stem question_text text task"
)
_CONTEXTS = _words("context passage document article contract background support story")
_ANSWERS = _words(
    "reference_answer final_answer ground_truth reward_model.ground_truth answer answerkey "
    "answer_key correct_answer correct_option correct right_answer gold_answer label target gold "
    "cop answer_idx answer_index answers.text solution output response completion expected"
)
_OPTIONS = _words("options choices options.text choices.text question.choices endings candidates")
_LABELS = {"choices.text": "choices.label", "options.text": "options.label"}
_STRATA = _words("source data_source subject category domain topic type difficulty level ability")
_IDS = _words("id uuid _id qid question_id uid idx key")
_SERIES = (
    re.compile(r"(?i)(?:opt(?:ion)?|choice|ans(?:wer)?)[ _-]?(?:[a-j]|\d)"),
    re.compile(r"[A-J]"),
)

# Where an answer stands in a longer text: the pattern, and what it is called.
_PATTERNS = (
    (r"####\s*([^\n]*\S)\s*$", "what stands after ####"),
    (r"(?s)^.*<answer>\s*(.*?)\s*</answer>", "what stands in <answer> tags"),
    (
        r"(?is)^.*\banswer(?: is)?\s*[:：]\s*\**\s*([^\n]+?)[\s*.]*$",
        'what stands after the last "Answer:"',
    ),
    (
        r"(?is)^.*the (?:final )?answer is:?\s*([^\n]+?)[\s*.]*$",
        'what stands after "the answer is"',
    ),
)
_LONG = 60  # characters: more than this is no answer but a solution
_MOST = 0.9  # share of the rows that a guess must hold for

_NUMBER = re.compile(r"[-+]?[$€£]?\s?\d[\d,. ]*(?:/\d+)?\s?(?:%|[a-z°]{1,6})?")
_LATEX = re.compile(r"[\\^_{}=√π]|\d\s*[-+*/]\s*\d")


@dataclass
class Guess:
    """What a description may say, by key, with the reason of each; `judged`: no rule can grade."""

    values: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    judged: bool = False

    def say(self, key: str, value: Any, reason: str) -> None:
        """Add a key, unless it was given by the user."""
        if key not in self.values:
            self.values[key], self.reasons[key] = value, reason


def guess(rows: Sequence[Row], given: Mapping[str, Any], where: str) -> Guess:
    """A description of rows; `given` are the keys that a user said.

    `where` names the file in messages. BadInput where no prompt, or no answer, is found.
    """
    found = Guess(dict(given), dict.fromkeys(given, "given"))
    paths = list(_paths(rows))
    _prompt(found, rows, paths, where)
    _answer(found, rows, paths, where)
    _others(found, rows, paths)
    return found


def _paths(rows: Sequence[Row]) -> Iterator[str]:
    """The columns, and the fields of those that hold objects."""
    names = dict.fromkeys(name for row in rows for name in row)
    for name in names:
        yield name
        inner = [row[name] for row in rows if isinstance(row.get(name), dict)]
        if len(inner) > len(rows) / 2:
            yield from dict.fromkeys(f"{name}.{key}" for one in inner for key in one)


def cell(row: Row, path: str) -> Any:
    """The value at a dotted path."""
    if path in row:
        return row[path]
    value: Any = row
    for step in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and re.fullmatch(r"-?\d+", step):
            value = value[int(step)] if -len(value) <= int(step) < len(value) else None
        else:
            return None
    return value


def _column(rows: Sequence[Row], path: str, read: Callable[[Any], Any] = text) -> list[Any]:
    """The cells of a path that are not empty; none where one of them is of another kind."""
    try:
        return [read(value) for row in rows if (value := cell(row, path)) not in (None, "")]
    except BadCell:
        return []


def _named(paths: Sequence[str], names: Sequence[str]) -> list[str]:
    """The paths that have one of the names, in the order of the names; heads have spaces."""
    lower = {re.sub(r"[ -]+", "_", path.strip().lower()): path for path in reversed(paths)}
    return [lower[name] for name in names if name in lower]


def _are_turns(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and {"role", "from"} & one.keys() for one in value)
    )


def _share(values: Sequence[Any], test: Callable[[Any], Any]) -> float:
    return sum(bool(test(value)) for value in values) / max(len(values), 1)


def _prompt(found: Guess, rows: Sequence[Row], paths: Sequence[str], where: str) -> None:
    if "prompt" in found.values:
        return
    chats = [
        path for path in paths if _share([cell(row, path) for row in rows], _are_turns) > _MOST
    ]
    for path in _named(paths, _PROMPTS):
        if path in chats:
            found.say("prompt", path, "chat messages")
            return
        cells = _column(rows, path)
        if len(cells) < _MOST * len(rows):
            continue
        contexts = _named(paths, _CONTEXTS)
        if contexts and len(_column(rows, contexts[0])) > len(rows) / 2:
            template = f"{{{contexts[0]}}}\n\n{{{path}}}"
            found.say("prompt", template, "by their names; the context first")
            if len(set(_column(rows, contexts[0]))) < len(rows):
                found.say("group", contexts[0], "several rows share one; they stay on one side")
            return
        if path.lower() == "instruction" and (more := _named(paths, ["input"])):
            found.say("prompt", f"{{{path}}}\n\n{{{more[0]}}}", "by their names")
            return
        found.say("prompt", path, "by its name")
        return
    if chats:
        found.say("prompt", chats[0], "chat messages")
        return
    long = {
        path: sum(map(len, cells)) / len(cells)
        for path in paths
        if len(cells := _column(rows, path)) > _MOST * len(rows)
        and len(set(cells)) > len(rows) / 2
        and _share(cells, lambda one: one.rstrip().endswith(("?", ":", "."))) > 0.5
    }
    if not long:
        raise BadInput(
            f"{where}: no column looks like a question; there are {', '.join(paths)}; "
            "name it with --prompt"
        )
    best = max(long, key=lambda path: _share(_column(rows, path), lambda one: "?" in one))
    found.say("prompt", best, "the column with the most questions")


def _answer(found: Guess, rows: Sequence[Row], paths: Sequence[str], where: str) -> None:
    options = _options(found, rows, paths)
    used = set(re.findall(r"\{([^{}]+)\}", found.values["prompt"])) | {found.values["prompt"]}
    if "answer" not in found.values and "grader" not in found.values:
        taken = {*used, *(found.values.get("options") or ())}
        named = [path for path in _named(paths, _ANSWERS) if path not in taken]
        full = [path for path in named if len(_column(rows, path)) > _MOST * len(rows)]
        prompt = found.values["prompt"]
        if full:
            found.say("answer", full[0], "by its name")
        elif _share(rows, lambda row: _ends_with_assistant(cell(row, prompt))) > _MOST:
            last = cell(rows[0], prompt)[-1]
            content = "content" if "content" in last else "value"
            found.say("answer", f"{prompt}.-1.{content}", "the assistant's last turn")
        else:
            raise BadInput(
                f"{where}: no column looks like an answer; there are {', '.join(paths)}; "
                "name it with --answer, or a grader of your own with --grader FILE.json"
            )
    if "answer" not in found.values:
        return
    answers = _column(rows, found.values["answer"])
    if not answers:
        raise BadInput(
            f"{where}: --answer {found.values['answer']}: no text there; there are "
            f"{', '.join(paths)}"
        )
    if options:
        _option_answer(found, rows, answers, options)
        return
    answers = _extracted(found, answers)
    _grader(found, answers)


def _ends_with_assistant(value: Any) -> bool:
    return _are_turns(value) and (value[-1].get("role") or value[-1].get("from")) in (
        "assistant",
        "gpt",
        "model",
    )


def _options(found: Guess, rows: Sequence[Row], paths: Sequence[str]) -> list[list[str]]:
    """The options of each row; none where there seem to be none."""
    if "options" not in found.values:
        for path in _named(paths, _OPTIONS):
            values = [cell(row, path) for row in rows]
            if isinstance(values[0], dict) and f"{path}.text" in paths:
                continue  # {"text": […], "label": […]}
            if _share(_column(rows, path, texts), len) > _MOST:
                found.say("options", path, "by its name")
                break
        else:
            series = _series(paths)
            if series:
                found.say("options", series, "by their names")
    value = found.values.get("options")
    if value is None:
        return []
    if isinstance(value, list):
        return [[text(cell(row, path) or "") for path in value] for row in rows]
    label = _LABELS.get(value.lower())
    if label and label in paths:
        found.say("option_labels", label, "the answer is one of these")
    options = [texts(cell(row, value) or []) for row in rows]
    most = max(map(len, options))
    if "option_labels" not in found.values and most < len(LETTERS):
        found.say("option_labels", LETTERS[:most], f"at most {most} options")
    return options


def _series(paths: Sequence[str]) -> list[str]:
    """Columns that are options one after another: opa, opb, opc; option_1, option_2; A, B, C."""
    for pattern in (re.compile(r"(?i)op[a-j]"), *_SERIES):
        columns = [path for path in paths if pattern.fullmatch(path)]
        places = "".join(sorted(path[-1].upper() for path in columns))
        if len(columns) > 1 and (LETTERS.startswith(places) or places in "0123456789"):
            return sorted(columns)
    return []


def _option_answer(
    found: Guess, rows: Sequence[Row], answers: list[str], options: list[list[str]]
) -> None:
    """How the answers name an option."""
    found.say("grader", "letter", "the answer is one of the options")
    if "." in str(found.values.get("option_labels", "")):
        return  # it is one of the labels
    if _share(answers, re.compile(r"\(?[A-Ja-j]\)?[.:]?").fullmatch) > _MOST:
        found.say("answer_is", "letter", "the answers are letters")
        return
    if _share(answers, re.compile(r"-?\d+(\.0)?").fullmatch) > _MOST:
        numbers = [int(float(answer)) for answer in answers]
        most = max(map(len, options))
        way = "index1" if min(numbers) >= 1 and max(numbers) >= most else "index"
        found.say("answer_is", way, f"the answers run from {min(numbers)} to {max(numbers)}")
        return
    pairs = zip(answers, options, strict=False)
    same = _share(list(pairs), lambda pair: trim(fold(pair[0])) in [trim(fold(o)) for o in pair[1]])
    if same > 0.5:
        found.say("answer_is", "text", f"{same:.0%} of the answers are the text of an option")


def _extracted(found: Guess, answers: list[str]) -> list[str]:
    """The answers, out of the longer texts in which they stand."""
    if found.values.keys() & {"answer_pattern", "answer_from"}:
        return answers
    boxed = [boxes(answer)[0] for answer in answers]
    if _share(boxed, lambda one: one) > 0.5:
        found.say("answer_from", "boxed", f"{_share(boxed, bool):.0%} of the answers have a box")
        return [one for one in boxed if one]
    for pattern, about in _PATTERNS:
        matches = [re.search(pattern, answer) for answer in answers]
        share = _share(matches, lambda one: one)
        if share > 0.5:
            found.say("answer_pattern", pattern, f"{about}, in {share:.0%} of the rows")
            return [one[1] for one in matches if one]
    return answers


def _grader(found: Guess, answers: list[str]) -> None:
    """What scores the answers, by what they look like."""
    if "grader" in found.values:
        return
    letters = _share(answers, re.compile(r"\(?[A-J]\)?\.?").fullmatch)
    values = _share(answers, lambda one: _NUMBER.fullmatch(one.strip()) or _LATEX.search(one))
    short = _share(answers, lambda one: len(one) <= _LONG)
    if letters > _MOST:
        found.say("grader", "letter", f"{letters:.0%} of the references are letters")
    elif values > 0.5 and short > 0.5:
        found.say("grader", "math", f"{values:.0%} of the references are numbers or formulas")
    elif short > 0.8:
        found.say(
            "grader", "text", f"{short:.0%} of the references have at most {_LONG} characters"
        )
    else:
        found.judged = True


def _others(found: Guess, rows: Sequence[Row], paths: Sequence[str]) -> None:
    taken = {found.values["prompt"], found.values.get("answer")}
    for path in _named(paths, _IDS):
        if path not in taken and len(set(_column(rows, path))) == len(rows):
            found.say("id", path, "its values are all different")
            break
    for path in _named(paths, _STRATA):
        values = _column(rows, path)
        if path not in taken and len(values) == len(rows) and 1 < len(set(values)) <= 50:
            found.say("stratum", path, f"{len(set(values))} values; rows are chosen evenly")
            found.say("keep", [path], "shown in the items")
            break
