"""`rft job`: a fine-tuning job is looked after, what came of it is read, its model deployed."""

from __future__ import annotations

import math
import os
import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import click
import orjson

from pipelines.cli import terminal
from pipelines.cli.command import Exit, argument, command, option
from pipelines.cli.options import EndpointOption, Format, OutputFormat, Quiet
from pipelines.cli.submit import (
    LOST,
    NO_ENDPOINT,
    Follow,
    PollInterval,
    check_seconds,
    followed,
    one_line,
    opened,
)
from pipelines.findings import BadInput

if TYPE_CHECKING:
    from pipelines.service.endpoint import Endpoint

JobOrFolder = Annotated[
    str, argument(metavar="ID|FOLDER", help="A job's id, or a folder, for its last job.")
]


def show(
    job: JobOrFolder,
    endpoint: EndpointOption | None = None,
    cancel: Annotated[bool, option("--cancel", help="End it; what was done is paid.")] = False,
    pause: Annotated[
        bool, option("--pause", help="Stop after a step; wants a running job.")
    ] = False,
    resume: Annotated[bool, option("--resume", help="Go on with a paused job.")] = False,
    checkpoints: Annotated[bool, option("--checkpoints", help="List its checkpoints.")] = False,
    events: Annotated[bool, option("--events", help="List its events so far.")] = False,
    follow: Follow = False,
    max_cost: Annotated[
        float | None,
        option(metavar="USD", help="With --follow: pause the job before it costs more."),
    ] = None,
    hourly_rate: Annotated[
        float | None,
        option(metavar="USD", help="What a training hour costs, for --max-cost."),
    ] = None,
    every: PollInterval = 10,
    output_format: OutputFormat = Format.text,
    quiet: Quiet = False,
) -> None:
    """Show a fine-tuning job, follow it, or cancel, pause or resume it.

    rft job results ID|FOLDER   what came of it, step by step; its result files
    rft job deploy ID|FOLDER    its model, or a checkpoint, behind a name on Azure

    Ctrl-C while following leaves the job alone. Exit 1 if it failed, and after --follow
    unless it succeeded. --max-cost counts the steps' seconds at the price of an hour and
    the graders' tokens at theirs, as the events tell them; the bill may differ.

    \b
    Examples:
      rft job ftjob-0123
      rft job medmcqa --follow --max-cost 300
      rft job ftjob-0123 --checkpoints --format json
    """
    from pipelines.cli import job_view as view
    from pipelines.service import endpoint as addresses
    from pipelines.service import events as following

    chosen = {
        "cancel": cancel,
        "pause": pause,
        "resume": resume,
        "checkpoints": checkpoints,
        "events": events,
        "follow": follow,
    }
    check_seconds(poll_interval=every)
    words = [name for name, wanted in chosen.items() if wanted]
    if len(words) > 1:
        raise BadInput(f"--{words[0]} and --{words[1]}: give one of them")
    for name, usd in (("max-cost", max_cost), ("hourly-rate", hourly_rate)):
        if usd is not None and not (follow and 0 < usd < math.inf):
            raise BadInput(f"--{name} {usd:g}: give a sum above 0, and --follow")
    where = addresses.endpoint(endpoint, os.environ)
    if where is None:
        raise BadInput(NO_ENDPOINT)
    id = _job_id(job, where)
    text = output_format is Format.text
    with (
        one_line("the job goes on as it was"),
        closing(terminal.progress(quiet=quiet)) as progress,
        closing(opened(where, progress.note)) as service,
    ):
        if cancel or pause or resume:
            service.change(id, words[0])
        if checkpoints:
            listed = service.checkpoints(id)
            view.show_checkpoints(listed) if text else terminal.print_json({"checkpoints": listed})
            return
        if events:
            happened = following.events(service, id, set())
            view.show_events(happened) if text else terminal.print_json({"events": happened})
            return
        budget = (max_cost, hourly_rate) if max_cost else None
        state = (
            followed(service, id, every, text=text, budget=budget) if follow else service.job(id)
        )
        if state is None:
            raise BadInput(f"{id}: no such job at {where.url}; check the id and the endpoint")
        if text:
            view.show_job(state, where, "job")
        else:
            terminal.print_json({"endpoint": where.url, "job": state})
        raise Exit(int(str(state.get("status")) in (LOST if follow else {"failed"})))


def _job_id(word: str, where: Endpoint) -> str:
    """The id that a word is, or that of the last job of the folder that it names."""
    from pipelines.io.prepared import PROCESSED
    from pipelines.service.submission import last_job

    for folder in (Path(word), PROCESSED / word):
        if folder.is_dir():
            if id := last_job(folder, where.url):
                return id
            raise BadInput(f"{folder}: no job at {where.url} is on record here; give a job's id")
    if not re.fullmatch(r"[\w.:-]*\w", word):
        raise BadInput(f"{word!r} is no id of a job; it looks as ftjob-0123456789abcdef")
    return word


def results(
    job: JobOrFolder,
    endpoint: EndpointOption | None = None,
    out: Annotated[Path, option(help="Where result files go, to ID in it.")] = Path("results"),
    output_format: OutputFormat = Format.text,
    quiet: Quiet = False,
) -> None:
    """Show what came of a job: training beside validation, step by step, and what to think of it.

    Its result files are downloaded; of a job that has none yet, the events are read.
    It warns where a job diverges, where the training reward rises while that of
    validation falls, and where rewards rise while answers shrink.

    \b
    Examples:
      rft job results medmcqa
      rft job results ftjob-0123 --format json
    """
    from pipelines.cli import job_view as view
    from pipelines.service import endpoint as addresses
    from pipelines.service import events, results

    where = addresses.endpoint(endpoint, os.environ)
    if where is None:
        raise BadInput(NO_ENDPOINT)
    id = _job_id(job, where)
    with (
        one_line("run it again"),
        closing(terminal.progress(quiet=quiet)) as progress,
        closing(opened(where, progress.note)) as service,
    ):
        state = service.job(id)
        if state is None:
            raise BadInput(f"{id}: no such job at {where.url}; check the id and the endpoint")
        written, curve = [], None
        for name, data in results.files(service, state):
            written.append(_kept(out / id / name, data))
            curve = curve or results.of_file(data)
        curve = curve or results.of_events(events.events(service, id, set()))
    warned = list(results.warnings(curve))
    if output_format is Format.json:
        points = [
            {name: getattr(point, name) for name in point.__slots__} for point in curve.points
        ]
        document = {"job": id, "status": state.get("status"), "files": list(map(str, written))}
        document |= {"measure": curve.measure, "steps": points, "warnings": warned}
        terminal.print_json(document)
        return
    view.show_curve(curve)
    for path in written:
        terminal.say(f"in {path}")
    if not written:
        terminal.say(f"no result files yet: the job is {state.get('status')}; read from its events")
    for warning in warned:
        terminal.say(f"warning: {warning}")


def _kept(path: Path, data: bytes) -> Path:
    """A downloaded file; one of that name with other content is not written over."""
    from pipelines.io import files

    if path.exists() and path.read_bytes() != data:
        raise BadInput(f"{path}: is there with other content; move it away, or give another --out")
    files.write(path, lambda file: file.write(data))
    return path


def deploy(
    job: JobOrFolder,
    endpoint: EndpointOption | None = None,
    checkpoint: Annotated[
        int | None, option(metavar="STEP", help="That checkpoint, in place of the last model.")
    ] = None,
    name: Annotated[
        str | None, option(help="What the deployment is called; the model's suffix by default.")
    ] = None,
    subscription: Annotated[
        str | None, option(metavar="ID", help="Azure's; else AZURE_SUBSCRIPTION_ID.")
    ] = None,
    resource_group: Annotated[
        str | None, option(metavar="NAME", help="The resource's; else AZURE_RESOURCE_GROUP.")
    ] = None,
    sku: Annotated[
        str, option(help="Standard, GlobalStandard or DeveloperTier.")
    ] = "GlobalStandard",
    capacity: Annotated[
        int, option(type=click.IntRange(min=1), help="Thousands of tokens a minute.")
    ] = 1,
    dry_run: Annotated[
        bool, option("--dry-run", help="Show the request and send none; needs no extra.")
    ] = False,
    yes: Annotated[bool, option("--yes", "-y", help="Do not ask before it costs.")] = False,
    every: PollInterval = 10,
    output_format: OutputFormat = Format.text,
    quiet: Quiet = False,
) -> None:
    """Put the model of a job, or a checkpoint, behind a name that can be asked, on Azure.

    Azure Resource Manager is asked, with Entra ID (`az login`). A deployment costs
    by the hour until it is deleted, so you are asked first.

    \b
    Examples:
      rft job deploy medmcqa --dry-run
      rft job deploy ftjob-0123 --checkpoint 10 --name pilot --resource-group NAME
    """
    from pipelines.cli.submit_plan import ask
    from pipelines.rules.tables import prices
    from pipelines.service import deployment as deployments
    from pipelines.service import endpoint as addresses

    check_seconds(poll_interval=every)
    where = addresses.endpoint(endpoint, os.environ)
    if where is None:
        raise BadInput(NO_ENDPOINT)
    id, text = _job_id(job, where), output_format is Format.text
    resource = deployments.account(where)
    required = deployments.required
    place = (
        required("--subscription", subscription, deployments.SUBSCRIPTION, shown=dry_run),
        required("--resource-group", resource_group, deployments.GROUP, shown=dry_run),
    )
    if dry_run:
        model = _trained_if_known(id, checkpoint, where)
        chosen = deployments.Deployment(
            name or _name(model), model, *place, resource, sku=sku, capacity=capacity
        )
        if text:
            terminal.say(f"{chosen.request['method']} {chosen.request['url']}")
            print(terminal.as_json(chosen.body, orjson.OPT_INDENT_2).decode())
        else:
            terminal.print_json(chosen.request)
        return
    with (
        one_line("what Azure has begun goes on"),
        closing(terminal.progress(quiet=quiet)) as progress,
        closing(opened(where, progress.note)) as service,
    ):
        model = _trained(service, id, checkpoint, where)
        chosen = deployments.Deployment(
            name or _name(model), model, *place, resource, sku=sku, capacity=capacity
        )
        client = deployments.client(place[0])  # before it is asked for
        (hosting,) = prices()["hosting_hour"].values()
        cost = f"${hosting['value']:.2f} an hour, as published for o4-mini ({hosting['read']})"
        ask(f"Deploy {model} as {chosen.name} at {cost}?", yes=yes, text=text)
        progress.begin(f"deploying {chosen.name}", unit="")
        made = deployments.deploy(chosen, client, every=every)
        progress.end()
    if not text:
        terminal.print_json(made)
        return
    state = (made.get("properties") or {}).get("provisioning_state", "")
    terminal.say(f"deployed as {chosen.name}: {state or 'made'}; ask it at {where.url}")
    terminal.say(
        f"it costs until it is deleted: az cognitiveservices account deployment delete "
        f"-n {resource} -g {place[1]} --deployment-name {chosen.name}"
    )


def _trained_if_known(id: str, checkpoint: int | None, where: Endpoint) -> str:
    """The same for a request that is only shown: a word in its place where it cannot be asked."""
    try:
        with one_line("nothing was sent"), closing(opened(where, lambda text: None)) as service:
            return _trained(service, id, checkpoint, where)
    except BadInput as error:
        terminal.say(f"shown without the model's name: {error}", stderr=True)
        return f"MODEL-OF-{id}" + (f"-STEP-{checkpoint}" if checkpoint else "")


def _trained(service: Any, id: str, checkpoint: int | None, where: Endpoint) -> str:
    """The name of a job's model, or of that of a checkpoint."""
    if checkpoint is None:
        state = service.job(id)
        if state is None:
            raise BadInput(f"{id}: no such job at {where.url}; check the id and the endpoint")
        if not isinstance(model := state.get("fine_tuned_model"), str):
            status = state.get("status")
            raise BadInput(f"{id}: is {status} and has no model yet; see --checkpoint STEP")
        return model
    checkpoints = service.checkpoints(id)
    listed = {n: each for each in checkpoints if type(n := each.get("step_number")) is int}
    model = (listed.get(checkpoint) or {}).get("fine_tuned_model_checkpoint")
    if not isinstance(model, str):
        there = ", ".join(map(str, sorted(listed))) or "none"
        raise BadInput(f"{id}: no checkpoint of step {checkpoint}; there are {there}")
    return model


def _name(model: str) -> str:
    """A deployment's name for a model: of at most 64 letters, digits, `-`, `_` and `.`."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", model)[-64:].strip("-._")


class _Job(click.Group):
    """`rft job ID` is `rft job show ID`: the commonest needs no word of its own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in self.commands:
            args = ["show", *args]
        return super().parse_args(ctx, args)


job = _Job("job", help=show.__doc__)
for _function in (show, results, deploy):
    job.add_command(command(_function))
