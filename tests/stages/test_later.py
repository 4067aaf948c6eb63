"""decontaminate, split and convert: given records, expect tags."""

from __future__ import annotations

from collections import Counter
from functools import partial

import orjson
import polars as pl
import pytest
from conftest import frame, math, stored_in
from hypothesis import given
from hypothesis import strategies as st
from known import DATASETS

from pipelines.similarity.keys import digest, key
from pipelines.stages import ledger
from pipelines.stages.convert import convert, evenly
from pipelines.stages.decontaminate import decontaminate, facts
from pipelines.stages.dedupe import dedupe
from pipelines.stages.normalize import normalize
from pipelines.stages.split import split

MATH = DATASETS["openr1-math"]


def records(count: int) -> pl.DataFrame:
    """So many records in three strata of very different sizes."""
    rows = frame(
        *(
            math(f"number {n}", str(n), source=("a" * (n % 2 or n % 20 == 0) or "bc"))
            for n in range(count)
        )
    )
    return unique(rows)


def unique(rows: pl.DataFrame) -> pl.DataFrame:
    """Raw rows as dedupe keeps them; at 1.0, for the prompts here differ in a number."""
    records = ledger.kept(normalize(rows, dataset=MATH, max_prompt_bytes=999))
    records = records.with_columns(pl.coalesce("question", "prompt"))
    nothing = pl.DataFrame(schema={"digest": pl.String, "split": pl.String})
    out = dedupe(records, nothing, stored=stored_in(records), dataset=MATH, threshold=1.0)
    unique = ledger.kept(out)
    others = [name for name in records.columns if name not in unique.columns]
    return unique.join(records.select("row", *others), on="row", maintain_order="left")


def sides(frame: pl.DataFrame) -> dict[str, str]:
    return dict(frame.select("id", "split").iter_rows())


# decontaminate


def asked(name: str, *questions: str) -> pl.DataFrame:
    """Benchmark questions of one name."""
    rows = [{"key": key(one), "question": one, "name": name} for one in questions]
    return pl.DataFrame(rows, schema=dict.fromkeys(("key", "question", "name"), pl.String))


def test_benchmark_questions_go() -> None:
    benchmark = asked("bench.jsonl:7", "Number 3.")
    tagged = decontaminate(records(6), benchmark, threshold=1.0)
    hit = tagged.filter(pl.col("dropped").is_not_null())
    assert hit.select("prompt", "dropped", "detail").rows() == [
        ("number 3", "contaminated", "same question as bench.jsonl:7")
    ]


def test_no_benchmark_drops_nothing() -> None:
    nothing = asked("none")
    assert decontaminate(records(6), nothing, threshold=0.8)["dropped"].null_count() == 6


def test_a_question_that_two_benchmarks_have_is_one_hit() -> None:
    benchmark = pl.concat([asked("b:2", "number 3"), asked("a:1", "number 3")])
    tagged = decontaminate(records(6), benchmark, threshold=1.0)
    assert tagged.height == 6
    assert tagged["detail"].drop_nulls().to_list() == ["same question as a:1"]


WALK = (
    "A man walks along the straight road from the old mill to the church and back again, while his "
    "dog runs to and fro between him and the church at three times his speed. "
)


PAGE = (
    "Last week our class went through some old contest questions, and this one was rather hard.",
    "I tried it with a friend, and we drew a picture first, but then we were stuck. Any hints?",
)


@pytest.mark.parametrize(
    ("prompt", "detail"),
    [
        (WALK + "How far does it run?", "same question as b:1"),
        (WALK + "How far did it run?", "similarity 0.91 to b:1"),
        (f"{PAGE[0]} {WALK}How far does it run? {PAGE[1]}", "shares 1.0 with b:1"),
        (WALK[:60] + "and back again.", None),
    ],
)
def test_kinds_of_contamination(prompt: str, detail: str | None) -> None:
    benchmark = asked("b:1", WALK + "How far does it run?")
    tagged = decontaminate(unique(frame(math(prompt))), benchmark, threshold=0.8)
    assert tagged["detail"].to_list() == [detail]
    assert tagged["dropped"].to_list() == [detail and "contaminated"]


def test_hits_are_counted_by_kind() -> None:
    prompts = {
        "same question": WALK + "How far does it run?",
        "similarity": WALK + "How far did it run?",
        "another": WALK + "How long did it run?",
        "shares": f"{PAGE[0]} {WALK}How far does it run? {PAGE[1]}",
    }
    benchmark = asked("b:1", prompts["same question"])
    rows = unique(frame(*map(math, prompts.values()), math("Why?")))
    tagged = decontaminate(rows, benchmark, threshold=0.8)
    assert facts(tagged) == {"same_question": 1, "near_duplicate": 2, "shared": 1}


def test_a_stock_phrase_is_no_contamination() -> None:
    """What many rows and questions have weighs little."""
    phrase = "in the form m over n where m and n are relatively prime positive integers"
    own = [" ".join(f"{n}q{k * k}" for k in range(40)) for n in range(14)]
    rows = unique(frame(*(math(f"{words} {phrase}") for words in own)))
    questions = pl.concat([asked("b:1", f"Find the sum {phrase}"), asked("b:2", f"Count {phrase}")])
    assert decontaminate(rows, questions, threshold=0.8)["dropped"].null_count() == 14


def test_only_a_row_with_its_numbers_holds_a_question() -> None:
    question = asked("b:1", WALK + "How far does it run in 17 minutes?")
    page = "Somebody asked me on the way to school: {} I could not say, and neither could he. " * 3
    for minutes, expected in ((17, 1), (18, 0)):
        rows = unique(
            frame(math(page.format(f"{WALK}How far does it run in {minutes} minutes?", *"xy")))
        )
        tagged = decontaminate(rows, question, threshold=0.8)
        assert tagged["dropped"].count() == expected


# split


def test_a_pinned_cluster_stays_where_it_was() -> None:
    got = records(200)
    pins = {name: ("train", "validation")[n % 2] for n, name in enumerate(got["id"][:20])}
    pinned = pl.Series("pinned", [pins.get(name) for name in got["id"]], pl.String)
    after = sides(split(got.with_columns(pinned), validation_share=0.1, seed=0))
    assert {name: after[name] for name in pins} == pins
    before = sides(split(got, validation_share=0.1, seed=0))
    assert {n: s for n, s in after.items() if n not in pins} == {
        n: s for n, s in before.items() if n not in pins
    }


def test_share_of_the_clusters() -> None:
    got = Counter(split(records(2000), validation_share=0.1, seed=0)["split"])
    assert 160 < got["validation"] < 240


def test_growth_moves_nothing() -> None:
    small = sides(split(records(200), validation_share=0.1, seed=0))
    large = sides(split(records(400), validation_share=0.1, seed=0))
    assert {name: large[name] for name in small} == small


def test_a_larger_share_moves_only_into_validation() -> None:
    some = sides(split(records(300), validation_share=0.1, seed=0))
    more = sides(split(records(300), validation_share=0.3, seed=0))
    moved = {(some[name], more[name]) for name in some if some[name] != more[name]}
    assert moved == {("train", "validation")}


def test_a_cluster_is_on_one_side() -> None:
    together = records(300).with_columns(cluster=pl.col("cluster").str.slice(0, 1))
    got = split(together, validation_share=0.3, seed=0)
    assert got.group_by("cluster").agg(pl.col("split").n_unique())["split"].max() == 1
    assert got["split"].n_unique() == 2


def test_the_side_of_a_cluster_is_for_ever() -> None:
    """Literal sides: a change here would move rows of every prepared dataset."""
    clusters = pl.DataFrame({"cluster": [digest(str(n)) for n in range(30)]}).with_columns(
        pinned=pl.lit(None, pl.String)
    )
    got = split(clusters, validation_share=0.1, seed=0)["split"]
    assert [n for n, side in enumerate(got) if side == "validation"] == [3, 9, 16, 21, 24]


# convert


def converted(count: int = 200, **changes) -> pl.DataFrame:
    options = {"instruction": None, "rows": 10_000, "validation_rows": 10_000, "max_bytes": 10**9}
    given_records = split(records(count), validation_share=0.2, seed=0).drop("dropped", "detail")
    return convert(
        given_records,
        items=partial(stored_in(given_records), MATH.item_columns),
        dataset=MATH,
        **(options | changes),
    )


def lines(frame: pl.DataFrame, side: str = "train") -> list[bytes]:
    return frame.filter(pl.col("split") == side)["line"].drop_nulls().to_list()


def test_lines_are_items() -> None:
    for line in lines(converted()):
        assert line.endswith(b"}\n")
        assert line.count(b"\n") == 1
        assert list(orjson.loads(line)) == ["messages", *MATH.fields]


def test_non_ascii_is_not_escaped() -> None:
    rows = frame(math("Fläche 面积"))
    one = ledger.kept(split(unique(rows), validation_share=0.0001, seed=0))
    caps = {"rows": 1, "validation_rows": 1, "max_bytes": 999}
    out = convert(
        one, items=partial(stored_in(one), MATH.item_columns), dataset=MATH, instruction="x", **caps
    )
    assert "Fläche 面积".encode() in lines(out)[0]


@pytest.mark.parametrize("rows", [1, 7, 50, 159])
def test_a_smaller_choice_is_the_beginning_of_a_larger_one(rows: int) -> None:
    assert lines(converted(rows=rows)) == lines(converted())[:rows]


@pytest.mark.parametrize("rows", [20, 40, 80])
def test_rows_are_spread_over_the_strata(rows: int) -> None:
    everything, some = converted(), converted(rows=rows)
    whole = Counter(everything.filter(pl.col("split") == "train")["source"])
    part = Counter(
        some.filter((pl.col("split") == "train") & pl.col("line").is_not_null())["source"]
    )
    for source, count in whole.items():
        assert abs(part[source] - count * rows / whole.total()) <= 1


def test_size_cap_stops_at_the_first_row_that_does_not_fit() -> None:
    all_lines = lines(converted())
    room = sum(map(len, all_lines[:30])) + 5
    out = converted(max_bytes=room)
    assert lines(out) == all_lines[:30]
    assert Counter(out.filter(pl.col("split") == "train")["dropped"]) == {
        None: 30,
        "size_limit": len(all_lines) - 30,
    }


def test_caps_move_no_row_across() -> None:
    assert sides(converted(rows=3, validation_rows=2)) == sides(converted())


def test_both_caps_have_their_reason() -> None:
    out = converted(rows=50, max_bytes=sum(map(len, lines(converted())[:10])))
    train = out.filter(pl.col("split") == "train")
    assert Counter(train["dropped"]) == {
        None: 10,
        "size_limit": 40,
        "row_limit": train.height - 50,
    }


@given(st.lists(st.sampled_from(["x", "y", "z"]), min_size=1, max_size=60))
def test_every_beginning_is_even(strata: list[str]) -> None:
    count = len(strata)
    given_records = pl.DataFrame(
        {
            "row": range(count),
            "digest": [digest(str(n)) for n in range(count)],
            "split": ["train"] * count,
            "source": strata,
        }
    )
    order = evenly(given_records, "source")["source"].to_list()
    total = Counter(strata)
    for n in range(1, count + 1):
        part = Counter(order[:n])
        for source in total:
            assert abs(part[source] - total[source] * n / count) <= 1.5
