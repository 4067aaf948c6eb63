from __future__ import annotations

import subprocess
import sys

from pipelines.rules.tokens import count


def test_tokens_are_those_of_o200k() -> None:
    messages = [
        {"role": "user", "content": "hello world"},
        {"role": "user", "content": [{"text": "!"}]},
    ]
    assert count({"messages": messages}) == (4, "")


def test_a_long_text_is_counted_in_pieces_and_estimated_past_the_limit() -> None:
    spaces = {"messages": [{"content": " " * 1_200_000}]}
    pieces = (500_000, 500_000, 200_000)  # of up to 128 spaces a token
    assert count(spaces) == (sum(-(-piece // 128) for piece in pieces), "about ")
    first = count({"messages": [{"content": "one two " * 62_500}]})[0]
    words = {"messages": [{"content": "one two " * 150_000}]}
    assert count(words) == (first + 700_000 // 4, "about ")


def test_without_a_vocabulary_it_is_an_estimate(tmp_path) -> None:
    """No network and an empty cache: four bytes a token, and the message says about."""
    code = (
        "from pipelines.rules.tokens import count; "
        "print(count({'messages': [{'content': 'x' * 400}]}))"
    )
    proxy = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    got = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "", "TIKTOKEN_CACHE_DIR": str(tmp_path), **proxy},
        capture_output=True,
        text=True,
        check=True,
    )
    assert got.stdout == "(100, 'about ')\n"
