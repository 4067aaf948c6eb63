"""`rft submit`: a prepared folder becomes a job."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import orjson

from pipelines.cli import terminal
from pipelines.cli.command import Exit, option
from pipelines.cli.options import (
    AllFindings,
    EndpointOption,
    Folder,
    Format,
    JobSettings,
    OutputFormat,
    Quiet,
)
from pipelines.findings import BadInput

if TYPE_CHECKING:
    from pipelines.io.prepared import Prepared
    from pipelines.service.client import Service
    from pipelines.service.endpoint import Endpoint
    from pipelines.service.submission import Settings

Json = dict[str, Any]

# Characters of a text from which a terminal shows only its beginning.
_LONG = 2000

PollInterval = Annotated[
    float,
    option("--poll-interval", help="Seconds between two looks at a file or at the events."),
]
Follow = Annotated[
    bool, option("--follow", help="Show events and rewards until the job has ended.")
]


def submit(
    folder: Folder,
    endpoint: EndpointOption | None = None,
    job: JobSettings = (),
    dry_run: Annotated[
        bool, option("--dry-run", help="Print every request and send none; needs no key.")
    ] = False,
    again: Annotated[
        bool, option("--again", help="Another job, where there is one of the same files.")
    ] = False,
    yes: Annotated[
        bool, option("--yes", "-y", help="Do not ask before it is paid for; for scripts.")
    ] = False,
    follow: Follow = False,
    timeout: Annotated[float, option(help="Seconds to wait for a file to be processed.")] = 1800,
    every: PollInterval = 5,
    output_format: OutputFormat = Format.text,
    quiet: Quiet = False,
    all_findings: AllFindings = False,
) -> None:
    """Check a prepared folder, upload its files and create its fine-tuning job.

    The key is AZURE_OPENAI_API_KEY or OPENAI_API_KEY; without one, Azure is asked with
    Entra ID (`az login`). What was done is in submission.json beside the files: a run
    that was broken off goes on from there, and no second job is made without --again.
    A job costs money from its first step: before anything is sent, what it takes is
    shown and you are asked. Rows of the demo are not sent.

    \b
    Examples:
      rft submit medmcqa --dry-run
      rft submit medmcqa --endpoint https://NAME.openai.azure.com --follow
      rft submit elsewhere/openr1-math --again --yes
      rft submit medmcqa --job suffix=pilot --job n_epochs=2
    """
    # Here and not above: listing commands needs no service.
    from pipelines.cli import job_view as view
    from pipelines.cli import submit_plan
    from pipelines.io import files
    from pipelines.io.prepared import find
    from pipelines.rules import job_settings
    from pipelines.service import demo, submission
    from pipelines.service import endpoint as addresses

    check_seconds(poll_interval=every, timeout=timeout)
    where = addresses.endpoint(endpoint, os.environ)
    if where is None and not dry_run:
        raise BadInput(NO_ENDPOINT)
    prepared = find(folder)
    text = output_format is Format.text
    given = job_settings.parsed(job)
    changed = {"job": submission.job(prepared, given)} if given else {}
    findings = _checked(prepared, changed, text=text, quiet=quiet, every=all_findings)
    settings = submission.Settings(every=every, most=timeout, again=again, job=given)
    demo_rows = demo.rows(prepared)
    if where is None or dry_run:
        if demo_rows:
            print(f"the demo's rows, shown only: {demo.refusal(*demo_rows)}", file=sys.stderr)
        _show_requests(prepared, where, settings, findings, text=text)
        return
    if demo_rows:
        raise BadInput(demo.refusal(*demo_rows))

    def confirm() -> None:
        submit_plan.confirm(prepared, where, given, yes=yes, text=text, quiet=quiet)

    with (
        one_line("run it again: it goes on, and looks for a job before it asks for one"),
        closing(terminal.progress(quiet=quiet)) as progress,
        closing(opened(where, progress.note)) as service,
    ):
        with files.alone(prepared.folder):
            done = submission.submit(prepared, service, progress, settings, confirm=confirm)
        made = done.job
        if text:
            title = "submitted" if done.new else "submitted before; --again makes another job"
            view.show_job(made, where, title)
        if follow:
            made = followed(service, made["id"], every, text=text)
        if not text:
            value = {"findings": findings, "new": done.new, "endpoint": where.url, "job": made}
            terminal.print_json(value)
        elif follow:
            view.show_job(made, where, "ended")
        else:
            terminal.say(f"rft job {made['id']} --follow shows how it goes")
        raise Exit(int(made.get("status") in LOST | {submission.GONE}))


NO_ENDPOINT = (
    "no endpoint; give --endpoint https://NAME.openai.azure.com, or set AZURE_OPENAI_ENDPOINT; "
    "for OpenAI, set OPENAI_API_KEY"
)


# The longest time that can be given, in seconds.
_WEEK = 7 * 24 * 3600


def check_seconds(**given: float) -> None:
    """BadInput where an option is no time that can be waited."""
    for name, seconds in given.items():
        if not 0 <= seconds <= _WEEK:  # neither is "nan"
            raise BadInput(
                f"--{name.replace('_', '-')} {seconds:g}: give seconds, from 0 to {_WEEK:,}"
            )


# Endings with which a submission is not what it was for.
LOST = {"failed", "cancelled"}


def _checked(
    prepared: Prepared, changed: Mapping[str, Any], *, text: bool, quiet: bool, every: bool
) -> list[Json]:
    """The findings about a folder, shown as `rft validate` shows them; errors end the run.

    changed: documents in place of the folder's, by role.
    """
    from pipelines.rules import check

    tally = terminal.Tally(check.check(prepared.folder, changed=changed), every=every)
    failed = "error" in tally.severities
    findings = [finding.as_dict() for finding in tally.held]
    if text and (failed or not quiet):
        terminal.show_findings(tally, stderr=not failed)
    elif failed:
        terminal.print_json({"findings": findings})
    if failed:
        raise Exit(1)
    return findings


def _show_requests(
    prepared: Prepared,
    where: Endpoint | None,
    settings: Settings,
    findings: list[Json],
    *,
    text: bool,
) -> None:
    """Show what would be sent to the service; send nothing and write nothing."""
    from pipelines.service import submission
    from pipelines.service.endpoint import EXAMPLE, Endpoint

    if where is None:
        print(f"no endpoint is named; shown for {EXAMPLE}", file=sys.stderr)
        where = Endpoint(EXAMPLE, "resource", "--endpoint")
    requests = submission.requests(prepared, where, settings)
    if not text:
        terminal.print_json({"findings": findings, "requests": requests})
        return
    for request in requests:
        terminal.say(f"{request['method']} {request['url']}")
        body = _on_screen(request["body"]) if sys.stdout.isatty() else request["body"]
        print(terminal.as_json(body, orjson.OPT_INDENT_2).decode())
    if not requests:
        terminal.say("a job of these files was submitted before; --again makes another job")


def _on_screen(value: Any) -> Any:
    """A request without its long texts: a grader's program fills some thousand lines."""
    if isinstance(value, dict):
        return {name: _on_screen(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_on_screen(one) for one in value]
    if isinstance(value, str) and len(value) > _LONG:
        return f"{value[:60]} … {len(value):,} characters; --format json shows all"
    return value


def opened(where: Endpoint, note: Callable[[str], None]) -> Service:
    """The service at an endpoint, opened with what the environment has."""
    from pipelines.service import client
    from pipelines.service.endpoint import access

    return client.Service(where, access(where, os.environ), retry=client.RETRY, note=note)


@contextmanager
def one_line(interrupted: str) -> Iterator[None]:
    """What the service refuses is one line and exit code 1; Ctrl-C is one too."""
    from pipelines.service.refusals import Refused

    try:
        yield
    except Refused as error:
        terminal.say(f"rft: {error}", stderr=True)
        raise Exit(1) from None
    except KeyboardInterrupt:
        print(f"rft: interrupted; {interrupted}", file=sys.stderr)
        raise Exit(130) from None


def followed(
    service: Service,
    id: str,
    every: float,
    *,
    text: bool,
    budget: tuple[float, float | None] | None = None,
) -> Json:
    """Follow a job; broken off, say that it goes on.

    budget: what it may cost, after which it is paused, and the price of an hour where it is given.
    """
    from pipelines.cli import job_view as view
    from pipelines.service.events import follow

    shown = view.Events(stderr=not text, budget=budget)
    try:
        return follow(service, id, shown.tell, shown.turn, every=every, enough=shown.enough)
    except KeyboardInterrupt:
        line = f"rft: detached; the job goes on: rft job {id} --follow, or rft job {id} --cancel"
        terminal.say(line, stderr=True)
        raise Exit(130) from None
