"""The report in a real browser: what it shows, what its numbers lead to, what rows cannot do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import orjson
import polars as pl
import pytest
from conftest import Run
from hypothesis import given
from hypothesis import strategies as st
from known import DATASETS
from playwright.sync_api import Browser

from pipelines.findings import BadInput
from pipelines.io.prepared import NEAREST, Prepared, find
from pipelines.report import mathematics, page

from .conftest import calibration, item, of, opened, visible

Write = Callable[..., Prepared]
HOSTILE = (
    "</script><script>window.owned = 1</script>",
    '<img src="x" onerror="window.owned = 1">',
    "$\\text{</annotation></math><script>window.owned = 1</script>}$",
    "$\\text{&lt;img src=x onerror=window.owned=1&gt;}$ $\\href{javascript:owned}{x}$",
    "{{ 7 * 7 }} {% raw %} <!--rows--> \x00 \u202e \ud7ff",
)


def written(prepared: Prepared) -> Path:
    path = prepared.folder / page.NAME
    page.write(prepared, path)
    return path


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_number_leads_to_as_many_rows(
    dataset: str, demo: dict[str, Prepared], browser: Browser
) -> None:
    with opened(browser, demo[dataset].folder / page.NAME) as shown:
        links = shown.evaluate(
            """async () => {
              const links = [];
              for (const link of document.querySelectorAll('main section a[href^="#rows?"]')) {
                if (!/^[\\d,]+$/.test(link.textContent)) continue;
                const once = { once: true };
                const changed = new Promise((done) => addEventListener("hashchange", done, once));
                const address = link.getAttribute("href");
                if (location.hash !== address) { location.hash = address; await changed; }
                const rows = document.querySelectorAll("#table tbody tr:not([hidden])").length;
                links.push([address, Number(link.textContent.replaceAll(",", "")), rows]);
              }
              return links;
            }"""
        )
    assert len(links) > 60
    assert [one for one in links if one[1] != one[2]] == []


@pytest.mark.parametrize("width", [360, 1400])
@pytest.mark.parametrize("dataset", DATASETS)
def test_it_fits_the_screen_and_its_bars_are_links(
    width: int, dataset: str, demo: dict[str, Prepared], browser: Browser
) -> None:
    with opened(browser, demo[dataset].folder / page.NAME, width=width) as shown:
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.locator("svg[role=img][aria-label]").count() >= 4
        assert visible(shown) == sum(demo[dataset].manifest()["rows"].values()) / 2
        shown.locator('svg a[href*="near="]').first.click()
        assert "near=" in shown.url
        assert 0 < visible(shown) < 20


def test_search_and_filters_are_in_the_address(demo: dict[str, Prepared], browser: Browser) -> None:
    path = demo["openr1-math"].folder / page.NAME
    with opened(browser, path) as shown:
        everything = visible(shown)
        shown.select_option("select[name=split]", "validation")
        assert visible(shown) == 17
        shown.fill("input[name=q]", "walks")
        count, address = visible(shown), shown.evaluate("location.hash")
        assert 0 < count < 17
        assert "split=validation" in address
        shown.click("button[type=reset]")
        shown.wait_for_function("location.hash === '#rows'")
        assert visible(shown) == everything
    with opened(browser, path, address) as again:
        assert visible(again) == count
        assert again.input_value("select[name=split]") == "validation"
        assert again.input_value("input[name=q]") == "walks"
    with opened(browser, path, "#rows?q=%5Cfrac&split=train") as again:  # LaTeX is found as written
        assert visible(again) > 0


def test_rows_are_text_whatever_they_hold(folder: Write, browser: Browser) -> None:
    rows = [
        item(text, text, id=f'"onmouseover="owned{text}', topic=text, kind=HOSTILE[n % 2])
        for n, text in enumerate(HOSTILE * 4)
    ]
    path = written(folder(rows, rows[:3]))
    with opened(browser, path) as shown:
        shown.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        assert shown.evaluate("window.owned") is None
        assert shown.locator("img, iframe, object, embed, math a, [onerror], [style]").count() == 0
        assert shown.locator("script").count() == 1
        assert visible(shown) == len(rows) + 3
        texts = shown.locator("#table td.prompt").all_text_contents()
        for text in HOSTILE[:2]:
            assert any(text in cell for cell in texts)


def test_it_stays_small_and_says_what_it_leaves_out(folder: Write, browser: Browser) -> None:
    wide = "$\\frac{a_{1}}{b^{2}}+\\sqrt{c}$ " * 40 + "<&" * 2_000
    rows = [item(f"{n} {wide}", "x" * 9_000, id="i" * 9_000 + str(n)) for n in range(1_500)]
    path = written(folder(rows, rows[:2]))
    assert 500_000 < path.stat().st_size < 2_000_000
    with opened(browser, path) as shown:
        assert 50 < visible(shown) <= page.MOST_ROWS
        shown.evaluate("location.hash = '#rows?split=train&of=1500'")
        shown.wait_for_function("document.getElementById('status').textContent.includes('1,500')")
        assert "are on this page" in shown.inner_text("#status")
        assert "more characters" in shown.locator("#table tr").last.text_content()


def test_what_a_model_did_is_shown_where_it_is_known(folder: Write, browser: Browser) -> None:
    rows = [item(f"What is {n} and {n}?", str(2 * n)) for n in range(20)]
    prepared = folder(rows, [item("What is not?")])
    rates = [{"line": n, "n": 4, "passed": n % 5} for n in range(1, 21)]
    lines = b"".join(orjson.dumps(rate) + b"\n" for rate in rates)
    (prepared.folder / "rates.jsonl").write_bytes(lines)
    (prepared.folder / "calibration.json").write_bytes(orjson.dumps(calibration(prepared)))
    against = {"difference": 0.1, "interval": [0.02, 0.2], "won": 3, "lost": 1, "verdict": "better"}
    models = [
        {"model": "base <b>", "items": 1, "pass_rate": 0.25, "against_base": None},
        {"model": "tuned", "items": 1, "pass_rate": 0.35, "against_base": against},
    ]
    value = {"of": of(prepared, "validation"), "base": "base <b>", "models": models}
    (prepared.folder / "evaluation.json").write_bytes(orjson.dumps(value))
    with opened(browser, written(prepared)) as shown:
        section = shown.inner_text("#model")
        assert "base <b>" in section
        assert "25.0%" in section
        assert "+2.0 to +20.0" in section
        assert "3 of 4 answers say 17" in shown.inner_text("#doubts")
        shown.click('#model td a[href*="passes=0.9"]')
        assert visible(shown) == 4
    train = prepared.path("train")
    train.write_bytes(train.read_bytes() + b'{"messages": []}\n')  # the rates are of other rows
    with opened(browser, written(prepared)) as shown:
        assert "at 0," not in shown.inner_text("#model")
    for name in ("rates.jsonl", "calibration.json", "evaluation.json"):
        (prepared.folder / name).write_bytes(b'{"models": 3, "pass_rate": []}')
    with opened(browser, written(prepared)) as shown:
        assert "No model has answered" in shown.inner_text("#model")


def test_one_folder_gives_one_report(demo: dict[str, Prepared], tmp_path: Path) -> None:
    prepared = demo["medmcqa"]
    path = prepared.folder / page.NAME
    assert not page.write(prepared, path)
    code = (
        "import sys; from pathlib import Path; from pipelines.io.prepared import find; "
        "from pipelines.report import page; page.write(find(sys.argv[1]), Path(sys.argv[2]))"
    )
    made = []
    for seed in ("1", "2"):
        out = tmp_path / f"{seed}.html"
        command = [sys.executable, "-c", code, str(prepared.folder), str(out)]
        subprocess.run(
            command, check=True, env={"PYTHONHASHSEED": seed, "POLARS_MAX_THREADS": seed}
        )
        made.append(out.read_bytes())
    assert made[0] == made[1]
    assert b"pygal.org" not in made[0]  # nor the day, which stands beside it


def test_a_page_is_the_same_without_what_the_audit_left(
    demo: dict[str, Prepared], tmp_path: Path
) -> None:
    prepared = find(str(shutil.copytree(demo["openr1-math"].folder, tmp_path / "openr1-math")))
    before = page.page(prepared)
    assert "The nearest pairs" in before
    path = prepared.folder / NEAREST
    pl.read_parquet(path).clear().write_parquet(path)  # not as the receipt has it
    assert page.page(prepared) == before
    path.unlink()
    assert page.page(prepared) == before


def test_only_a_report_is_written_over(folder: Write) -> None:
    prepared = folder([item("One?")], [item("Two?")])
    path = prepared.folder / "train.jsonl"
    before = path.read_bytes()
    with pytest.raises(BadInput, match="is no report"):
        page.write(prepared, path)
    assert path.read_bytes() == before


def test_the_command_names_its_page_and_no_other_stumbles_over_it(rft: Run, tmp_path: Path) -> None:
    done = rft("prepare", "medmcqa", "--source", "demo")
    path = "processed/medmcqa/report.html"
    assert f"report: {path}\n" in done.stdout
    assert (tmp_path / path).is_file()
    assert rft("report", "medmcqa").stdout.startswith(f"{path}: ")
    assert rft("report", "medmcqa", "--out", "page.html").returncode == 0
    assert (tmp_path / "page.html").read_bytes() == (tmp_path / path).read_bytes()
    for words in (("validate",), ("audit",), ("export", "--to", "hf"), ("prepare",)):
        assert rft(words[0], "medmcqa", *words[1:]).returncode == 0
    assert rft("report", "nowhere").returncode == 2


class Tags(HTMLParser):
    """The tags and attributes of HTML, and its text outside of mathematics."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@given(
    st.lists(
        st.sampled_from(
            [
                "$",
                "\\(",
                "\\)",
                "\\frac",
                "{",
                "}",
                "<b",
                ">",
                "&lt;",
                "\\text",
                "\\href",
                "\\style",
                "\\color",
                "x",
                "^",
                " ",
                "\n",
                '"',
                "'",
                "\\\\",
                "&",
                "_",
                "$$",
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_mathematics_is_presentation_and_text_alone(text: str) -> None:
    parsed = Tags(str(mathematics.html(text)))
    own = {"math", "semantics", "annotation"}
    assert all(tag in own or mathematics._ELEMENTS.fullmatch(tag) for tag in parsed.tags)
    assert all(n == "encoding" or mathematics._ATTRIBUTES.fullmatch(n) for n in parsed.names)
    if not parsed.tags:
        assert parsed.text == text


@pytest.mark.parametrize(
    ("latex", "rendered"),
    [("\\frac{1}{2}", True), ("x<y", True), ("{" * 99 + "}" * 99, False), ("\\frac{", False)],
)
def test_what_cannot_be_rendered_stays_text(latex: str, rendered: bool) -> None:
    assert ("<math>" in mathematics.html(f"a ${latex}$ b")) == rendered


def test_prices_are_no_mathematics() -> None:
    assert "<math>" not in mathematics.html("It costs $5 here and $6 there.")


def test_prepare_leaves_a_page_that_is_no_report(rft: Run, tmp_path: Path) -> None:
    rft("prepare", "medmcqa", "--quiet")
    path = tmp_path / "processed" / "medmcqa" / page.NAME
    path.write_text("mine")
    done = rft("prepare", "medmcqa")
    assert (done.returncode, path.read_text()) == (0, "mine")
    assert "is no report" in done.stderr
    assert "report:" not in done.stdout
    assert rft("report", "medmcqa").returncode == 2


def test_what_calibrate_writes_is_shown(rft: Run, tmp_path: Path, browser: Browser) -> None:
    rft("prepare", "medmcqa", "--quiet")
    folder = tmp_path / "processed" / "medmcqa"
    answers = [
        {"line": line, "output_text": orjson.dumps({"answer": letter}).decode()}
        for line in range(1, 194)
        for letter in "AB"
    ]
    (tmp_path / "answers.jsonl").write_bytes(b"".join(orjson.dumps(a) + b"\n" for a in answers))
    done = rft("calibrate", "medmcqa", "--samples", "answers.jsonl", "--format", "json")
    assert done.returncode == 0
    assert rft("report", "medmcqa").returncode == 0
    assert rft("validate", "medmcqa").returncode == 0
    graded = orjson.loads(done.stdout)
    with opened(browser, folder / page.NAME) as shown:
        section = shown.inner_text("#model")
        assert f"{graded['items']} items, {graded['answers']} answers" in section
        shown.click('#model td a[href*="passes=0.5"]')
        assert visible(shown) == graded["pass_rate"]["deciles"][5] > 0


def test_a_folder_with_errors_is_shown_and_an_edited_one_by_its_items(
    demo: dict[str, Prepared], tmp_path: Path
) -> None:
    prepared = find(str(shutil.copytree(demo["medmcqa"].folder, tmp_path / "medmcqa")))
    (prepared.folder / "manifest.json").unlink()  # as a run with errors leaves it
    assert "conflicting_answers" in page.page(prepared)
    train = prepared.path("train")
    first, *rest = train.read_bytes().splitlines(keepends=True)
    train.write_bytes(first.replace(b"melatonin", b"serotonin") + b"".join(rest))
    shown = page.page(prepared)
    assert "conflicting_answers" not in shown
    assert "serotonin" in shown
    assert "melatonin in the body" not in shown


def test_any_items_make_a_page(folder: Write) -> None:
    chats = (
        5,
        [5],
        [{"role": "user", "content": None}],
        [{"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image_url"}]}],
        [{"role": "user", "content": "x" * 300_000}],
        [{"role": "user", "content": "$" * 3_000 + "\\[" * 3_000}],
    )
    rows = [{}, *({"messages": chat, "topic": "\0" * 3_000} for chat in chats)]
    odd = {"reference_answer": [1, 2], "options": {"a": 1}, "id": {"x": 10**18}, "topic": "a\nb"}
    rows += [{**row, **odd} for row in rows] * 2
    assert 10_000 < len(page.page(folder(rows, rows)).encode()) < 2_000_000
