"""From a prepared folder to one job: what was done is written down, so that none is made twice.

`submission.json` in the folder holds, for each endpoint, the ids of uploaded files by their sha256,
and the jobs. A job is recorded before it is asked for, with a digest of files and request that also
goes into its metadata. A run that finds such a record without an id, or none at all, first looks
for a job with that digest at the service.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from time import sleep
from typing import Any

import orjson

from pipelines.findings import BadInput
from pipelines.io import files
from pipelines.io.prepared import SPLITS, Prepared
from pipelines.io.progress import Progress
from pipelines.rules import job_settings
from pipelines.rules.shapes import inside
from pipelines.service.client import Json, Service
from pipelines.service.endpoint import Endpoint, Secrets
from pipelines.service.refusals import Refused, Unclear
from pipelines.service.uploads import PART_BYTES, Source, send, source, wait

STATE = "submission.json"

# The field of a request for the file of each split.
_FIELDS = {"train": "training_file", "validation": "validation_file"}

# Keys of a job's metadata: the digest, and which job of that digest it is.
SUBMISSION, ATTEMPT = "rft_submission", "rft_attempt"
# Pairs that metadata may have (`schemas/job.json`).
_PAIRS = 16

# The status of a job that was made and that the service does not know any more.
GONE = "gone from the service"

# Looks for a job whose creation was not answered, for it may be listed late: at once and after 1, 3
# and 7 times the seconds between two looks.
_LOOKS = 4


@dataclass(frozen=True, slots=True)
class Settings:
    """How to submit; times in seconds, sizes in bytes.

    every, most: how often and how long a file is looked at. again: make another job of the same
    files and request. single, part: as `uploads.send` has them. job: settings of the job, in place
    of those of `job.json`, into which they are written before anything is sent.
    """

    every: float = 5
    most: float = 1800
    again: bool = False
    single: int | None = None
    part: int = PART_BYTES
    job: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submitted:
    """A job as the service tells of it, and whether this run made it."""

    job: Json
    new: bool


def submit(
    prepared: Prepared,
    service: Service,
    progress: Progress,
    settings: Settings,
    *,
    confirm: Callable[[], None] = lambda: None,
) -> Submitted:
    """The job of a prepared folder: the one that there is, or a new one.

    confirm: called before anything is sent, where there is no job; raises where nothing is to be.
    Raises BadInput and, where the service refuses a file, the grader or the job, Refused.
    """
    sources, body, fingerprint = _read(prepared, service.where, settings)
    record = _Record(prepared.folder / STATE, service.where.url, fingerprint)
    earlier = _earlier(service, record, settings)
    if earlier and not settings.again:
        return Submitted(earlier[max(earlier)], new=False)
    confirm()
    if settings.job:
        _set(prepared, settings.job)
    ids = _uploaded(service, record, sources, progress, settings)
    grader = _grader(body)
    if grader is not None and not service.validate_grader(grader):
        progress.note("the service has no place to validate a grader; going on without")
    attempt = _next_attempt({*earlier, *record.mine}, settings)
    body = _with_ids(body, ids, fingerprint, attempt)
    return Submitted(_created(service, record, body, settings), new=True)


def _set(prepared: Prepared, settings: Mapping[str, Any]) -> None:
    """Write settings into the job, and down for later runs: of an export, into its record too."""
    path, record = prepared.path("job"), prepared.folder / "export.json"
    before = files.sha256(path)
    files.write_json(path, job(prepared, settings))
    job_settings.save(prepared.folder, settings)
    if record.is_file():
        exported = orjson.loads(record.read_bytes())
        entries = [inside(entry) for entry in inside(exported).get("files") or ()]
        new = files.describe(path, prepared.folder)
        entries = [new if entry.get("sha256") == before else entry for entry in entries]
        files.write_json(record, inside(exported) | {"files": entries})


def requests(prepared: Prepared, where: Endpoint, settings: Settings) -> list[Json]:
    """What `submit` would send of a folder, in order, but for looks at what the service has.

    Nothing is asked of it and nothing is written. Where a job is on record nothing would be sent.
    """
    sources, body, fingerprint = _read(prepared, where, settings)
    record = _Record(prepared.folder / STATE, where.url, fingerprint)
    if record.mine and not settings.again:
        return []
    ids, sent = {}, []
    for split, file in sources.items():
        if earlier := record.files.get(file.sha256):
            ids[split] = earlier["id"]
            continue
        ids[split] = f"id-of-{file.name}"
        shown = {"name": file.name, "bytes": file.size, "sha256": file.sha256}
        parts = file.parts(settings.single, settings.part)
        path = "uploads" if parts else "files"
        shown |= {"parts": parts} if parts else {}
        sent.append((path, {"purpose": "fine-tune", "file": shown}))
    if (grader := _grader(body)) is not None:
        sent.append(("fine_tuning/alpha/graders/validate", {"grader": grader}))
    job = _with_ids(body, ids, fingerprint, _next_attempt(record.mine, settings))
    sent.append(("fine_tuning/jobs", job))
    return [
        {"method": "POST", "url": where.url + path, "body": Secrets().hidden(body)}
        for path, body in sent
    ]


def last_job(folder: Path, url: str) -> str | None:
    """The id of the last job that was made of a folder at an endpoint, as it is on record."""
    ids = [job["id"] for job in _Record(folder / STATE, url, "").jobs if job["id"]]
    return ids[-1] if ids else None


def _read(
    prepared: Prepared, where: Endpoint, settings: Settings
) -> tuple[dict[str, Source], Json, str]:
    """The files, the request, and the fingerprint of both."""
    there = [split for split in SPLITS if split in prepared.splits]
    sources = {split: source(prepared.path(split)) for split in there}
    body = request(prepared, settings.job, is_azure=where.is_azure)
    return sources, body, _fingerprint(body, sources)


def _grader(body: Json) -> Json | None:
    """The grader of a request; None of a supervised one."""
    return inside(body, "method", "reinforcement").get("grader")


def _next_attempt(attempts: Collection[int], settings: Settings) -> int:
    return max([0, *attempts]) + 1 if settings.again else 1


def _with_ids(body: Json, ids: Mapping[str, str], fingerprint: str, attempt: int) -> Json:
    """The request as it is sent: with the files' ids, and what the job is found by."""
    metadata = {SUBMISSION: fingerprint, ATTEMPT: str(attempt)}
    return {
        **{name: value for name, value in body.items() if name not in _FIELDS.values()},
        **{_FIELDS[split]: id for split, id in ids.items()},
        "metadata": (body.get("metadata") or {}) | metadata,
    }


def job(prepared: Prepared, settings: Mapping[str, Any]) -> Json:
    """The request of `job.json` with these settings in place of its own.

    Raises BadInput where there is none, or where the grader and the response format in it are not
    those of the files beside it.
    """
    path = prepared.path("job")
    body = prepared.document("job")
    if body is None:
        raise BadInput(f"{path}: there is no such file; run `rft prepare` first")
    inner = inside(body, "method", "reinforcement")
    for role in ("grader", "response_format"):
        beside = prepared.document(role)
        if beside is not None and beside != inner.get(role):
            raise BadInput(
                f"{path}: its {role} differs from {prepared.path(role)}; make them the same, or "
                "remove that file"
            )
    if job_settings.GRADER_MODEL in settings:
        raise BadInput("--job grader_model: is in grader.json too; give it to `rft prepare`")
    return job_settings.applied(body, settings, lambda name: f"--job {name}={settings.get(name)}")


def request(prepared: Prepared, settings: Mapping[str, Any], *, is_azure: bool) -> Json:
    """What is sent of `job`: without a training type for OpenAI, which has none."""
    path, body = prepared.path("job"), job(prepared, settings)
    if len(body.get("metadata") or {}) > _PAIRS - 2:
        raise BadInput(f"{path}: metadata has over {_PAIRS - 2} pairs, and two are added; cut it")
    return {name: value for name, value in body.items() if is_azure or name != "trainingType"}


def _fingerprint(body: Json, sources: Mapping[str, Source]) -> str:
    """The digest of the files and of the request, in whatever order its fields stand."""
    settings = {k: v for k, v in body.items() if k not in _FIELDS.values()}
    content = [settings, {split: file.sha256 for split, file in sources.items()}]
    return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


# What was done before ----------------------------------------------------------------------------


class _Record:
    """What `submission.json` says of one endpoint; every change is on the disk at once.

    mine: the jobs with this fingerprint, by their numbers, each with the id that it got.
    """

    def __init__(self, path: Path, url: str, fingerprint: str) -> None:
        self._path, self.fingerprint = path, fingerprint
        try:
            self._content = orjson.loads(path.read_bytes()) if path.exists() else {}
            here = self._content.setdefault("endpoints", {}).setdefault(url, {})
            self.files: Json = here.setdefault("files", {})
            self.jobs: list[Json] = here.setdefault("jobs", [])
            self.ids = {job["id"] for job in self.jobs}
            self.mine = {
                job["attempt"]: job for job in self.jobs if job["submission"] == fingerprint
            }
            for file in self.files.values():
                file["id"]
        except (orjson.JSONDecodeError, AttributeError, LookupError, TypeError):
            raise BadInput(
                f"{path}: not as `rft submit` writes it; move it away, and the service will be "
                "asked for an earlier job"
            ) from None

    def save(self) -> None:
        """Write it: whole or not at all."""
        files.write_json(self._path, self._content)

    def add(self, attempt: int, id: str | None, **sent: str) -> Json:
        """Write down a job that is asked for, without an id, or the id of one that was."""
        job = self.mine.get(attempt)
        if job is None:
            job = self.mine[attempt] = {"submission": self.fingerprint, "attempt": attempt}
            self.jobs.append(job)
        job |= {**sent, "id": id}
        self.ids.add(id)
        self.save()
        return job

    def remove(self, attempt: int) -> None:
        """Forget a job that was refused."""
        self.jobs.remove(self.mine.pop(attempt))
        self.save()


def _earlier(service: Service, record: _Record, settings: Settings) -> dict[int, Json]:
    """The jobs with the record's fingerprint by number, as the service has them.

    It is asked for its list where none is on record, one was not answered, or for another job.
    """
    jobs = {}
    for attempt, recorded in record.mine.items():
        if id := recorded["id"]:
            # It was made, so it is not made once more unasked.
            jobs[attempt] = {**(service.job(id) or {"status": GONE}), "id": id}
    waiting = [job for job in record.mine.values() if not job["id"]]
    if settings.again or waiting or not jobs:
        for attempt, job in _listed(service, record, waiting, settings.every).items():
            if attempt not in jobs:
                record.add(attempt, job["id"])
                jobs[attempt] = job
    return jobs


def _listed(
    service: Service, record: _Record, waiting: list[Json], every: float
) -> dict[int, Json]:
    """The jobs with the record's fingerprint that the service lists, by number.

    `waiting` are those that were asked for and not answered. They may be listed late, so that they
    are looked for a few times, `every` seconds and more apart. A service that gives no metadata
    back still tells such a job's files, whose ids are of no other folder.
    """
    jobs: dict[int, Json] = {}
    for look in range(_LOOKS if waiting else 1):
        sleep(every * (2**look - 1))
        for job in service.jobs():
            metadata = job.get("metadata")
            metadata = metadata if isinstance(metadata, dict) else {}
            number = str(metadata.get(ATTEMPT))
            if metadata.get(SUBMISSION) == record.fingerprint and number.isdecimal():
                jobs.setdefault(int(number), job)
            elif SUBMISSION not in metadata and job["id"] not in record.ids:
                for each in waiting:
                    if _files(job) == _files(each):
                        jobs.setdefault(each["attempt"], job)
        if all(each["attempt"] in jobs for each in waiting):
            break
    return jobs


def _files(of: Mapping[str, Any]) -> tuple[Any, Any]:
    return of.get("training_file"), of.get("validation_file")


# What is to be done ------------------------------------------------------------------------------


def _uploaded(
    service: Service,
    record: _Record,
    sources: Mapping[str, Source],
    progress: Progress,
    settings: Settings,
) -> dict[str, str]:
    """The ids of both files, once the service is through with them."""
    uploaded = {}
    for split, local in sources.items():
        file = None
        if recorded := record.files.get(local.sha256):
            id = recorded["id"]
            file = service.file(id)
            if file is None or file.get("status") in ("error", "deleting", "deleted"):
                progress.note(f"{local.name}: {id} is of no use any more; uploading again")
                file = None
            else:
                progress.note(f"{local.name}: uploaded before as {id}")
                file["id"] = id
        if file is None:
            file = send(service, local, progress, single=settings.single, part=settings.part)
            entry = {"name": local.name, "bytes": local.size, "id": file["id"]}
            record.files[local.sha256] = entry
            record.save()
        uploaded[split] = file
    for split, file in uploaded.items():
        name = sources[split].name
        wait(service, file, name, progress, every=settings.every, most=settings.most)
    return {split: file["id"] for split, file in uploaded.items()}


def _created(service: Service, record: _Record, body: Json, settings: Settings) -> Json:
    """Create the job, once: where no answer comes, look whether it was created."""
    attempt = int(body["metadata"][ATTEMPT])
    sent = {name: body[name] for name in _FIELDS.values() if name in body}
    recorded = record.add(attempt, None, **sent)
    try:
        job = service.create_job(body)
    except (BadInput, Refused, Unclear) as error:
        # Even where it says that nothing was done: a refusal may be another one's, on the way.
        unclear = isinstance(error, Unclear)
        try:
            every = settings.every if unclear else 0
            job = _listed(service, record, [recorded], every)[attempt]
        except (BadInput, Refused, LookupError):
            if not unclear:
                record.remove(attempt)
                raise error from None
            reason = str(error).removeprefix("the job: ").partition(";")[0]
            raise BadInput(
                f"the job: {reason}; it may have been made and is not listed; run it again later: "
                "it is looked for before it is asked for"
            ) from None
    record.add(attempt, job["id"])
    return job
