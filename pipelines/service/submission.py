"""From a prepared folder to one job: what was done is written down, so that none is made twice.

`submission.json` in the folder holds, for each endpoint, the ids of uploaded files by their sha256,
and the jobs. A job is recorded before it is asked for, with a digest of files and request that also
goes into its metadata. A run that finds such a record without an id, or none at all, first looks
for a job with that digest at the service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import sleep
from typing import Any

import orjson

from pipelines.findings import BadInput
from pipelines.io import files
from pipelines.io.prepared import SPLITS, Prepared
from pipelines.io.progress import Progress
from pipelines.service.client import Json, Service
from pipelines.service.refusals import Refused, Unclear
from pipelines.service.uploads import PART_BYTES, Source, send, source, wait

STATE = "submission.json"

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
    files and request. single, part: as `uploads.send` has them.
    """

    every: float = 5
    most: float = 1800
    again: bool = False
    single: int | None = None
    part: int = PART_BYTES


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
    write: bool = True,
) -> Submitted:
    """The job of a prepared folder: the one that there is, or a new one.

    confirm: called before anything is sent, where there is no job; raises where nothing is to be.
    Without `write` nothing is written down. Raises BadInput and, where the service refuses a file,
    the grader or the job, Refused.
    """
    sources = {split: source(prepared.path(split)) for split in SPLITS}
    body = request(prepared, is_azure=service.where.is_azure)
    token = _token(body, sources)
    record = _Record.read(prepared.folder / STATE, service.where.url, write)
    earlier = _earlier(service, record, token, again=settings.again, every=settings.every)
    if earlier and not settings.again:
        return Submitted(earlier[max(earlier)], new=False)
    confirm()
    attempt = max([0, *earlier, *record.attempts(token)]) + 1 if settings.again else 1
    ids = _uploaded(service, record, sources, progress, settings)
    if not service.validate_grader(body["method"]["reinforcement"]["grader"]):
        progress.note("the service has no place to validate a grader; going on without")
    metadata = {**(body.get("metadata") or {}), SUBMISSION: token, ATTEMPT: str(attempt)}
    body |= {"training_file": ids["train"], "validation_file": ids["validation"]}
    return Submitted(_created(service, record, body | {"metadata": metadata}, settings), new=True)


def request(prepared: Prepared, *, is_azure: bool) -> Json:
    """The request of `job.json`, without a training type for OpenAI, which has none.

    Raises BadInput where there is none, or where the grader and the response format in it are not
    those of the files beside it.
    """
    path = prepared.path("job")
    body = prepared.document("job")
    if body is None:
        raise BadInput(f"{path}: there is no such file; run `rft prepare` first")
    inside = body["method"]["reinforcement"]
    for role in ("grader", "response_format"):
        beside = prepared.document(role)
        if beside is not None and beside != inside.get(role):
            raise BadInput(
                f"{path}: its {role} is another than {prepared.path(role)}; make them the same, "
                "or remove the latter"
            )
    if len(body.get("metadata") or {}) > _PAIRS - 2:
        raise BadInput(f"{path}: metadata has over {_PAIRS - 2} pairs, and two are added; cut it")
    return {name: value for name, value in body.items() if is_azure or name != "trainingType"}


def _token(body: Mapping[str, Any], sources: Mapping[str, Source]) -> str:
    """The digest of the files and of the request, whatever the files' ids will be."""
    rest = {k: v for k, v in body.items() if k not in ("training_file", "validation_file")}
    whole = [rest, {split: each.sha256 for split, each in sources.items()}]
    return sha256(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)).hexdigest()


# What was done before ----------------------------------------------------------------------------


class _Record:
    """What `submission.json` says of one endpoint; every change is on the disk at once."""

    def __init__(self, path: Path, whole: Json, url: str, write: bool) -> None:
        self._path, self._whole, self._write = path, whole, write
        here = whole.setdefault("endpoints", {}).setdefault(url, {})
        self.files: Json = here.setdefault("files", {})
        self.jobs: list[Json] = here.setdefault("jobs", [])

    @classmethod
    def read(cls, path: Path, url: str, write: bool) -> _Record:
        """The record in a file that may not be there yet."""
        try:
            whole = orjson.loads(path.read_bytes()) if path.exists() else {}
            record = cls(path, whole, url, write)
            for each in record.jobs:
                each["submission"], each["attempt"], each["id"]
            for each in record.files.values():
                each["id"]
        except (orjson.JSONDecodeError, AttributeError, LookupError, TypeError):
            raise BadInput(
                f"{path}: not as `rft submit` writes it; move it away, and the service will be "
                "asked for an earlier job"
            ) from None
        return record

    def save(self) -> None:
        """Write it: whole or not at all."""
        if self._write:
            files.write_json(self._path, self._whole)

    def attempts(self, token: str) -> list[int]:
        """The numbers of the jobs that were asked for with a digest."""
        return [each["attempt"] for each in self.jobs if each["submission"] == token]

    def answered(self, token: str, attempt: int, id: str) -> None:
        """Write down the id of a job that was asked for, or that another folder asked for."""
        for each in self.jobs:
            if (each["submission"], each["attempt"]) == (token, attempt):
                each["id"] = id
                break
        else:
            self.jobs.append({"submission": token, "attempt": attempt, "id": id})
        self.save()


def _earlier(
    service: Service, record: _Record, token: str, *, again: bool, every: float
) -> dict[int, Json]:
    """The jobs of a digest by number, as the service has them.

    It is asked for its list where none is on record, one was not answered, or for another job.
    """
    known = {each["attempt"]: each["id"] for each in record.jobs if each["submission"] == token}
    jobs = {}
    for attempt, id in known.items():
        if id is not None:
            job = service.job(id)
            # It was made, so it is not made once more unasked.
            jobs[attempt] = {**(job or {"status": GONE}), "id": id}
    if again or not jobs or None in known.values():
        waiting = [each for each in record.jobs if each["submission"] == token and not each["id"]]
        for attempt, job in _listed(service, record, token, waiting, every).items():
            if attempt not in jobs:
                record.answered(token, attempt, job["id"])
                jobs[attempt] = job
    return jobs


def _listed(
    service: Service, record: _Record, token: str, waiting: list[Json], every: float
) -> dict[int, Json]:
    """The jobs of a digest that the service lists, by number.

    `waiting` are those that were asked for and not answered. They may be listed late, so that they
    are looked for a few times, `every` seconds and more apart. A service that gives no metadata
    back still tells such a job's files, whose ids are of no other folder.
    """
    jobs: dict[int, Json] = {}
    answered = {each["id"] for each in record.jobs}
    for look in range(_LOOKS if waiting else 1):
        sleep(every * (2**look - 1))
        for job in service.jobs():
            metadata = job.get("metadata")
            metadata = metadata if isinstance(metadata, dict) else {}
            if metadata.get(SUBMISSION) == token and str(metadata.get(ATTEMPT)).isdecimal():
                jobs.setdefault(int(metadata[ATTEMPT]), job)
            elif SUBMISSION not in metadata and job["id"] not in answered:
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
    held = {}
    for split, each in sources.items():
        file = None
        if known := record.files.get(each.sha256):
            file = service.file(known["id"])
            if file is None or file.get("status") in ("error", "deleting", "deleted"):
                progress.note(f"{each.name}: {known['id']} is of no use any more; uploading again")
                file = None
            else:
                progress.note(f"{each.name}: uploaded before as {known['id']}")
                file["id"] = known["id"]
        if file is None:
            file = send(service, each, progress, single=settings.single, part=settings.part)
            record.files[each.sha256] = {"name": each.name, "bytes": each.size, "id": file["id"]}
            record.save()
        held[split] = file
    for split, file in held.items():
        name = sources[split].name
        wait(service, file, name, progress, every=settings.every, most=settings.most)
    return {split: file["id"] for split, file in held.items()}


def _created(service: Service, record: _Record, body: Json, settings: Settings) -> Json:
    """Create the job, once: where no answer comes, look whether it was created."""
    token, attempt = body["metadata"][SUBMISSION], int(body["metadata"][ATTEMPT])
    intent = {
        "submission": token,
        "attempt": attempt,
        "training_file": body["training_file"],
        "validation_file": body["validation_file"],
        "id": None,
    }
    record.jobs[:] = [
        each for each in record.jobs if (each["submission"], each["attempt"]) != (token, attempt)
    ]
    record.jobs.append(intent)
    record.save()
    try:
        job = service.create_job(body)
    except (BadInput, Refused, Unclear) as error:
        # Even where it says that nothing was done: a refusal may be another one's, on the way.
        unclear = isinstance(error, Unclear)
        try:
            every = settings.every if unclear else 0
            job = _listed(service, record, token, [intent], every)[attempt]
        except (BadInput, Refused, LookupError):
            if not unclear:
                record.jobs.remove(intent)
                record.save()
                raise error from None
            reason = str(error).removeprefix("the job: ").partition(";")[0]
            raise BadInput(
                f"the job: {reason}; it may have been made and is not listed; run it again later: "
                "it is looked for before it is asked for"
            ) from None
    record.answered(token, attempt, job["id"])
    return job
