"""No rule of a dataset raises, whatever a row's problem, answer and solution hold."""

from __future__ import annotations

import random

import polars as pl
import pytest
from conftest import DEMO, frame, math, read
from known import DATASETS

from pipelines.rules.tables import limit
from pipelines.stages.normalize import normalize

# Answers that mean nothing to most problems: functions of few and of many arguments, numbers that
# no float holds, powers and factorials that cannot be written out, brackets that do not pair up.
STRANGE = (
    *(rf"\{name} 5" for name in ("log", "ln", "lg", "exp", "arcsin", "sqrt", "operatorname{foo}")),
    *(
        rf"\{name}({given})"
        for name in ("min", "max", "gcd", "lcm")
        for given in ("", "1", "1,2,x")
    ),
    *("0^0", "0^{-1}", "1/0", "(-8)^{1/3}", "10^{10^{10}}", "9" * 500, "(-1)!", "9999999!"),
    *(
        r"\ln 0",
        r"\log_1 5",
        r"\log_{0}",
        r"\tan 90^{\circ}",
        r"\sum_{k=1}^{10^9} k",
        r"\binom{9^9}{2}",
    ),
    *("∞", "…", "²", "٣", "\\", "{", "}" * 50, "(" * 500, "-" * 500 + "1", r"\frac{1}" * 300),
    *(
        r"\boxed{",
        "\0",
        " ",
        "((1,2),(",
        r"x=\pm\pm 1",
        "x_1=1, x_2=",
        "1,2,3,4,5",
        "A",
        "</think>",
    ),
)
LEFT = ("log x", "min(x)", "min(x, 1, 2)", "max()", "lg x", r"binom{x}{2}", r"lfloor x \rfloor")
EQUATIONS = (
    *(rf"Solve $\{left}=2$." for left in LEFT),
    "Solve $10^x=5$.",
    "Find $x, y$ with $x+y=2$, $x<y$.",
    "Solve $x = 0 \\cdot 1" + "0" * 400 + "$.",
)


def table(name: str) -> pl.DataFrame:
    paths = sorted((DEMO / name / "data").glob("train-*.parquet"))
    return pl.concat([pl.read_parquet(path) for path in paths])


@pytest.mark.parametrize(
    ("name", "columns", "strange"),
    [
        ("openr1-math", ("problem", "answer", "solution"), STRANGE),
        ("medmcqa", ("question", "opa", "opb", "opc", "opd"), STRANGE[:20]),
    ],
)
def test_exchanged_rows(name: str, columns: tuple[str, ...], strange: tuple[str, ...]) -> None:
    draw = random.Random(8)
    raw = table(name)
    parts = [raw]
    for _ in range(2):
        exchanged = [draw.sample(raw[column].to_list(), raw.height) for column in columns]
        parts.append(raw.with_columns(map(pl.Series, columns, exchanged)))
    given = [draw.choice(strange) for _ in range(raw.height)]
    parts += [raw.with_columns(pl.Series(column, given)) for column in columns]
    rows = read(name, pl.concat(parts))
    records = normalize(rows, dataset=DATASETS[name], max_prompt_bytes=limit("prompt_bytes"))
    assert records.height == rows.height


def test_every_strange_answer_to_every_equation() -> None:
    rows = frame(
        *(
            math(problem, answer, solution=rf"\boxed{{{answer}}} or $\boxed{{2}}$")
            for problem in EQUATIONS
            for answer in STRANGE
        )
    )
    records = DATASETS["openr1-math"].record(rows)
    faults = records.select(
        fault.where.alias(f"{number} {fault.reason}")
        for number, fault in enumerate(DATASETS["openr1-math"].faults)
    )
    assert faults.height == rows.height
