"""So many answers to each item of a split, from one model or several, in one file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.findings import BadInput
from pipelines.graders.samples import UNFINISHED
from pipelines.io.items import Items, item_digest
from pipelines.io.progress import Progress
from pipelines.rules import tokens
from pipelines.service.sampling import journal
from pipelines.service.sampling.ask import Asker, Task
from pipelines.service.sampling.journal import Journal, Key
from pipelines.service.sampling.prices import Spent
from pipelines.service.sampling.settings import Json, Settings

# Characters of a model's name that a bar shows.
_TITLE = 19


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked: `chosen` are the numbers of items that ask different things, by digest."""

    items: Items
    models: Sequence[str]
    settings: Settings
    n: int
    chosen: dict[str, int]

    def keys(self) -> Iterator[Key]:
        """Every answer that is wanted: first one of each item, then the second."""
        for number in range(self.n):
            for model in self.models:
                for digest in self.chosen:
                    yield Key(model, self.settings.digest, digest, number)

    def body(self, key: Key) -> Json:
        """The request for an answer."""
        return self.settings.body(key.model, self.items[self.chosen[key.item]])

    def prompt_tokens(self) -> tuple[int, str]:
        """Tokens that one model reads to answer each item once; "about " where estimated."""
        counts = [tokens.count(self.items[number]) for number in self.chosen.values()]
        return sum(count for count, _ in counts), max((how for _, how in counts), default="")


@dataclass(slots=True)
class Result:
    """What came of it: new answers by how they ended, those that were there, those without."""

    wanted: int
    before: int = 0
    finishes: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[Key, str]] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """How many answers there still are not."""
        return self.wanted - self.before - self.finishes.total()

    @property
    def unfinished(self) -> dict[str, int]:
        """The new answers that cannot be graded, by how they ended."""
        return {name: self.finishes[name] for name in UNFINISHED if self.finishes[name]}


def plan(
    items: Items, models: Sequence[str], settings: Settings, n: int, limit: int | None
) -> Plan:
    """What is to be asked; with `limit`, of the items with the smallest digests."""
    chosen: dict[str, int] = {}
    for number in range(len(items)):
        item = items[number]
        if not isinstance(item.get("messages"), list) or not item["messages"]:
            raise BadInput(f"{items.where(number)}: no messages; see `rft validate`")
        chosen.setdefault(item_digest(item), number)
    if not chosen:
        raise BadInput(f"{items.paths[0]}: it has no items; write one JSON object a line")
    return Plan(items, models, settings, n, {d: chosen[d] for d in sorted(chosen)[:limit]})


def collect(
    wanted: Plan,
    out: Path,
    opened: Callable[[], Asker],
    spents: dict[str, Spent],
    progress: Progress,
) -> Result:
    """Ask for the answers that the file lacks, one model after another, and write it.

    opened: opens the endpoint, where something is to be asked. spents: by model. Where money ends
    the run before all is asked for, the answers stay in the journal and the file is not written.
    """
    with journal.opened(out) as answers:
        keys = list(wanted.keys())
        result = Result(len(keys), sum(key in answers for key in keys))
        if result.before < len(keys):
            asker = opened()
            try:
                for model in wanted.models:
                    mine = [key for key in keys if key.model == model and key not in answers]
                    _ask(wanted, mine, asker, spents[model], answers, result, progress)
            finally:
                asker.close()
            result.failed = asker.failed
        if result.missing == len(result.failed):
            answers.finish()
    return result


def _ask(
    wanted: Plan,
    keys: list[Key],
    asker: Asker,
    spent: Spent,
    answers: Journal,
    result: Result,
    progress: Progress,
) -> None:
    shown = wanted.settings.shown()

    def task(key: Key) -> Task:
        return Task(key, lambda: wanted.body(key))

    if not keys:
        return
    model = keys[0].model
    title = model if len(model) <= _TITLE else f"{model[: _TITLE - 1]}…"
    progress.begin(f"asking {title}", len(keys), "answers")
    try:
        for key, answer in asker.answers(map(task, keys), spent):
            item = wanted.items[wanted.chosen[key.item]]
            name = {"id": item["id"]} if isinstance(item.get("id"), str | int) else {}
            answers.add(key, {**name, **answer, "asked": shown})
            if answer["finish"] != "content_filter" or answer["usage"]:  # else it was not answered
                spent.add(answer["usage"])
            result.finishes[answer["finish"]] += 1
            progress.advance()
            progress.tell(spent.short)
    finally:
        progress.end()
