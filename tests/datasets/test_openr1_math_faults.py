r"""Each fault with problems that have it and problems that only look like it, in our own words."""

from __future__ import annotations

import pytest
from conftest import findings, guarded, reason
from known import DATASETS

FAULTY = [
    # an answer that is prose
    ("prose_answer", "How many?", "All answers are given in the solution above."),
    ("prose_answer", "How many?", "First we count.\n\nThen 7."),
    ("prose_answer", "How many?", "the sum of the two lengths that were given before"),
    ("prose_answer", "Which?\n(A) 1\n(B) 2", r"\text{All answers are provided in the text above}"),
    # no question
    ("no_question", "Smirnov V,", "15"),
    ("no_question", "3. Geometry and Trigonometry", "15"),
    # the name of what is sought
    ("unknown_as_answer", "For which $n$ is $n+1$ a square?", "n"),
    ("unknown_as_answer", "Find all positive integers  $ d$  that divide it.", "$d$"),
    ("unknown_as_answer", "For what values of $N$ is it so?", " N "),
    ("unknown_as_answer", "For which positive integers $A$ is it so?", "A"),
    ("unknown_as_answer", "Determine all n for which it holds.", "n"),
    # a proof
    ("proof", "Prove that $n^3-n$ is a multiple of 6.", "6"),
    ("proof", "Let $a>b$.\n\nShow that the sum exceeds $2b$.", "2b"),
    ("proof", "1. (1) Verify the identity. (2) Prove the inequality.", "1"),
    # a letter
    ("missing_options", "There are four bags. In which bag is the ring?", "D"),
    ("missing_options", "Which sum is greater, that of sides or that of angles?", "(A)"),
    ("missing_options", "Side $A B$ is 3. Then its half is ( ).", "B"),
    ("missing_options", "Which?\n(A) 1\n(B) 2\n(C) 3", r"\text{(E)}"),
    ("missing_options", "In which of them is a pearl, in that or in this?", "c"),
    ("missing_options", "How much? а) 5 б) 6 в) 7 г) 8", "г"),
    # two right options
    ("duplicate_correct_option", "Which?\n(A) 1\n(B) $x+1$\n(C) $x+1$.", "B"),
    # several questions
    (
        "several_questions",
        "A pool is filled.\n(a) How long does it take?\n(b) How deep is it?",
        "7",
    ),
    ("several_questions", "(1) Find $a$. (2) If $b=2a$, find $b$.", "7"),
    ("several_questions", "a. Find the sum.\nb. Find the product.", "7"),
    ("several_questions", "(i) Determine $k$.\n(ii) Solve for $m$.", "7"),
    ("several_questions", "(1) Prove it is odd and find it; (2) find its square.", "49"),
    ("several_questions", "Compute: a) $2^5$; b) $3^5$; c) $4^5$.", "32"),
    ("several_questions", "What is the last digit of: a) $7^{9}$; b) $8^{9}$?", "7"),
    ("several_questions", "[b]G.1[/b] Find $x$.\n[b]G.2[/b] Find $y$.", "3"),
    ("several_questions", "I1.1 Find the value of $P$.\nI1.2 Find the value of $Q$.", "3"),
    ("several_questions", "How many pens are there? How much does one cost?", "3"),
    ("several_questions", "Find the number of divisors. Find the sum of these divisors.", "9"),
    ("several_questions", "How old is Ira, and how old is Jan?", "9"),
    ("several_questions", "How much did Mr. Lee pay, and how much is left?", "9"),
    ("several_questions", "Who came first? How long after was Bo?", "9"),
    ("several_questions", "4. Find the sum.\n\n5. Find the product.", "9"),
    ("several_questions", "Integrate.\n[1] Find $\\int x$\n[2] Find $\\int y$", "9"),
    ("several_questions", "There are ____ cats and \\_\\_\\_ dogs.", "9"),
    ("several_questions", "There are $\\qquad$ cats and $\\qquad$ dogs.", "9"),
    ("several_questions", "Find the largest and smallest such numbers.", "9"),
    ("several_questions", "Let $x>0$. Find the extreme values of $f$.", "9"),
    ("several_questions", "Given $x+y=1$, find $S=xy$, the minimum and maximum values.", "9"),
    ("several_questions", "Calculate the quotient and the remainder of 100 by 7.", "14"),
    ("several_questions", "Find natural numbers $a$ and $b$ with $ab=6$ and $a>4$.", "6"),
    ("several_questions", "Find all primes $p, q$ with $p+q=9$, and $p<q$.", "q = 7"),
    ("several_questions", "Determine $a$, $b$ and $c$.", "c=4"),
    ("several_questions", "Find four numbers in arithmetic progression.", "-2"),
    ("several_questions", "Find the angles of the triangle.", "90"),
    ("several_questions", "Find the acute angles of the triangle.", r"60^\circ"),
    ("several_questions", "The sum of two numbers is 8. What are these numbers?", "3"),
    ("several_questions", "Calculate the lengths of the legs.", "3"),
    ("several_questions", "Determine the speed of the boat and the speed of the wind.", "3"),
    ("several_questions", "(I) Find $f$. (II) Find its maximum.", "3"),
    ("several_questions", "(Ⅰ) Find $f$. (Ⅱ) Find its maximum.", "3"),
    ("several_questions", "\\((1)\\) Find $f$. \\((2)\\) Find its maximum.", "3"),
    # the answer in the prompt
    ("answer_in_prompt", "How many? Answer: 17. That is " + "so " * 90, "17"),
    ("answer_in_prompt", "How many?\n\nSolution. We add 8 and 9 and get 17.", "17"),
    ("answer_in_prompt", "How many? [hide]It is $\\boxed{17}$.[/hide]", "17"),
    ("answer_in_prompt", "Adding both, we get $2x=34$, from which $x=17$.", "17"),
    ("answer_in_prompt", "How many? Let it be $x$. Then $x+1=18$. Therefore, $x = 17$.", "17"),
    ("answer_in_prompt", "2.301. $\\frac{34}{4}+\\frac{34}{4}=17$.", "17"),
    # another problem
    ("missing_context", "Let $T=TNYWR$. Find $T+1$.", "4"),
    ("missing_context", "Let $T=T N Y W R$. Find $T+1$.", "4"),
    ("missing_context", "Let $T$ be the answer to problem 3. Find $T+1$.", "4"),
    ("missing_context", "Let $A$ be the number you will receive. Find $A+1$.", "4"),
]

SOUND = [
    ("Which colour is left?", "blue"),
    ("Who won?", "Anna and Boris"),
    ("Who came?", "Anna, Boris, Clara, Denis, Emil, Fritz"),
    ("At what time?", "3:00 a.m."),
    ("Solve.", r"x=1 \text{ or } x=2"),
    ("Who?\nA. the man who came before all others\nB. none", "the man who came before all others"),
    # proofs with something that can be checked
    ("Find a number that equals its square plus 0. Prove that there is no other.", "1"),
    ("Prove that it converges. What is its limit?", "1"),
    ("Prove the inequality. For which $x$ does equality hold?", "1"),
    ("Choose five numbers. Select them as large as you can. Prove your answer.", "15"),
    # letters that name something
    ("Players $A, B, C$ throw. $B$ misses. Who hits?", "C"),
    ("Team A, Team B or Team C: who is fastest?", "B"),
    ("Let $BC=a$. Find $MN$.", "a"),
    ("Which?\n(A) 1\n(B) 2\n(I) 3", "B"),
    ("Which?\n(A) 1\n(B)\n(C) 3", "C"),
    ("Which?\na) 1\nb) 2\nc) 3", "c"),
    ("Which?\n(A) 1\n(B) 2\n(C) 2", "A"),
    # one question
    ("(a) Find $n$.\n(b) Prove that it is the only one.", "7"),
    ("a) How many sit there?\nb) Show an example.", "7"),
    ("Find all $n$ with:\n(1) $n$ is odd;\n(2) $n<4$;\n(3) $n>1$.", "3"),
    ("Determine all $f$ that satisfy the conditions:\na) $f(0)=0$\nb) $f$ is linear", "x"),
    ("Shops sell thus: (1) one for 3; (2) two for 5.\nHow much do 4 cost?", "10"),
    ("Find the value of $(x-a)(x - b)+(y - c)(y - 2)$ for $x=y=0$.", "3"),
    ("What is the number? Find it.", "3"),
    ("What is the number? Express your answer in percent.", "3"),
    ("What digit can it end with? Find all possible answers.", "6"),
    ("Find the sum. Calculate in different ways.", "6"),
    ("What is the number?\n\nHint. Can you halve it? Is it odd?", "6"),
    ('He asks: "Who was it? When was it?" How many did he see?', "6"),
    ("What is the chance? It can be written as $m/n$. Find $m+n$.", "6"),
    ("What is the chance? Let it be in the form $m/n$. What is $m+n$?", "6"),
    ("Find the sum of the largest and smallest such numbers.", "6"),
    ("What is the difference between the maximum and minimum values?", "6"),
    ("Find the largest and smallest such numbers.", "9, 1"),
    ("Find integers $a$ and $b$ with $ab=6$ and $a>4$.", "(6, 1)"),
    ("Find integers $a$ and $b$ with $ab=6$ and $a>4$.", r"\left(6, 1\right)"),
    ("(a) How many? (b) How much?", "3; 4"),
    ("How old is Ira, and how old is Jan?", "3 and 4"),
    ("Find both numbers.", r"1 \pm \sqrt{2}"),
    ("What are these numbers?", "3 and 5"),
    ("Determine the ratio of the speed of the boat and the speed of the wind.", "3"),
    ("How many do Al and Bo have together?", "3"),
    ("How many did each of the ten get?", "3"),
    ("Calculate the lengths of the arcs of the curves.", "12"),
    ("Calculate the areas of the figures.", "12"),
    ("The number of ways is $\\qquad$\n$\\qquad$ .", "5"),
    # the answer is not told
    ("What was her answer?", "17"),
    ("Write the number (answer with a digit).", "7"),
    ("How many? Answer: yes or no.", "17"),
    ("How many?\n\n## Solution", "17"),
    ("Solve the first. Solution: it is 4. Now: how many are left?", "17"),
    ("7.206. $(x-2)^{3}=-1$.", "1"),
    ("1. $\\frac{1}{2}+\\frac{1}{3}=$", "1"),
    ("Therefore it is odd. Find $n$ with $n+1=18$.", "17"),
    # a question that is asked again, or in place of one
    ("What is the largest such integer? Find this integer.", "6"),
    ("Find the sum of all primes below 100. What is the sum?", "6"),
    ("What is the largest $n$ with $n<9$? Find the value of $n$.", "6"),
    ("Let $m$ be odd. Find the number of ways. Find $m + n$.", "6"),
    ("What is the number? Which it is, is a question of its own.", "6"),
    ("Ann ate 3 more than Bo. How much did Ann and Bo eat?", "6"),
    ("Ten share 40 slices. How many slices did each of them eat?", "6"),
    ("How many of the following change?\n(a) the length\n(b) the area", "1"),
    ("1. Contains two\n2. Does not end\nWhat is the number?", "1"),
    # letters that are values, unknowns or labelled options
    ("Find the derivative of $x^e$ at $1$.", "e"),
    ("What is the least number of moves for $n$ coins?", "n"),
    ("Determine all functions $f$ defined for all real numbers $x$ with $f(2)=2$.", "x"),
    ("Who is a knight, A or B?", "A"),
    ("Which of the following is it: (F) $0$ (G) $1$ (H) $2$", "G"),
    ("Which of the following:\\n(A) 1\\n(B) 2", "A"),
    # T is given, or the answer is in terms of it
    ("Let $T=TNYWR$. Find $T+1$. Note: $T=3$.", "4"),
    ("Let $T$ be the answer to problem 3. Find $T+1$.", "T+1"),
    # no wording says that the figure has to be seen
    ("As shown in the figure, in $\\triangle A B C$, $AB=3$. Find $BC$.", "4"),
    ("$x_1 - x_2$", "4"),
    ("求最大值", "4"),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "problem", "answer"), FAULTY)
def test_faulty(expected: str, problem: str, answer: str) -> None:
    assert reason(problem, answer) == expected


@pytest.mark.parametrize(("problem", "answer"), SOUND)
def test_sound(problem: str, answer: str) -> None:
    assert reason(problem, answer) is None


FINDINGS = [
    ("figure", "The diagram shows two squares. How large is the overlap?", "4"),
    ("figure", "The pie chart below shows the votes. How many did Ada get?", "4"),
    ("figure", "The figure is a square. Which part of it is shaded?", "4"),
    ("figure", "Six tiles are arranged as shown. What do they cover?", "4"),
    ("figure", "How many triangles are there in the picture?", "4"),
    (None, "The diagram has a square $ABCD$ of side 2. Find $AC$.", "4"),
    (None, "The table shows the votes.\n| A | B |\n| 3 | 4 |\nHow many are there?", "7"),
    (None, "The figure shows a square. [asy]draw(unitsquare);[/asy] What is shaded?", "1"),
    (None, "Draw a figure. How many sides does it have?", "4"),
    ("image", "Find the sum. ![](https://x.org/a.png)", "4"),
    ("image", "Find the sum. [img]a/b.png[/img]", "4"),
    ("control_character", "Find the \x02 sum.", "4"),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "problem", "answer"), FINDINGS)
def test_what_is_counted_drops_nothing(expected: str | None, problem: str, answer: str) -> None:
    assert reason(problem, answer) is None
    assert findings(problem, answer) == ([] if expected is None else [expected])


def test_every_fault_of_wording_is_here() -> None:
    simple = {"empty_prompt", "empty_answer", "unbalanced_answer", "nested_box", "unverified"}
    faults = DATASETS["openr1-math"].faults
    expected = {fault.reason for fault in faults if fault.drops} - simple
    assert {case[0] for case in FAULTY} == expected


def test_long_runs_of_signs_take_no_time() -> None:
    """Patterns that go back over a run of n signs would need n² steps: minutes for 1 s."""
    with guarded():
        for run in (" ", "\n", ",", "#", "a) ", "x - ", "find ", "$\\qquad$ ", "= "):
            reason(f"Find the figure and the answer. {run * 40_000}x", "1")
        reason("Solution: " + "(" * 100_000, "(" * 50_000 + "b")
