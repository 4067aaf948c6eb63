"""Cases of the rules on rows and files: what passes, what fails, and where."""

from __future__ import annotations

from typing import Any

from pipelines.rules.summary import FileSummary

ITEM: dict[str, Any] = {
    "messages": [{"role": "developer", "content": "Do it."}, {"role": "user", "content": "Q"}],
    "reference_answer": "A",
    "options": ["w", "x", "y", "z"],
    "subject": "",
    "topic": "",
    "id": "1",
}
GRADED = ("reference_answer",)


def item(
    raw: bytes = b"",
    dataset: str | None = None,
    tokens: int = 9,
    job_tools: frozenset[str] | None = None,
    **changes: Any,
) -> dict:
    """What is known of a row; a field of None stays, one of ... goes."""
    row = {name: value for name, value in (ITEM | changes).items() if value is not ...}
    return {
        "item": row,
        "raw": raw,
        "graded": GRADED,
        "compared": GRADED,
        "grader": {},
        "dataset": dataset,
        "job_tools": job_tools,
        "count": lambda item: (tokens, ""),
    }


def only(row: dict[str, Any]) -> dict:
    """What is known of a row that has just these keys."""
    return item() | {"item": row, "graded": (), "compared": (), "grader": None}


def chat(*messages: dict[str, Any], **more: Any) -> dict:
    return item(messages=list(messages), **more)


def says(role: str, content: Any = "x", **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def line(data: bytes) -> dict:
    return {"line": data, "blank": 1}


def file(role: str = "train", rows: int = 50, size: int = 9, job: Any = None, **more: Any) -> dict:
    """What is known of a file."""
    summary = FileSummary(role, 100, 500_000_000, rows, size)
    for name, value in more.items():
        if name in ("prompts", "references", "lines"):
            getattr(summary, name).extend(value)
        else:
            setattr(summary, name, value)
    return {"file": summary, "graded": GRADED, "answers": GRADED, "grader": {}, "job": job}


def rows(*pairs: tuple[int, int]) -> dict:
    """A file whose rows have these prompts and references."""
    return file(
        prompts=[p for p, _ in pairs],
        references=[r for _, r in pairs],
        lines=range(1, len(pairs) + 1),
        shapes={(("messages", "a"), (list, str)): [50, 1]},
    )


def pair(earlier: list[int], later: list[int], scope: str = "pair") -> dict:
    """A file against the prompts of another."""
    one, other = rows(*((p, 0) for p in earlier)), rows(*((p, 0) for p in later))
    known = {scope: (dict.fromkeys(one["file"].prompts, one["file"]), other["file"])}
    return known | {"graded": GRADED}


def fields_apart() -> dict:
    """A held-out file whose rows have another field than the training rows."""
    known = pair([1], [2])
    known["pair"][1].shapes = {(("messages", "b"), (list, str)): [50, 1]}
    return known


def probed(hits: int) -> dict[str, Any]:
    return {"items": 1000, "hits": {"empty": {"items": hits, "lines": [1, 2]}}}


def made(benchmarks: int = 1, pairs: int = 0, hits: int = 0, **more: Any) -> dict:
    """What is known of how files were made."""
    certificate = {"pairs": pairs, "benchmarks": {"hits": hits}}
    known = {
        "benchmarks": benchmarks,
        "remedy": "do",
        "absent_shards": [],
        "chained": 1,
        "suspect_references": [],
    }
    known["probes"] = {"items": 1000, "hits": {}}
    return {"provenance": known | {"certificate": certificate} | more}


TYPED = {(("messages", "a"), (list, str)): [50, 1]}
LONG = b"x" * 70_000
CALL = says(
    "assistant",
    tool_calls=[{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
)
TOOL = {"type": "function", "function": {"name": "f"}}
EPOCHS = {"method": {"reinforcement": {"hyperparameters": {"n_epochs": 20}}}}
BIG = b'{"messages": "' + b"x" * 16_000_000 + b'"}\n'
MANY = b'{"messages": [' + b"[]," * 250_001 + b"[]]}\n"

# code: (what is known that passes, that fails, pointer of the fault)
CASES: dict[str, tuple[dict, dict, str]] = {
    "RFT101": (line(b"{}\n"), line(b'{"a": "\xff"}\n'), ""),
    "RFT102": (line(b"{}\n"), line(b"{'a': 1}\n"), ""),
    "RFT103": ({"raw": b'{"a": 1}\n'}, {"raw": b'{"a": 1, "a": 2}\n'}, ""),
    "RFT104": (line(b"{}\n"), line(b"\xef\xbb\xbf{}\n"), ""),
    "RFT105": (line(b"{}\n"), line(b"{}\r\n"), ""),
    "RFT106": (line(b"{}\n"), line(b" \n"), ""),
    "RFT107": (line(b"{}\n"), line(b"{}"), ""),
    "RFT108": (line(BIG[:99] + b'"}\n'), line(BIG), ""),
    "RFT109": (line(b'{"a": "\\ud83d\\ude00"}\n'), line(b'{"a": "\\ud83d"}\n'), ""),
    "RFT110": (file(size=500_000_000, shapes=TYPED), file(size=500_000_001, shapes=TYPED), ""),
    "RFT111": (file(rows=10, shapes={}), file(rows=9), ""),
    "RFT112": (file(rows=100), file(rows=101), ""),
    "RFT113": (file("validation", 10), file("validation", 9), ""),
    "RFT115": (file(size=200_000_000), file(size=200_000_001), ""),
    "RFT116": (file(size=100_000_000), file(size=100_000_001), ""),
    "RFT118": (line(b'{"a": "NaN"}\n'), line(b'{"a": NaN}\n'), ""),
    "RFT120": (
        {"given": frozenset({"train", "validation"})},
        {"given": frozenset({"train"})},
        "",
    ),
    "RFT121": (item(), only({"item": ITEM}), "/item"),
    "RFT122": (
        item(),
        only({"input": {}, "preferred_output": [], "non_preferred_output": []}),
        "/preferred_output",
    ),
    "RFT124": (file(size=400_000_000, job=EPOCHS), file(size=400_000_004, job=EPOCHS), ""),
    "RFT201": (item(), item(messages=...), ""),
    "RFT202": (item(), chat(says("system"), says("user")), "/messages/0/role"),
    "RFT203": (item(), chat(says("user"), says("assistant")), "/messages/1/role"),
    "RFT204": (item(), chat(says("user"), says("developer")), "/messages/1/role"),
    "RFT205": (item(), chat(says("human"), says("user")), "/messages/0/role"),
    "RFT206": (item(), chat(says("developer")), "/messages"),
    "RFT207": (
        item(),
        chat(says("user", [{"type": "image_url", "image_url": {"url": "x"}}])),
        "/messages/0/content/0",
    ),
    "RFT208": (
        chat(says("user", [{"type": "text", "text": "x"}])),
        chat(says("user", [{"type": "input_audio"}])),
        "/messages/0/content/0/type",
    ),
    "RFT210": (item(), chat(says("user", " ")), "/messages/0/content"),
    "RFT211": (item(), chat(says("developer", ""), says("user")), "/messages/0/content"),
    "RFT212": (
        chat(says("user", "a <| b |> c")),
        chat(says("user", "see <|endoftext|>")),
        "/messages/0/content",
    ),
    "RFT213": (
        chat(says("user"), CALL, says("tool", tool_call_id="c"), says("user")),
        chat(says("user"), says("tool", tool_call_id="c"), says("user")),
        "/messages/1/tool_call_id",
    ),
    "RFT214": (
        item(tools=[TOOL]),
        item(tools=[{"type": "function", "function": {}}]),
        "/tools/0/function/name",
    ),
    "RFT222": (
        item(tools=[TOOL], job_tools=frozenset("f")),
        item(tools=[TOOL], job_tools=frozenset("g")),
        "/tools/0/function/name",
    ),
    "RFT215": (
        item(),
        chat(says("user"), says("assistant", weight=0), says("user")),
        "/messages/1/weight",
    ),
    "RFT216": (item(), item(parallel_tool_calls=False), "/parallel_tool_calls"),
    "RFT217": (
        item(),
        only({"messages": [says("user"), says("assistant")]}),
        "/messages/1",
    ),
    "RFT218": (item(LONG, tokens=65_536), item(LONG, tokens=65_537), ""),
    "RFT219": (item(LONG, tokens=32_768), item(LONG, tokens=32_769), ""),
    "RFT220": (item(), chat(says("user", "Show your Chain of Thought.")), "/messages/0/content"),
    "RFT221": (file(flagged=5), file(flagged=6), ""),
    "RFT301": (item(), item(reference_answer=...), "/reference_answer"),
    "RFT302": (item(dataset="medmcqa"), item(dataset="medmcqa", options=["w"]), "/options"),
    "RFT303": (file(shapes=TYPED), file() | {"grader": None}, ""),
    "RFT304": (
        file(shapes=TYPED),
        file(shapes={**TYPED, (("messages", "a"), (list, int)): [1, 7]}),
        "/a",
    ),
    "RFT305": (
        file(shapes=TYPED),
        file(shapes={(("a",), (str,)): [49, 1], (("b",), (str,)): [1, 7]}),
        "/a",
    ),
    "RFT306": (item(), item(topic=None), "/topic"),
    "RFT307": (item(), item(**{"a-b": "x"}), "/a-b"),
    "RFT308": (
        file(reference_count=2, references=[1, 2]),
        file(reference_count=2, references=[1, 1]),
        "",
    ),
    "RFT309": (
        file(reference_count=2, reference_length=1000),
        file(reference_count=2, reference_length=1001),
        "",
    ),
    "RFT310": (item(), item(reference_answer=4), "/reference_answer"),
    "RFT311": (
        item(reference_answer=r"\frac{1}{2}"),
        item(reference_answer=r"\frac{1"),
        "/reference_answer",
    ),
    "RFT601": (made(), made(benchmarks=0), ""),
    "RFT602": (made(), made(absent_shards=["train-00001"]), ""),
    "RFT603": (made(), made(pairs=1), ""),
    "RFT604": (made(), made(hits=1), ""),
    "RFT605": (made(chained=100), made(chained=101), ""),
    "RFT608": (made(), made(suspect_references=[["one", "other"]]), ""),
    "RFT606": (made(probes=probed(5)), made(probes=probed(6)), ""),
    "RFT607": ({"digests": ("a", "a")}, {"digests": ("a", "b")}, ""),
    "RFT704": (pair([1, 2], [3], "same_side"), pair([1, 2], [2], "same_side"), ""),
    "RFT701": (rows((1, 1), (2, 2)), rows((1, 1), (1, 1), (2, 2)), ""),
    "RFT702": (pair([1, 2], [3]), pair([1, 2], [2]), ""),
    "RFT705": (pair([1], [2]), fields_apart(), ""),
    "RFT703": (rows((1, 1), (2, 2)), rows((1, 1), (1, 2)), ""),
}

ANSWER = says("assistant")


def taught(*messages: dict[str, Any], **more: Any) -> dict:
    """What is known of a supervised row."""
    return {"supervised": {"messages": list(messages), **more}}


CASES |= {
    "RFT801": (
        taught(says("system"), says("user"), ANSWER | {"weight": 1, "name": "a"}),
        taught(says("user"), ANSWER | {"thinking": "x"}),
        "/messages/1/thinking",
    ),
    "RFT802": (taught(says("user"), CALL), taught(says("user")), "/messages/0/role"),
    "RFT803": (
        taught(says("user"), ANSWER, tools=[TOOL], parallel_tool_calls=False),
        taught(says("user"), ANSWER, id="1"),
        "/id",
    ),
    "RFT804": (
        taught(says("user"), CALL | {"content": None}),
        taught(says("user"), says("assistant", " ")),
        "/messages/1/content",
    ),
    "RFT805": (
        taught(says("user"), ANSWER | {"weight": 0}, says("user"), ANSWER),
        taught(says("user"), ANSWER | {"weight": 0}),
        "/messages",
    ),
    "RFT806": (
        taught(says("user"), CALL, tools=[TOOL]),
        taught(says("user"), CALL, tools=[{"type": "function", "function": {"name": "g"}}]),
        "/messages/1/tool_calls/0/function/name",
    ),
    "RFT807": (taught(says("user"), ANSWER), taught(says("system"), ANSWER), "/messages"),
    "RFT808": (file(shapes=TYPED), file(shapes=TYPED, supervised=True), ""),
}

MORE: list[tuple[str, dict, str]] = [
    ("RFT801", taught(says("user"), ANSWER | {"weight": 0.5}), "/messages/1/weight"),
    ("RFT801", {"supervised": {"messages": 7}}, "/messages"),
    ("RFT805", taught(says("user", weight=1), ANSWER), "/messages/0/weight"),
    ("RFT807", taught(says("developer"), says("user"), ANSWER), "/messages/0/role"),
    ("RFT101", line(b"\xff\n"), ""),
    ("RFT102", line(b"[1]\n"), ""),
    ("RFT102", line(b'{"a": 1}{"b": 2}\n'), ""),
    ("RFT102", line(b"{\n"), ""),
    ("RFT103", {"raw": b'{"a": {"b": 1, "b": 1}}\n'}, ""),
    ("RFT108", line(MANY), ""),
    ("RFT108", line(b"[" * 5000 + b"\n"), ""),
    ("RFT108", line(b'{"a": ' * 201 + b"1" + b"}" * 201 + b"\n"), ""),
    ("RFT106", line(b"\n"), ""),
    ("RFT106", line(b"\xef\xbb\xbf\n"), ""),
    ("RFT109", line(b'{"a": "\\udc00"}\n'), ""),
    ("RFT111", file("validation", 0), ""),
    ("RFT118", line(b"[-Infinity]\n"), ""),
    ("RFT121", only({"item": {"a": 1}, "note": "x", "split": "train"}), "/item"),
    ("RFT122", only({"prompt": "x", "completion": "y"}), "/completion"),
    ("RFT122", only({"question": "x", "completion": "y"}), "/completion"),
    ("RFT201", only({"item": "text", "prompt": "x"}), ""),
    ("RFT222", item(tools=[TOOL], job_tools=frozenset()), "/tools/0/function/name"),
    ("RFT301", item(reference_answer=..., item={"reference_answer": "A"}), "/reference_answer"),
    ("RFT607", {"digests": ("a", None)}, ""),
    ("RFT201", item(messages=[]), "/messages"),
    ("RFT201", item(messages="x"), "/messages"),
    ("RFT201", item(messages=["x"]), "/messages/0"),
    ("RFT201", item(messages=None), "/messages"),
    ("RFT201", chat({"content": "x"}, says("user")), "/messages/0"),
    ("RFT201", chat({"role": "user"}), "/messages/0"),
    ("RFT201", chat(says("user", 7)), "/messages/0/content"),
    ("RFT201", chat(says("user", None)), "/messages/0/content"),
    ("RFT201", chat(says("user", name=7)), "/messages/0/name"),
    ("RFT203", chat(says("user"), CALL, says("tool", tool_call_id="c")), "/messages/2/role"),
    ("RFT208", chat(says("user", ["x"])), "/messages/0/content/0/type"),
    ("RFT208", chat(says("user", [{"type": "text"}])), "/messages/0/content/0/text"),
    ("RFT210", chat(says("user", [])), "/messages/0/content"),
    (
        "RFT212",
        chat(says("user", [{"type": "text", "text": "<|im_start|>"}])),
        "/messages/0/content/0/text",
    ),
    ("RFT213", chat(says("user"), says("tool"), says("user")), "/messages/1/tool_call_id"),
    ("RFT214", item(tools={}), "/tools"),
    ("RFT214", item(tools=[{"type": "browser"}]), "/tools/0/type"),
    ("RFT301", item(reference_answer=None), "/reference_answer"),
    ("RFT302", item(dataset="medmcqa", extra=1), "/extra"),
    ("RFT302", item(dataset="medmcqa", reference_answer="E"), "/reference_answer"),
    ("RFT311", item(reference_answer="\\{1, 2\\"), "/reference_answer"),
    ("RFT311", only(ITEM | {"solution": "\\frac{1"}), "/solution"),
]
