from __future__ import annotations

import ast
import builtins
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from graders.boxed_math_pairs import DIFFERENT, EQUAL

from pipelines.graders import boxed_math, python_grader
from pipelines.graders.bundle import bundled
from pipelines.graders.worker import load

FOLDER = Path(boxed_math.__file__).parent
MODULES = [*FOLDER.glob("*.py"), FOLDER.with_name("thinking.py")]
AT = "pipelines.graders.example"  # the package that these tests write
INIT = f'"""Docs."""\nfrom {AT}.low import grade\n__all__ = ["grade"]\n'
LOW = '"""Low."""\ndef grade(sample, item):\n    return 1.0\n'
WORSE = 0.25


def write(folder: Path, modules: dict[str, str]) -> Path:
    (folder / "example").mkdir()
    for name, text in modules.items():
        (folder / "example" / f"{name}.py").write_text(text, encoding="utf-8")
    return folder / "example"


def top_level(source: str) -> list[str]:
    """The names that a source binds at its top, imports among them."""
    names = []
    for node in ast.parse(source).body:
        match node:
            case ast.Import() | ast.ImportFrom():
                names += [alias.name for alias in node.names if alias.name != "annotations"]
            case ast.FunctionDef() | ast.ClassDef():
                names.append(node.name)
            case ast.Assign():
                parts = [part for target in node.targets for part in ast.walk(target)]
                names += [part.id for part in parts if isinstance(part, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.append(name)
            case _:
                assert isinstance(node, ast.Expr)  # the docstring
    return names


def test_the_text_is_the_package_on_every_pair(tmp_path: Path) -> None:
    """In a Python that has nothing but its own library, with the same scores."""
    pairs = [pair for table in (EQUAL, DIFFERENT) for each in table.values() for pair in each]
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"output_text": rf"\boxed{{{answer}}}"}, {"reference_answer": reference})
        for reference, answer in pairs
    ]
    cases += [(sample, {**item, "options": ["4", "B", r"\frac12"]}) for sample, item in cases]
    source = tmp_path / "grader.py"
    source.write_text(str(python_grader("boxed_math", BOXED_BUT_WRONG=WORSE)["source"]), "utf-8")
    program = (
        "import importlib.util, json, runpy, sys\n"
        "assert importlib.util.find_spec('pipelines') is None\n"
        f"grade = runpy.run_path({str(source)!r})['grade']\n"
        "print(json.dumps([grade(*case) for case in json.load(sys.stdin)]))\n"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    expected = [boxed_math.grade(sample, item) or WORSE for sample, item in cases]
    assert json.loads(run.stdout) == expected
    assert set(expected) == {1.0, WORSE}


def test_every_name_is_defined_once_and_none_of_python_s_is_hidden() -> None:
    names = Counter(top_level(str(python_grader("boxed_math")["source"])))
    assert [name for name, count in names.items() if count > 1] == []
    assert names.keys().isdisjoint(dir(builtins))
    defined = {
        name
        for path in MODULES
        for name in top_level(path.read_text(encoding="utf-8"))
        if name != "__all__"
    }
    assert names.keys() == defined


def test_the_text_has_the_code_of_every_module_and_nothing_else() -> None:
    def code(source: str) -> list[str]:
        nodes = ast.parse(source).body[1:]
        return [ast.dump(n) for n in nodes if not isinstance(n, ast.Import | ast.ImportFrom)]

    modules = [path for path in MODULES if path.stem != "__init__"]
    parts = [part for path in modules for part in code(path.read_text(encoding="utf-8"))]
    assert sorted(code(bundled(FOLDER))) == sorted(parts)


def test_the_same_text_each_time() -> None:
    program = (
        "from pipelines.graders import python_grader; print(python_grader('boxed_math')['source'])"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1


def test_an_unknown_constant_is_refused() -> None:
    with pytest.raises(ValueError, match="boxed_math has no constant BOXED"):
        python_grader("boxed_math", BOXED=0.1)


def test_a_package_as_one_text(tmp_path: Path) -> None:
    high = (
        '"""High."""\n\nfrom __future__ import annotations\n\nimport re\n'
        f"from math import gcd, pi\nfrom {AT}.low import grade\n\n# two\nTWO = 2  # kept\n\n\n"
        "def worth(a: int) -> float:\n    grade = gcd(a, TWO) * pi\n    return grade\n"
    )
    low = (
        '"""Low.\n\nLower.\n"""\nfrom math import tau\nTAU: float = tau\n\n'
        'def grade(sample, item):\n    """One."""\n    return TAU\n'
    )
    init = (
        f'"""Docs."""\nfrom {AT}.high import worth\nfrom {AT}.low import grade\n'
        '__all__ = ["grade", "worth"]\n'
    )
    text = bundled(write(tmp_path, {"__init__": init, "high": high, "low": low}))
    assert [line for line in text.splitlines() if line and not line.startswith("# ---")] == [
        'r"""Docs."""',
        "from __future__ import annotations",
        "import re",
        "from math import gcd, pi, tau",
        "#",
        "# Low.",
        "#",
        "# Lower.",
        "TAU: float = tau",
        "def grade(sample, item):",
        '    """One."""',
        "    return TAU",
        "#",
        "# High.",
        "# two",
        "TWO = 2  # kept",
        "def worth(a: int) -> float:",
        "    grade = gcd(a, TWO) * pi",
        "    return grade",
    ]
    assert load(text)({}, {}) == 6.283185307179586


def test_the_module_that_packages_share(tmp_path: Path) -> None:
    low = f'"""Low."""\n{"from pipelines.graders.thinking import after_thinking"}\n'
    package = write(tmp_path, {"__init__": INIT, "low": low + "grade = after_thinking\n"})
    with pytest.raises(ValueError, match="imports thinking, which is no module of the package"):
        bundled(package)
    (tmp_path / "thinking.py").write_bytes((FOLDER.parent / "thinking.py").read_bytes())
    assert load(bundled(package))("<think>a</think>b") == "b"


BROKEN = {
    "low.py: is imported by what it imports: __init__ → low → high": {
        "low": f'"""Low."""\nfrom {AT}.high import x\ngrade = x\n',
        "high": f'"""High."""\nfrom {AT}.low import grade\nx = 1\n',
    },
    "high.py: no module of pipelines.graders.example imports it": {"high": '"""High."""\nx = 1\n'},
    "low.py: x is also defined by high.py": {
        "low": f'"""Low."""\nfrom {AT}.high import y\nx = 2\ngrade = y\n',
        "high": '"""High."""\nx = 1\ny = 1\n',
    },
    "low.py: grade is also defined by low.py": {"low": f"{LOW}grade = 1\n"},
    "low.py: sum is also defined by Python": {"low": f"{LOW}sum = 1\n"},
    "high.py: math is also defined by low.py": {
        "low": f'"""Low."""\nfrom {AT}.high import x\nmath = 1\ngrade = x\n',
        "high": '"""High."""\nimport math\nx = 1\n',
    },
    "low.py: pi is also defined by math": {
        "low": f'"""Low."""\nfrom {AT}.high import x\nfrom cmath import pi\ngrade = x\n',
        "high": '"""High."""\nfrom math import pi\nx = pi\n',
    },
    "low.py: high.py does not define y": {
        "low": f'"""Low."""\nfrom {AT}.high import y\ngrade = y\n',
        "high": '"""High."""\nx = 1\n',
    },
    "low.py: imports high, which is no module of the package": {
        "low": f'"""Low."""\nfrom {AT}.high import y\ngrade = y\n'
    },
    "low.py:2: an import of everything, or under another name": {
        "low": '"""Low."""\nfrom math import *\ngrade = 1\n'
    },
    "__init__.py:2: an import of everything, or under another name": {
        "__init__": f'"""Docs."""\nfrom {AT}.low import grade as g\n__all__ = ["g"]\n'
    },
    "low.py:2: import pipelines.similarity.keys cannot be kept": {
        "low": '"""Low."""\nimport pipelines.similarity.keys\ngrade = 1\n'
    },
    "low.py:2: import os.path cannot be kept": {"low": '"""Low."""\nimport os.path\ngrade = 1\n'},
    "low.py:2: imports from pipelines.similarity.keys, not from pipelines.graders.example.": {
        "low": '"""Low."""\nfrom pipelines.similarity.keys import key\ngrade = key\n'
    },
    "low.py:2: imports from pipelines.graders.example, not from": {
        "low": f'"""Low."""\nfrom {AT} import grade\n'
    },
    "low.py:2: imports from .high, not from pipelines.graders.example.": {
        "low": '"""Low."""\nfrom .high import x\ngrade = x\n'
    },
    "low.py:2: an import or `global` within": {
        "low": '"""Low."""\ndef grade(sample, item):\n    from math import pi; return pi\n'
    },
    "low.py:3: an import or `global` within": {
        "low": '"""Low."""\nx = 1\ndef grade(sample, item):\n    global x\n    return x\n'
    },
    "low.py:4: neither a definition nor an assignment": {"low": f"{LOW}print(1)\n"},
    "low.py:5: neither a definition nor an assignment": {"low": f"{LOW}x = 1\nimport re\n"},
    "low.py:2: neither a definition nor an assignment": {"low": '"""Low."""\nif 1: grade = 1\n'},
    "low.py:2: a statement behind an import or the docstring": {
        "low": '"""Low."""\nimport re; grade = 1\n'
    },
    "low.py: has no docstring that could be a comment": {"low": "grade = 1\n"},
    "__init__.py: holds more than a docstring, imports and __all__": {"__init__": f"{INIT}x = 1\n"},
    "low.py: reads y, which it neither defines nor imports": {
        "low": f'"""Low."""\nfrom {AT}.high import x\ndef grade(sample, item):\n    return x + y\n',
        "high": '"""High."""\nx = 1\ny = 1\n',
    },
    "low.py: reads __name__, which it neither": {"low": '"""Low."""\ngrade = __name__\n'},
    "low.py: reads globals, which it neither": {"low": '"""Low."""\ngrade = globals()["x"]\n'},
}


@pytest.mark.parametrize("message", BROKEN)
def test_what_would_not_be_the_package_is_refused(message: str, tmp_path: Path) -> None:
    package = write(tmp_path, {"__init__": INIT, "low": LOW, **BROKEN[message]})
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the message is compared
        bundled(package)
    assert str(refused.value).startswith(message)
