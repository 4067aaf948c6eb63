r"""The letters that plain answers choose: what models may write, by the score that is due to it.

The question has the options A. pellagra, B. beriberi, C. rickets, D. scurvy; B is right.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.graders import python_grader
from pipelines.graders.one_letter import grade

OPTIONS = ["pellagra", "beriberi", "rickets", "scurvy"]

CHOOSES_B = [
    # as it is asked for, in every dress
    "Answer: B",
    "Answer:B",
    "answer: B",
    "ANSWER: B.",
    "Answer : B",
    "Answer - B",
    "Answer = B",
    "Answer → B",
    "Answer B",
    "Answer is B",
    "Ans: B",
    "Ans. B",
    "Final Answer: B",
    "Final answer: **B**",
    "**Answer: B**",
    "**Answer:** B",
    "**Answer**: B",
    "**Answer:** **B**",
    "__Answer:__ B",
    "*Answer: B*",
    "# Answer: B",
    "### Final Answer\n\nB",
    "### Final Answer\n\n**B. beriberi**",
    "> Answer: B",
    "- Answer: B",
    "Answer: `B`",
    'Answer: "B"',
    "Answer: “B”",
    "Answer: (B)",
    "Answer: [B]",
    "Answer: {B}",
    "Answer: <B>",
    "<answer>B</answer>",
    "Answer: B)",
    "Answer: B!",
    "Answer:\tB",
    "Answer:\nB",
    "Answer:\n\n**B**",
    "Answer:\r\nB\r\n",
    "Answer: B\n\n",
    "Answer:    B   ",
    "Answer: _B_",
    "Answer: $B$",
    r"Answer: \boxed{B}",
    r"Answer: $\boxed{B}$",
    r"Answer: \(\boxed{\text{B}}\)",
    r"\boxed{B}",
    r"$\boxed{\mathrm{B}}$",
    r"\[\boxed{B}\]",
    r"The final answer is $\boxed{\textbf{(B)}}$.",
    r"\boxed{B. beriberi}",
    "Answer: b",
    "Answer: (b)",
    "Answer: b) beriberi",
    "**Answer: b**",
    "Answer: Ｂ",
    "Answer：（Ｂ）",
    "Answer: option B",
    "Answer: Option (B)",
    "Answer: letter B",
    "Answer: the letter B",
    "Answer choice: B",
    "Answer (one letter): B",
    "Correct option: B",
    "My final choice is B.",
    "Answer: Probably B",
    "Answer: B?",
    "Answer: B (most likely)",
    "Answer: B, I think.",
    "Answer: B, B and only B",
    "Answer: B and not C",
    # a sentence
    "The answer is B.",
    "The answer is (B).",
    "The answer is: B",
    "The answer is option B.",
    "The correct answer is (B) beriberi.",
    "The correct answer is **B) beriberi**.",
    "The correct answer is therefore B, beriberi.",
    "The best answer would be B.",
    "The answer must be B.",
    "The answer to this question is B.",
    "The correct answer for this question is B.",
    "So the answer is B, as thiamine is vitamin B1.",
    "The correct option is B.",
    "The right choice is B",
    "Hence the option is B.",
    "B is correct.",
    "B is the correct answer.",
    "(B) is the best option, since thiamine is missing.",
    "Option B is correct.",
    # the option's text after the letter
    "Answer: B. beriberi",
    "Answer: B) beriberi",
    "Answer: (B) beriberi",
    "Answer: B: beriberi",
    "Answer: B - beriberi",
    "Answer: B – beriberi",
    "Answer: B, beriberi",
    "Answer: B (beriberi)",
    "Answer: B beriberi",
    "Answer: B. Beriberi (lack of vitamin B1)",
    "Answer: B. T cells",
    "Answer: B, T cells",
    # a reason after the letter
    "Answer: B because C is wrong",
    "Answer: B, because A and C have another cause.",
    "Answer: B, since A is due to niacin",
    "Answer: B, not C",
    "Answer: B (not C)",
    "Answer: B\n\nA is due to niacin.\nC is due to vitamin D.",
    "Answer: B\n\nExplanation: A, C and D have other causes.",
    "Answer: B\nWhy not the others?\nA) niacin\nC) vitamin D\nD) vitamin C",
    "Answer: B. I am sure.",
    "Answer: B and that is final",
    "The answer is B and the treatment is thiamine.",
    "Answer: B\n\nOption A: niacin\nOption C: vitamin D",
    "Answer: B\n\nThe other options (A, C, D) are wrong.",
    "Answer: B\n\n---\nA: no\nC: no",
    "Answer: B. beriberi, since options A and C are wrong",
    "**Answer: B) beriberi**\n\n**Why not the others:**\n- **A) pellagra**: niacin",
    "Answer: B, 90%",
    "Answer: B\nConfidence: high",
    "Answer: B<|im_end|>",
    "Answer: I think it is B",
    "A is impossible, so the answer is B",
    "Answer: B or K",  # the question has no option K
    "Answer: B or В",  # Cyrillic, and no option either
    # as models write
    "Ans-B",
    "Correct: B",
    "B ✓",
    "B - beriberi",
    "✅ **B. Beriberi**",
    "Hence B.",
    "Thus, B is correct.",
    "**B. Beriberi** is the correct answer.",
    "Answer: B 😊",
    "Answer: `B`",
    "```\nAnswer: B\n```",
    '{"answer": "B"}',
    "<answer>B</answer>",
    "### Final Answer\n\nB",
    "The correct answer is:\n\n**B. Beriberi**",
    "The best answer is **(B) beriberi**.",
    "Final Answer: The final answer is $\\boxed{B}$. I hope it is correct.",
    "B. Beriberi\n\nExplanation: Thiamine. Scurvy is due to lack of vitamin C.",
    "Answer: B. Beriberi\n\nThiamine (B1) is missing; scurvy is due to vitamin C.",
    "Die richtige Antwort ist B.\n\nAnswer: B",
    "| Option | |\n|---|---|\n| A | no |\n| B | yes |\n\nAnswer: B",
    "- **A. Pellagra**: no.\n- **B. Beriberi**: yes.\n- **C. Rickets**: no.\n\n**Answer: B**",
    "Answer: B\n\nLet me know if you have questions!",
    # what is said last
    "A is a skin disease, so it is not that.\n\nAnswer: B",
    "Answer: A\nNo, wait. Thiamine is B1.\nAnswer: B",
    "Answer: C\nAnswer: B",
    "The answer could be A or B.\nAnswer: B",
    "I choose A at first.\nAnswer: B",
    "Answer: B\nThe answer is not C.",
    "Answer: B\nI would rule out option C.",
    "The wrong answer is A, the right answer is B.",
    r"Perhaps \boxed{A}." "\n" r"No: \boxed{B}",
    "Options:\nA. pellagra\nB. beriberi\nC. rickets\nD. scurvy\n\nAnswer: B",
    "Let us check option A, option C and option D. None fits.\nAnswer: B",
    # the letter alone, or its line
    "B",
    "B.",
    "B)",
    "(B)",
    "[B]",
    "**B**",
    "**B.** beriberi",
    "B. beriberi",
    "B) beriberi",
    "B: beriberi",
    "- B",
    "Ｂ",
    "Option B",
    "Thiamine prevents it.\nB",
    "Thiamine prevents it.\n\n(B) beriberi",
    "A. pellagra\nB. beriberi\nC. rickets\nD. scurvy\n\nB",
    # after the thinking
    "<think>Answer: C</think>Answer: B",
    "<think>\nA or C?\n</think>\n\nB",
    "It may be A or C.\n</think>\n\nAnswer: B",
    "<think>a</think>Answer: A<think>b</think>Answer: B",
]

# Right answers that are not understood. The prompt asks for a line "Answer: B"; words for these
# would be words for hedges too.
MISSED = [
    # another letter in the rest of the line, which is no option's own text
    "Answer: B. lack of vitamin A or C",
    "Answer: B. Vitamin C",
    "Answer: B. Hepatitis A",
    "Answer: B. E. coli",
    "Answer: B. A disease of the nerves",
    "Answer: B) Cannot be cured",
    "Answer: B as C and D have other causes",
    "Answer: B rather than C",
    "Answer: B instead of A",
    "Answer: B, whereas A is due to niacin.",
    "Answer: B; A is due to niacin.",
    "Answer: B. A is wrong.",
    "Answer: B. C is incorrect because it is of the bones.",
    "The answer is B. Option C is wrong because it is of the bones.",
    "The answer is B. A, C and D are wrong.",
    "The answer is B, C being a disease of the bones.",
    "Answer: B\n\n(A) is due to niacin\n(C) is due to vitamin D",
    "Answer: B; A, C, D are wrong",
    "The answer is B (beriberi). Pellagra (A) is due to niacin.",
    # no place of an answer
    "I choose option B",
    "I choose B.",
    "I would go with B.",
    "I'd pick (B).",
    "I select B because thiamine is missing.",
    "Option A is incorrect. Option C is incorrect. Option B is correct.",
    "It's B.",
    "Antwort: B",
    "(b) Beriberi",
    "Answer: Beriberi (B)",
]

HEDGED = [
    "Answer: A or B",
    "Answer: B or C",
    "Answer: B, or C",
    "Answer: B (or C)",
    "Answer: (B) or (C)",
    "Answer: B or (C)",
    "Answer: B or maybe C",
    "Answer: B, maybe C",
    "Answer: B (maybe C)",
    "Answer: B or possibly even C",
    "Answer: B | C",
    "Answer: B/C",
    "Answer: B / C",
    "Answer: B vs C",
    "Answer: B vs. C",
    "Answer: B then C",
    "Answer: B. C.",
    "Answer: B. C",
    "Answer: B; C",
    "Answer: B: C",
    "Answer: B, C",
    "Answer: B,C",
    "Answer: B C",
    "Answer: B – C",
    "Answer: B-C",
    "Answer: B&C",
    "Answer: B + C",
    "Answer: B > C",
    "Answer: B~C",
    "Answer: B… C",
    "Answer: B... or C",
    "Answer: B? C?",
    "Answer: BC",
    "Answer: B_C",
    "Answer: {B, C}",
    "Answer: [B][C]",
    "Answer: A and C",
    "Answer: A and B",
    "Answer: both B and C",
    "Answer: B 60%, C 40%",
    "Answer: B; second choice: C",
    "Answer: B (alternatively: C)",
    "Answer: B. Alternatively, option C.",
    "Answer: B\n\nor\n\nC",
    "Answer:\n- B\n- C",
    "Answer: B and C are both right",
    "Answer: B\u200bC",
    "Answer: either B or C",
    "Answer: B and/or C",
    "Answer: B plus C",
    "Answer: B as well as C",
    "Answer: B along with C",
    "Answer: B otherwise C",
    "Answer: B, alternatively C",
    "Answer: B, else D",
    "Answer: B, less likely C",
    "Answer: B but C is also possible",
    "Answer: B but it could be C",
    "Answer: B, though C is possible too",
    "Answer: B. Or C.",
    "Answer: B. Maybe C.",
    "Answer: B. C is also correct.",
    "Answer: B\nC",
    "Answer: B\nor C",
    "Answer: B\nMaybe C.",
    "Answer: B, no wait, C",
    "Answer: B or option C",
    "Answer: option B or option C",
    "Answer: B or C because both are due to vitamins",
    "Answer: A or B because both are due to vitamins",
    "Answer: B or A because both are due to vitamins",
    "Answer: (b) or (c)",
    "Answer: b or c",
    "Answer: Ｂ or Ｃ",
    "Answer: B or C or B",
    "Answer: A, B, C, D",
    "Answer: A B C D",
    "Answer: ABCD",
    "Answer: B. beriberi or C. rickets",
    "Answer: B) beriberi or C) rickets",
    "Answer: (B) beriberi and (C) rickets",
    "Answer: B) beriberi, C) rickets",
    "Answer: B (beriberi) / C (rickets)",
    "Answer: B. beriberi, or option C",
    "**Answer: B or C**",
    "**Answer:** **B** or **C**",
    r"Answer: \boxed{B} or \boxed{C}",
    r"\boxed{B, C}",
    r"\boxed{B \text{ or } C}",
    r"\boxed{B}, \boxed{C}",
    "Answer: A, Answer: B",
    "The answer is A. The answer is B.",
    "The answer is B or C.",
    "The answer is between B and C.",
    "The answers are B and C.",
    "The correct answers: B, C",
    "The answer is A or B; I cannot tell.",
    "I choose B or C.",
    "I would go with B and C.",
    "B or C is correct.",
    "Both B and C are correct.",
    "A and B",
    "B or C",
    "B, C",
    "(B) or (C)",
    "B\nC",
    "A. pellagra\nB. beriberi\nC. rickets\nD. scurvy",
    "Choose the best answer:\nA. pellagra\nB. beriberi\nC. rickets\nD. scurvy",
    "Answer:\nA. pellagra\nB. beriberi",
    "**A.** pellagra\n**B.** beriberi",
    # as models write
    "Answer: B (if acute), C (if chronic)",
    "Answer: B if acute, otherwise C",
    "Answer: B – C cannot be excluded",
    "Answer: B. (C also accepted)",
    "Answer: B o C",
    "Answer: B 或 C",
    "Answer: B and c",
    "Answer: A–D",
    "Answer: B\n\nor option C",
    "**Answer:** B\n**Answer:** or C",
    "Answer: B\nC is also correct.",
    "Answer: B. Beriberi\n\nHowever, C is possible.",
    "Answer: B\nC. Rickets",
    "Answer: B. Beriberi\n\nor C. Rickets",
    "- B\n- C",
    "Beriberi (B) or rickets (C)",
]

NONE = [
    "",
    " \n ",
    "beriberi",
    "Answer:",
    "Answer: beriberi",
    "The answer is Beriberi",
    "Answer: vitamin B",
    "Answer: Vitamin B",
    "Answer: B1",
    "Answer: B12 or B1",
    "Answer: none",
    "Answer: all of them",
    "Answer: В",
    "Answer: Β",
    "Answer: ß",
    "Answer: 2",
    "Answer: K",
    "b",
    "ABCD",
    "Both are right",
    "I do not know.",
    # denied
    "Answer: not B",
    "Answer: Not (B)",
    "Answer: anything but B",
    "Answer: all except B",
    "Answer: neither B nor C",
    "Answer: ≠ B",
    r"Answer: \neq B",
    "The answer is not B.",
    "The answer isn't B.",
    "The answer cannot be B.",
    "The wrong answer is B.",
    "Answer B is wrong.",
    "Answer: B is incorrect",
    "Answer: B is not right",
    "B is not the answer.",
    "B is incorrect.",
    "Option B is wrong.",
    "I would rule out option B",
    "I would rule out B.",
    "I rule out choice B",
    "I would not choose B.",
    "I didn't pick option B.",
    "I will never go with B.",
    "Eliminate option B.",
    "Is B correct?",
    "I don't think the answer is B.",
    "I do not think B is correct.",
    "It is not the case that B is correct.",
    "If the answer is B, thiamine helps.",
    "The answer is probably not B.",
    "B is right-sided",
    "There are options A, B, C and D.",
    "Let us look at option B first.",
    "B. Incorrect.",
    "B: wrong",
    "Answer: B (incorrect)",
    "Answer: B is ruled out",
    "Answer: ~B",
    "The answer might be B.",
    "Let us go through each answer choice: (A) can never be true, and (B) must be.",
    # in the thinking
    "<think>Answer: B",
    "<think>\nThe answer is B.\nAnswer: B\n",
    "<think>Answer: B</think>",
    "<think>Answer: B</think>I do not know.",
    "Answer: B</think>",
    "<think>a</think>Answer: B<think>or",
    "Answer: B <think>",
]


@pytest.mark.parametrize("text", CHOOSES_B)
@pytest.mark.parametrize("options", [None, OPTIONS])
def test_the_letter_that_is_chosen(text: str, options: list | None) -> None:
    item = {"options": options}
    scores = [grade({"output_text": text}, {**item, "reference_answer": x}) for x in "ABCD"]
    assert scores == [0.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("text", HEDGED + NONE + MISSED)
@pytest.mark.parametrize("options", [None, OPTIONS])
def test_no_letter_or_several(text: str, options: list | None) -> None:
    for letter in "ABCD":
        item = {"reference_answer": letter, "options": options}
        assert grade({"output_text": text}, item) == 0.0


@pytest.mark.parametrize(
    ("options", "text", "letter"),
    [
        (["IgA", "IgG", "A and B", "none"], "Answer: C. A and B", "C"),
        (["IgA", "IgG", "Both A and B", "none"], "The answer is (C) both A and B.", "C"),
        (["A,B", "A,C", "B>A>C", "D"], "Answer: C) B>A>C", "C"),
        (["B", "A", "D", "C"], "Answer: A. B", "A"),
        (["B", "A", "D", "C"], "Answer: B", "B"),
        (["Influenza A", "H. influenzae", "E. coli", "C. albicans"], "Answer: D. C. albicans", "D"),
        (["Influenza A", "H. influenzae", "E. coli", "C. albicans"], "Answer: C. albicans", "C"),
        (["Hepatitis A", "Vitamin C", "x", "y"], "Answer: B. Vitamin C", "B"),
        (["x", "beriberi", "y", "z"], "B. beriberi is incorrect.", ""),
        (["x", "y", "z", "A disease"], "Answer: D) A disease", "D"),
        (["x", "Cannot be cured", "y", "z"], "Answer: B) Cannot be cured", "B"),
        (["x", "y", "Both A and B", "z"], "Answer: C. Both A and B, or D", ""),
        (["x", "y", "Both A and B", "z"], "Answer: A and B", ""),
    ],
)
def test_an_option_s_own_text_is_no_second_answer(options: list, text: str, letter: str) -> None:
    for each in "ABCD":
        item = {"reference_answer": each, "options": options}
        assert grade({"output_text": text}, item) == float(each == letter)


DRESSES = """
    Answer: ?; **Answer:** ?; **Answer**: ?; **Answer: ?**; *Answer:* ?; __Answer:__ ?; _Answer:_ ?
    ***Answer:*** ?; **Answer:**?; <b>Answer:</b> ?; `Answer:` ?; ### Answer: ?; - **Answer:** ?
    > **Answer:** ?; 1. **Answer:** ?
"""
LABELS = ("Answer", "ANSWER", "Final Answer", "Correct answer", "The answer")
SIGNS = (":", " :", "：", " –", " is")
LETTERS = (
    *("B", "(B)", "**B**", "*B*", "`B`", "[B]", "$B$", r"\boxed{B}", r"$\boxed{\text{B}}$", "“B”"),
    *("B. beriberi", "**B. beriberi**", "B) beriberi", "B – beriberi", "Option B", "\n\n**B**"),
)
LINES = [
    dress.strip().replace("Answer", label).replace(":", sign).replace("?", letter)
    for dress in DRESSES.replace(";", "\n").strip().splitlines()
    for label in LABELS
    for sign in SIGNS
    for letter in LETTERS
]


def test_every_dress_of_the_line_that_is_asked_for() -> None:
    """One letter is paid however the line is dressed; a second one beside it never is."""
    assert len(LINES) == 6_000
    item = {"reference_answer": "B", "options": OPTIONS}
    for text in LINES:
        assert grade({"output_text": text}, item) == 1.0, text
        assert grade({"output_text": f"Not A.\n\n{text}\n\n**Why:** C is rare."}, item) == 1.0, text
        assert grade({"output_text": f"{text} or C"}, item) == 0.0, text
        assert grade({"output_text": text}, {**item, "reference_answer": "C"}) == 0.0, text


@pytest.mark.parametrize("sample", [{}, {"output_text": None}, {"output_text": 7}, None, [], "B"])
def test_whatever_comes_in_is_graded(sample: object) -> None:
    assert grade(sample, {}) == 0.0


@pytest.mark.parametrize("item", [None, [], "B", {"reference_answer": None}])
@pytest.mark.parametrize("reference", [["B"], {"B": 1}, None, 2, 1.5, True, "", "AB", "b"])
def test_whatever_the_item_holds_is_graded(item: object, reference: object) -> None:
    sample = {"output_text": "Answer: B"}
    assert grade(sample, item) == 0.0
    for options in (None, 3, [1], ["x"], [None], {}, [""] * 30):
        assert grade(sample, {"reference_answer": reference, "options": options}) == 0.0
        assert grade(sample, {"reference_answer": "B", "options": options}) == 1.0


# A part, and how often it stands in the text.
LONG = r"""
import sys
space = {}
exec(sys.stdin.read(), space)
parts = ["not the answer is B ", "answer to the "]
parts += ["B\n", "B.", "B or ", "(", "b) ", "option is B, ", "answer ", "Answer: ", "I choose "]
texts = [head + part * (100_000 // len(part)) + "x" for part in parts for head in ("", "Answer: B")]
for text in ["answer" + " " * 1_000_000 + "x", *texts]:
    space["grade"]({"output_text": text}, {"reference_answer": "B", "options": ["B", "B"]})
"""


def test_the_time_is_in_proportion_to_the_text(tmp_path: Path) -> None:
    """A reading that goes back over each part for each other one would take minutes."""
    source = str(python_grader("one_letter")["source"])
    command = [sys.executable, "-I", "-S", "-c", LONG]
    subprocess.run(command, input=source, text=True, check=True, timeout=100, cwd=tmp_path)


def test_its_text_needs_nothing_else() -> None:
    space: dict = {}
    exec(str(python_grader("one_letter")["source"]), space)
    assert space["grade"]({"output_text": "Answer: B"}, {"reference_answer": "B"}) == 1.0
