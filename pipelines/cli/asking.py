"""What `rft sample` and `rft evaluate` share: how models are asked, and what that may cost."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from click import FloatRange, IntRange

from pipelines.cli import terminal
from pipelines.cli.command import option
from pipelines.findings import SHOWN, BadInput, install
from pipelines.graders.samples import UNFINISHED
from pipelines.io.items import Items
from pipelines.io.prepared import Prepared
from pipelines.service.endpoint import EXAMPLE, access, endpoint, setting
from pipelines.service.sampling.collect import Plan, Result, collect, plan
from pipelines.service.sampling.prices import Spent, price
from pipelines.service.sampling.settings import Api, of_folder

if TYPE_CHECKING:
    from pipelines.service.sampling.ask import Asker


@dataclass(frozen=True, slots=True)
class Asking:
    """The options."""

    answers: Annotated[
        int, option("-n", "--answers", type=IntRange(min=1), help="Answers to each item.")
    ] = 4
    limit: Annotated[
        int | None,
        option(type=IntRange(min=1), help="So many items, those with the smallest digests."),
    ] = None
    out: Annotated[
        Path | None,
        option(help="Where the answers go (JSONL); samples/NAME.SPLIT.jsonl by default."),
    ] = None
    api: Annotated[Api, option("--api", help="How the model is asked.")] = Api.chat
    temperature: Annotated[
        float | None, option(help="The sampling temperature; else the service's.")
    ] = None
    top_p: Annotated[
        float | None, option(help="The share of nucleus sampling; else the service's.")
    ] = None
    max_tokens: Annotated[
        int | None,
        option(type=IntRange(min=1), help="Tokens of an answer at most, reasoning included."),
    ] = None
    reasoning_effort: Annotated[str | None, option(help="Else the job's.")] = None
    concurrency: Annotated[
        int, option(type=IntRange(1, 256), help="Requests at once at most; fewer where throttled.")
    ] = 32
    price: Annotated[
        str | None,
        option(
            metavar="INPUT,OUTPUT",
            help="USD per million tokens read and written, where no price of the model is known.",
        ),
    ] = None
    max_cost: Annotated[
        float | None,
        option(type=FloatRange(min=0), metavar="USD", help="Stop before this run costs more."),
    ] = None
    dry_run: Annotated[bool, option(help="Show what would be asked, and ask nothing.")] = False

    def plan(self, prepared: Prepared, items: Items, models: tuple[str, ...]) -> Plan:
        """What is asked of the models, else of that which the environment names."""
        named = setting("model", os.environ)
        models = models or ((named,) if named else ())
        if not models:
            raise BadInput(
                "which model? give --model, a deployment's name, or set MODEL_DEPLOYMENT_NAME"
            )
        settings = of_folder(
            prepared,
            api=self.api,
            temperature=self.temperature,
            top_p=self.top_p,
            max_tokens=self.max_tokens,
            reasoning_effort=self.reasoning_effort,
        )
        return plan(items, tuple(dict.fromkeys(models)), settings, self.answers, self.limit)

    def spents(self, models: Sequence[str]) -> dict[str, Spent]:
        """What each model's answers cost; BadInput where --max-cost cannot be held."""
        prices = {model: price(self.price, model) for model in models}
        for model, known in prices.items():
            if known is None and self.max_cost is not None:
                raise BadInput(f"--max-cost: no price of {model} is known; give --price too")
        return {model: Spent(known, self.max_cost) for model, known in prices.items()}

    def collect(
        self, wanted: Plan, out: Path, url: str | None, *, quiet: bool
    ) -> tuple[Result, dict[str, Spent]]:
        """Ask for what the file lacks."""
        where = endpoint(url, os.environ)
        if where is None:
            raise BadInput(
                "which endpoint? give --endpoint, or set AZURE_OPENAI_ENDPOINT or OPENAI_BASE_URL"
            )
        spents = self.spents(wanted.models)
        with closing(terminal.progress(quiet=quiet)) as progress:

            def opened() -> Asker:
                try:
                    import openai  # noqa: F401
                except ImportError:
                    raise BadInput(f"openai is not installed; {install('sample')}") from None
                from pipelines.service.sampling.ask import Asker

                opens = access(where, os.environ, keyless=True)
                return Asker(where, opens, self.api, most=self.concurrency, note=progress.note)

            return collect(wanted, out, opened, spents, progress), spents

    def show(self, wanted: Plan, out: Path, url: str | None) -> None:
        """Print what would be sent where, how often, and for how much."""
        where = endpoint(url, os.environ)
        url = where.url if where else EXAMPLE
        path = "chat/completions" if self.api is Api.chat else "responses"
        print("a dry run: nothing is asked\n")
        terminal.say(f"POST {url}{path}")
        terminal.print_json(wanted.body(next(wanted.keys())))
        print()
        for line in self._costs(wanted):
            terminal.say(line)
        terminal.say(f"answers go to {out}")

    def _costs(self, wanted: Plan) -> Iterator[str]:
        calls = len(wanted.chosen) * wanted.n
        tokens, about = wanted.prompt_tokens()
        yield f"{len(wanted.chosen):,} items, {wanted.n} answers each, {calls:,} calls a model"
        for model, spent in self.spents(wanted.models).items():
            read = tokens * wanted.n
            yield f"{model}: {about}{read:,} tokens read"
            if spent.price is None:
                yield "  no price is known: give --price INPUT,OUTPUT, as a price list has them"
                continue
            most = self.max_tokens
            yield f"  ${spent.price.of(read, 0):,.2f} to read them; to write, " + (
                f"at most ${spent.price.of(0, calls * most):,.2f} (--max-tokens {most:,})"
                if most
                else f"${spent.price.of(0, calls * 1000):,.2f} for 1,000 tokens an answer"
            )


def report(result: Result, spents: dict[str, Spent], out: Path) -> Iterator[str]:
    """What came of it, in lines."""
    new = result.finishes.total()
    there = f", {result.before:,} were there" if result.before else ""
    yield f"{new:,} answers of {result.wanted:,}{there}; in {out}"
    for model, spent in spents.items() if new else ():
        yield f"{model}: {spent}"
    for finish, count in result.unfinished.items():
        yield f"{count:,} {UNFINISHED[finish]}: recorded, and not graded"
    for key, message in result.failed[:SHOWN]:
        yield f"no answer {key.number + 1} to item {key.item}: {message}"
    if result.failed:
        yield f"{len(result.failed):,} requests failed; run it again for those"
