"""Some columns of published parquet files over ranged requests."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import huggingface_hub
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub_server import COMMIT, Fault, HubServer, serving

from pipelines.datasets import DATASETS
from pipelines.findings import BadInput
from pipelines.io.progress import Progress
from pipelines.io.retry import RetryPolicy
from pipelines.sources import record
from pipelines.stages.download import Raw, download

COLUMNS = DATASETS["openr1-math"].columns


def published(seed: int) -> tuple[pa.Table, bytes]:
    """Rows as the hub has them: the columns that are read are a small part of the bytes."""
    chance = random.Random(seed)
    rows = pa.table(
        {
            "problem": [f"Problem {chance.random()}?" for _ in range(300)],
            "solution": [chance.randbytes(90).hex() for _ in range(300)],
            "answer": [str(n) for n in range(300)],
            "uuid": [None if n % 7 else str(n) for n in range(300)],
            "generations": [[chance.randbytes(3000).hex()] for _ in range(300)],
            "correctness_math_verify": [[True, False]] * 300,
        }
    )
    out = BytesIO()
    pq.write_table(rows, out, row_group_size=100)
    return rows, out.getvalue()


TABLES = [published(n) for n in range(2)]
NAMES = [f"data/train-{n:05}-of-00002.parquet" for n in range(2)]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HubServer]:
    monkeypatch.chdir(tmp_path)
    server = HubServer({name: data for name, (_, data) in zip(NAMES, TABLES, strict=True)})
    with serving(server):
        yield server
        huggingface_hub.close_session()


def bring(hub: HubServer, **options: str) -> Raw:
    recipe = replace(DATASETS["openr1-math"], hub="some/data", revision=COMMIT, benchmarks=())
    return download(
        recipe,
        source="huggingface",
        progress=Progress(),
        endpoint=hub.url,
        retry=RetryPolicy(delays=(0, 0), silence=5),
        **options,
    )


def test_the_columns_that_are_read(hub: HubServer) -> None:
    raw = bring(hub, columns="prompt")
    assert [path.as_posix() for path in raw.train] == [
        f"raw/openr1-math/narrow/{name}" for name in NAMES
    ]
    for path, (rows, data) in zip(raw.train, TABLES, strict=True):
        wanted = rows.select([name for name in COLUMNS if name in rows.column_names])
        assert pl.read_parquet(path).equals(pl.from_arrow(wanted))
        assert pq.ParquetFile(path).num_row_groups == 3
        name = path.as_posix().removeprefix("raw/openr1-math/narrow/")
        assert hub.sent[name] < 0.1 * len(data)


def test_no_digest_covers_them(hub: HubServer) -> None:
    bring(hub, columns="prompt")
    held = record.read(Path("raw/openr1-math"))
    assert held is not None
    assert (held.asked, {entry.verified for entry in held.files}) == (
        {"columns": "prompt"},
        {False},
    )


def test_the_same_bytes_each_time_and_none_again(hub: HubServer) -> None:
    first = [path.read_bytes() for path in bring(hub, columns="prompt").train]
    Path("raw/openr1-math/SOURCE.json").unlink()  # a run killed before the end
    Path("raw/openr1-math/narrow", NAMES[1]).unlink()
    hub.sent.clear()
    assert [path.read_bytes() for path in bring(hub, columns="prompt").train] == first
    assert hub.sent[NAMES[0]] == 0


def test_one_that_was_changed_is_written_again(hub: HubServer) -> None:
    path = bring(hub, columns="prompt").train[0]
    first = path.read_bytes()
    path.write_bytes(first[:10] + bytes([first[10] ^ 1]) + first[11:])
    assert bring(hub, columns="prompt").train[0].read_bytes() == first


def test_whole_files_stand_beside_them(hub: HubServer) -> None:
    bring(hub, columns="prompt")
    assert [path.read_bytes() for path in bring(hub).train] == [data for _, data in TABLES]
    hub.sent.clear()
    bring(hub, columns="prompt")
    bring(hub)
    assert hub.sent.total() == 0


@pytest.mark.parametrize(
    "fault", [Fault(503), Fault(429, {"Retry-After": "0"}), Fault(cut=7)], ids=["503", "429", "cut"]
)
def test_mended_by_another_try(hub: HubServer, fault: Fault) -> None:
    hub.faults["file"] = [fault, fault]
    raw = bring(hub, columns="prompt")
    assert pl.read_parquet(raw.train[0], columns=["answer"]).height == 300


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(whole=True), "the server gives no parts of a file; take all columns"),
        (Fault(body=TABLES[0][1] + b"x"), "the file changed while it was read; run it again"),
        (
            Fault(404, {"X-Error-Code": "EntryNotFound"}),
            "the hub has no such file; is the revision right?",
        ),
    ],
)
def test_refusals(hub: HubServer, fault: Fault, expected: str) -> None:
    hub.faults["file"] = [fault] * 2
    with pytest.raises(BadInput) as caught:
        bring(hub, columns="prompt")
    assert str(caught.value).partition(": ")[2] == expected
    assert list(Path("raw").rglob("*.part")) == []


def test_another_etag_on_the_way(hub: HubServer) -> None:
    etags = iter(f'"{n}"' for n in range(1000))
    hub.etag = lambda path: next(etags)  # type: ignore[method-assign]
    with pytest.raises(BadInput, match="the file changed while it was read"):
        bring(hub, columns="prompt")


def test_what_is_no_parquet(hub: HubServer) -> None:
    hub.files[NAMES[0]] = hub.published[NAMES[0]] = b"no parquet" * 1000
    with pytest.raises(BadInput, match=r"no parquet file \(.*\); take all columns"):
        bring(hub, columns="prompt")
