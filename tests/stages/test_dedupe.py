from __future__ import annotations

from collections import Counter
from random import Random

import polars as pl
import pytest
from conftest import frame, math, mcq, read, stored_in
from hypothesis import given, settings
from hypothesis import strategies as st
from known import DATASETS

from pipelines.similarity.audit import jaccard
from pipelines.similarity.keys import digest, key
from pipelines.stages import ledger
from pipelines.stages.dedupe import dedupe, facts
from pipelines.stages.normalize import normalize


def run(
    *rows: dict, dataset: str = "openr1-math", previous: dict[str, str] | None = None
) -> pl.DataFrame:
    """The records after dedupe; `previous` names sides of an earlier split by prompt."""
    recipe = DATASETS[dataset]
    records = normalize(read(recipe.name, frame(*rows)), dataset=recipe, max_prompt_bytes=200_000)
    sides = {digest(prompt): side for prompt, side in (previous or {}).items()}
    earlier = pl.DataFrame(
        {"digest": list(sides), "split": list(sides.values())},
        schema={"digest": pl.String, "split": pl.String},
    )
    records = records.with_columns(pl.coalesce("question", "prompt"))
    out = dedupe(
        ledger.kept(records),
        earlier,
        stored=stored_in(records),
        dataset=recipe,
        threshold=recipe.threshold,
    )
    texts = records.select("row", "question")
    return out.join(texts, on="row", maintain_order="left")


def outcome(records: pl.DataFrame) -> dict[str, str | None]:
    return dict(records.select("id", "dropped").sort("id").iter_rows())


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # other questions
        ([math("a", uuid="1"), math("b", uuid="2")], {"1": None, "2": None}),
        # the one with more verified generations stays
        (
            [math("a", uuid="1", correctness_math_verify=[True]), math("A.", uuid="2")],
            {"1": "duplicate", "2": None},
        ),
        # known stands before unknown
        (
            [math("a", uuid="1", correctness_math_verify=None), math("A.", uuid="2")],
            {"1": "duplicate", "2": None},
        ),
        # answers that are spelled otherwise agree
        (
            [
                math("a", "x=5", uuid="1", correctness_llama=[True, True, True]),
                math("a", "$x = 5$", uuid="2"),
            ],
            {"1": None, "2": "duplicate"},
        ),
        # and those that the grader holds equal
        (
            [math("a", "0.5", uuid="1"), math("a.", r"\frac{1}{2}", uuid="2")],
            {"1": "duplicate", "2": None},
        ),
        # two answers: nobody stays, however many agree
        (
            [math("a", "1", uuid="1"), math("A", "1", uuid="2"), math("a.", "2", uuid="3")],
            dict.fromkeys("123", "conflicting_answers"),
        ),
    ],
)
def test_math(rows: list[dict], expected: dict[str, str | None]) -> None:
    assert outcome(run(*rows)) == expected


def test_options_are_compared_by_text() -> None:
    records = run(
        mcq("Which?", "w|x|y|z", 0, id="1"),
        mcq("which", "x|w.|z|Y", 1, id="2"),
        dataset="medmcqa",
    )
    assert sorted(records["dropped"].to_list(), key=str) == [None, "duplicate"]


def test_the_same_letter_may_be_another_answer() -> None:
    """A real case: 'Subantimicrobial dose of doxycycline is' and '…is:', 20 mg and 60 mg."""
    records = run(
        mcq("The dose is", "20 mg|60 mg|1 g|2 g", 0, id="1"),
        mcq("The dose is:", "60 mg|20 mg|1 g|2 g", 0, id="2"),
        dataset="medmcqa",
    )
    assert outcome(records) == {"1": "conflicting_answers", "2": "conflicting_answers"}
    assert set(records["detail"]) == {f"question {records['id'][0]}: A 20 mg | A 60 mg"}


def test_signs_count() -> None:
    records = run(
        mcq("Give to Rh+ve", "w|x|y|z", 0, id="1"),
        mcq("Give to Rh-ve", "w|x|y|z", 1, id="2"),
        dataset="medmcqa",
    )
    assert outcome(records) == {"1": None, "2": None}


def test_which_is_kept_does_not_depend_on_row_order() -> None:
    rows = [math(f"{'  ' * n}Find x{'.' * n}", uuid=str(n)) for n in range(6)]
    assert outcome(run(*rows)) == outcome(run(*rows[::-1]))
    assert list(outcome(run(*rows)).values()).count(None) == 1


def test_one_cluster_a_question() -> None:
    records = run(math("a", uuid="1"), math("A", uuid="2"), math("b", uuid="3"))
    clusters = dict(records.select("id", "cluster").iter_rows())
    assert clusters["1"] == clusters["2"] != clusters["3"]


def test_the_kept_one_is_named() -> None:
    records = run(math("a", uuid="1"), math("a", uuid="2"))
    dropped = records.filter(pl.col("dropped").is_not_null()).row(0, named=True)
    kept = records.filter(pl.col("dropped").is_null()).row(0, named=True)
    assert dropped["detail"] == f"same text as {kept['id']}"


# Near-duplicates ----------------------------------------------------------------------------------

LONG = (
    "A train leaves the station in the morning and travels along the river to the next town, where "
    "the passengers change to a bus that takes them over the hills. "
)


@pytest.mark.parametrize(
    ("one", "other", "answers", "expected"),
    [
        # a word spelled otherwise, one answer: the same question
        ("How many passengers change", "How many passengers changed", "7 7", "near_duplicate"),
        # another number, another answer, another negation, another variable, another sign
        ("Find the fare for 5 men", "Find the fare for 6 men", "7 7", None),
        ("How many passengers change", "How many passengers changed", "7 8", None),
        ("Which bus is late", "Which bus is not late", "7 7", None),
        ("Find the value of x", "Find the value of y", "7 7", None),
        ("Find the sign of a+b", "Find the sign of a-b", "7 7", None),
    ],
)
def test_near_duplicates_go_only_where_they_say_the_same(
    one: str, other: str, answers: str, expected: str | None
) -> None:
    first, second = answers.split()
    records = run(math(LONG + one, first, uuid="1"), math(LONG + other, second, uuid="2"))
    assert records["cluster"].n_unique() == 1
    assert set(outcome(records).values()) == {None, expected}
    assert records["link"].drop_nulls().to_list() == ["near-duplicate"]


def test_a_near_duplicate_names_the_one_that_is_kept_and_the_similarity() -> None:
    records = run(math(LONG + "Who changed", uuid="1"), math(LONG + "Who changes", uuid="2"))
    dropped = records.filter(pl.col("dropped").is_not_null()).row(0, named=True)
    kept = records.filter(pl.col("dropped").is_null()).row(0, named=True)
    tied = records.drop_nulls("similarity").row(0, named=True)
    assert dropped["detail"] == f"similarity {tied['similarity']:.3f} to {kept['id']}"
    assert tied["similarity"] > 0.9


def test_one_question_with_other_options_is_one_cluster() -> None:
    records = run(
        mcq("Which of these is a bone of the hand?", "scaphoid|femur|tibia|ulna", 0, id="1"),
        mcq("Which of these is a bone of the hand?", "rib|sternum|lunate|atlas", 2, id="2"),
        mcq("Which of these is a bone of the foot?", "talus|malleus|stapes|incus", 0, id="3"),
        dataset="medmcqa",
    )
    clusters = dict(records.select("id", "cluster").iter_rows())
    assert clusters["1"] == clusters["2"] != clusters["3"]
    assert records["link"].drop_nulls().to_list() == ["same stem"]
    assert set(outcome(records).values()) == {None}


def test_ties_are_a_spanning_tree_from_the_first_of_the_cluster() -> None:
    rows = [math(LONG + "x" * n, str(n), uuid=f"{n}{m}") for n in range(9) for m in "ab"]
    records = run(*rows)
    assert records["cluster"].n_unique() == 1
    assert records["cluster"][0] == records["digest"].min()
    assert records["linked_to"].null_count() == 1
    above = dict(records.select("row", "linked_to").iter_rows())
    for row in above:
        steps = 0
        while above[row] is not None:
            row, steps = above[row], steps + 1
            assert steps < len(above)
    assert Counter(records["link"]) == {"same text": 9, "near-duplicate": 8, None: 1}
    found = facts(records)
    assert (found["clusters"], found["largest"], found["chained"]) == (1, 18, 9)
    assert found["links"] == {"near-duplicate": 8, "same text": 9}


def test_a_text_50_000_times_is_one_cluster() -> None:
    records = run(*(math("the same", uuid=str(n)) for n in range(50_000)))
    assert records["cluster"].n_unique() == 1
    assert Counter(records["dropped"]) == {"duplicate": 49_999, None: 1}


ODD = [
    "a",
    "aaaaaaaaa",
    "aaaaaaaaaa",
    "x" * 100_000,
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
    "\U0001f600\U0001f601",
    "e\u0301\u0301\u0301",
    r"$\frac{1}{2}$",
    r"$\dfrac12$",
    "\u200b",
]


def test_odd_texts_are_clustered_whatever_their_order() -> None:
    rows = [math(text, uuid=str(n)) for n, text in enumerate(ODD)]
    some, more = run(*rows), run(*rows[::-1])
    assert (
        some.sort("id")
        .select("id", "cluster", "dropped")
        .equals(more.sort("id").select("id", "cluster", "dropped"))
    )
    clusters = dict(some.select("id", "cluster").iter_rows())
    assert clusters["7"] == clusters["8"]
    assert some["cluster"].n_unique() == len(ODD) - 2  # and the runs of one letter


# An earlier split ---------------------------------------------------------------------------------


def test_a_pinned_record_is_kept_before_a_better_one() -> None:
    rows = [
        math("a", uuid="1", correctness_math_verify=[True]),
        math("A.", uuid="2", correctness_math_verify=None),
    ]
    assert outcome(run(*rows, previous={"A.": "validation"})) == {"1": "duplicate", "2": None}


def test_a_record_that_ties_the_sides_of_an_earlier_split_goes() -> None:
    """Small steps from one side to the other: the middle goes, what hangs on to one side stays."""
    walk = "Over hill, over dale, through bush, through brier, over park, over pale, by flood"
    texts = {n: LONG + walk[: 15 * n] for n in range(6)}
    previous = {texts[0]: "train", texts[5]: "validation"}
    got = run(*(math(texts[n], str(n), uuid=str(n)) for n in texts), previous=previous)
    sides = outcome(got)
    assert sides["0"] is None
    assert sides["5"] is None
    gone = [name for name, reason in sides.items() if reason == "split_conflict"]
    assert gone
    left = got.filter(pl.col("dropped").is_null())
    pins = left.drop_nulls("pinned").group_by("cluster").agg(pl.col("pinned").n_unique())
    assert pins["pinned"].to_list() == [1, 1]
    assert left["cluster"].n_unique() == 2


def test_a_question_on_both_sides_of_an_earlier_split_leaves_training() -> None:
    rows = [math("Find x", uuid="1"), math("find x.", uuid="2")]
    previous = {"Find x": "train", "find x.": "validation"}
    assert outcome(run(*rows, previous=previous)) == {"1": "split_conflict", "2": None}


# Properties ---------------------------------------------------------------------------------------

WORDS = ["alpha", "beta", "gamma", "delta", "not", "7", "12"]


@settings(max_examples=50)
@given(
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join), max_size=12),
    st.randoms(use_true_random=False),
)
def test_row_order_changes_nothing(prompts: list[str], random: Random) -> None:
    rows = [math(prompt, str(len(prompt) % 2), uuid=str(n)) for n, prompt in enumerate(prompts)]
    if rows:
        shuffled = random.sample(rows, len(rows))
        places = ("row", "raw_row")
        assert run(*shuffled).drop(places).equals(run(*rows).drop(places))


@settings(max_examples=50)
@given(
    st.lists(
        st.lists(st.sampled_from(WORDS), min_size=3, max_size=30).map(" ".join),
        min_size=2,
        max_size=12,
    )
)
def test_what_is_near_is_in_one_cluster(prompts: list[str]) -> None:
    records = run(*(math(prompt, uuid=str(n)) for n, prompt in enumerate(prompts)))
    told = [
        (key(question, []), cluster)
        for question, cluster in records.select("question", "cluster").rows()
    ]
    for one, cluster in told:
        for other, another in told:
            if jaccard(one, other) >= 0.8:
                assert cluster == another
