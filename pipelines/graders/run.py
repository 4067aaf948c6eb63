"""Any grader of a reinforcement job, run here as the service would run it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from pipelines.graders import formula, is_ours, metrics, model, worker
from pipelines.graders.grade import Grade, NotRun, failed, not_run
from pipelines.graders.render import Roots, Unresolved, filler, sample_of
from pipelines.graders.sandbox import Limits, Refused, Sandbox

# Answers asked of a model at once where nothing else is said.
_ASKED_AT_ONCE = 8

Sample = str | Mapping[str, Any]
_Scorer = Callable[[Roots], Grade]
_Answer = TypeVar("_Answer", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class Setup:
    """How graders are run: all of it may be left out.

    `in_process` runs our own python graders in this process, with no limits. `python` is the
    interpreter of the others, and `trusted` runs them even where there is no sandbox. `workers` is
    how many answers are graded at once (default: the cores). `open_model` opens what model graders
    ask; without it they are not run.
    """

    in_process: bool = False
    python: str | None = None
    trusted: bool = False
    limits: Limits = field(default_factory=Limits)
    open_model: Callable[[], model.Model] | None = None
    workers: int | None = None


class Grader:
    """A grader that is ready to run, to be closed after use (`contextlib.closing`).

    It must be one that can be run, as `rules.runnable` finds out.
    """

    def __init__(self, grader: Mapping[str, Any], setup: Setup, name: str = "grader") -> None:
        self._setup = setup
        self._open = ExitStack()
        self._at_once = 0  # answers worth grading at once; 0 where nothing is waited for
        self.warnings: list[str] = []
        self._score = self._scorer(grader, name)

    def score(self, sample: Sample, item: Mapping[str, Any]) -> Grade:
        """The grade of one answer, its text or all of a sample (`sample_of`), to an item, a row.

        May be called by several threads at once, unless the grader is trusted.
        """
        full = sample_of(sample) if isinstance(sample, str) else sample
        return self._score({"sample": full, "item": item})

    def scores(self, answers: Iterable[_Answer]) -> Iterator[tuple[_Answer, Grade]]:
        """Answers, each a tuple that begins with sample and item, with their grades, in order.

        Only a few are held at a time. An answer that says of itself that it is `unfinished` is not
        graded.
        """

        def score(answer: tuple[Any, ...]) -> Grade:
            if unfinished := getattr(answer, "unfinished", None):
                return Grade(None, unfinished=unfinished)
            return self.score(*answer[:2])

        if not self._at_once:
            return ((answer, score(answer)) for answer in answers)
        return _in_order(score, answers, self._setup.workers or self._at_once)

    def close(self) -> None:
        """End the processes of python graders, also those that are grading."""
        self._open.close()

    def _scorer(self, grader: Mapping[str, Any], name: str) -> _Scorer:
        try:
            match grader["type"]:
                case "string_check":
                    return _string_check(grader)
                case "text_similarity":
                    return _text_similarity(grader)
                case "python":
                    return self._python(grader["source"], name)
                case "multi":
                    return self._multi(grader, name)
                case "score_model" | "label_model":
                    if self._setup.open_model is None:
                        raise NotRun(
                            "no model to ask; give --endpoint, or set AZURE_OPENAI_ENDPOINT or "
                            "OPENAI_BASE_URL"
                        )
                    client = self._setup.open_model()
                    self._open.callback(client.close)
                    self._at_once = max(self._at_once, _ASKED_AT_ONCE)
                    return model.scorer(grader, client)
            raise NotRun("an endpoint grader is called by the service alone; use a python grader")
        except NotRun as reason:
            grade = not_run(reason)
            return lambda _: grade

    def _python(self, source: str, name: str) -> _Scorer:
        if self._setup.in_process and is_ours(source):
            grade = _loaded(source)
            return lambda roots: _answered(worker.call(grade, roots["sample"], roots["item"]))
        if os.name != "posix":
            raise NotRun("python graders are run on Linux and macOS only")
        try:
            sandbox = Sandbox(
                source,
                limits=self._setup.limits,
                python=self._setup.python,
                trusted=self._setup.trusted,
            )
        except Refused as reason:
            raise Refused(f"{name}: {reason}") from None
        self._open.callback(sandbox.close)
        self.warnings += [each for each in sandbox.warnings if each not in self.warnings]
        self._at_once = max(self._at_once, os.cpu_count() or 1)
        return lambda roots: sandbox.grade(roots["sample"], roots["item"])

    def _multi(self, grader: Mapping[str, Any], name: str) -> _Scorer:
        """A part that fails counts 0, or makes the whole `invalid_grade` where the grader has one.

        What the service does with `invalid_grade` is not documented.
        """
        parts = {
            key: self._scorer(part, f"{name} /graders/{key}")
            for key, part in grader["graders"].items()
        }
        text, invalid = grader["calculate_output"], grader.get("invalid_grade")
        used, calculate = formula.parse(text), formula.evaluator(text)

        def score(roots: Roots) -> Grade:
            grades = {key: part(roots) for key, part in parts.items()}
            scores = {key: grade.score for key, grade in grades.items()}
            known: dict[str, float] = {}
            error = details = None
            for key, grade in grades.items():
                if grade.score is not None:
                    known[key] = grade.score
                elif key in used:
                    return Grade(None, not_run=f"{key}: {grade.not_run}", scores=scores)
                if grade.error is not None and error is None:
                    error, details = grade.error, f"{key}: {grade.details}"
            if error is not None and invalid is not None:
                return Grade(invalid, error, details, scores=scores)
            try:
                return Grade(calculate(known), error, details, scores=scores)
            except (ValueError, ArithmeticError) as problem:
                details = f"no value of {text}: {problem}"
                return Grade(invalid or 0.0, "other_error", details, scores=scores)

        return score


@cache
def _loaded(source: str) -> Callable[[Any, Any], Any]:
    """A grader of ours, compiled once: the math grader takes 70 ms."""
    return worker.load(source, f"grader_{sha256(source.encode()).hexdigest()[:12]}")


def _string_check(grader: Mapping[str, Any]) -> _Scorer:
    holds: Callable[[str, str], bool] = {
        "eq": lambda text, reference: text == reference,
        "ne": lambda text, reference: text != reference,
        "like": lambda text, reference: reference in text,
        "ilike": lambda text, reference: reference.lower() in text.lower(),
    }[grader["operation"]]
    return _compared(grader, lambda text, reference: float(holds(text, reference)))


def _text_similarity(grader: Mapping[str, Any]) -> _Scorer:
    return _compared(grader, metrics.metric(grader["evaluation_metric"]))


def _compared(grader: Mapping[str, Any], compare: metrics.Metric) -> _Scorer:
    text, reference = filler(grader["input"]), filler(grader["reference"])

    def score(roots: Roots) -> Grade:
        try:
            return Grade(compare(text(roots), reference(roots)))
        except Unresolved as error:
            return failed(error.error, str(error))

    return score


def _answered(answer: worker.Answer) -> Grade:
    if "score" in answer:
        return Grade(answer["score"])
    return failed(answer["error"], answer["details"])


def _in_order(
    score: Callable[[_Answer], Grade], answers: Iterable[_Answer], threads: int
) -> Iterator[tuple[_Answer, Grade]]:
    """Score in threads, yield in order, at most four answers a thread ahead.

    The threads are daemons: an executor's would keep a run that is interrupted until the last
    grader is through.
    """
    todo: SimpleQueue[tuple[Future[Grade], _Answer] | None] = SimpleQueue()

    def serve() -> None:
        while (task := todo.get()) is not None:
            future, answer = task
            try:
                future.set_result(score(answer))
            except BaseException as error:
                future.set_exception(error)

    for _ in range(threads):
        Thread(target=serve, daemon=True).start()
    waiting: deque[tuple[_Answer, Future[Grade]]] = deque()
    try:
        for answer in answers:
            future: Future[Grade] = Future()
            waiting.append((answer, future))
            todo.put((future, answer))
            if len(waiting) >= 4 * threads:
                first, future = waiting.popleft()
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()
    finally:
        for _ in range(threads):
            todo.put(None)
