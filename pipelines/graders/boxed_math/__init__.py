r"""1.0 where the last boxed answer means what the reference answer means; 0.0 otherwise.

The answer is the last balanced `\boxed{…}` of `sample["output_text"]`, after the last `</think>`
where there is one, and nothing where a `<think>` is not closed; the reference is
`item["reference_answer"]`, and `item["options"]` holds the texts of a multiple-choice problem, A
first. Both texts go the same way: one spelling → tokens → a tree → compared. Nothing that is read
is executed, and nothing but Python's own library is needed. What cannot be read as mathematics is
compared as text.

What counts as the same:

- Numbers are exact: 0.5 is 1/2, 0.333 is not 1/3 and 3.14 is not π.
- A unit may be missing on one side, a wrong one is wrong. So for degrees, currency and the base of
  a numeral; 60° is also π/3. Units are not converted: the problem names the one that it wants.
- 7% is 0.07. Where the reference is 7%, the problem asks for percent, and 7 is right; where the
  reference is 7, 7% is a hundredth of it.
- A list (1, 2 or "1 and 2") and a set have no order, a tuple has. A pair keeps its brackets, for
  it may be an interval; from three entries on, brackets may be dropped.
- A name may be missing (x = 5 and 5, f(x) = 2x and 2x), another name is wrong. Values of several
  names stand in the order of the names, those of one letter (x_1, x_2) in any.
- Equations are the same where their differences of sides are proportional, inequalities where the
  factor is positive. Intervals, unions and inequalities in one variable are compared as sets.
- Solutions that an integer numbers (x = π/4 + kπ, x ≡ 3 mod 5, a list of intervals) are the same
  set or not, wherever they begin, if the reference says that k is any integer; else 2k + 2 is
  another expression than 2k.
- A function by cases is compared piece by piece where its conditions are sets of real numbers, and
  with a function without cases; else case with case. Sums and products are added up.
- 0,5 is one half where the reference is one number, 1,000 a thousand, 1,2 else a list of two.
- A time without a.m. or p.m. may be either.
- Of several options, the letter or the text; both must agree where both are given.
- In words, case and a leading article do not count.

How expressions are compared. Numbers without roots and functions: as fractions, exactly. Other
constants: in decimal arithmetic in which every number carries a bound of its error. They differ
where they are further apart than the bounds, at 50 digits or at 200; they are the same where they
are not and the bounds are below 10^-100 of the larger. Expressions with letters: by their values at
points that are drawn by a hash from both texts, so that no answer can be written around them, and
at which two letters differ; whole numbers for the letters that usually stand for them. At three
points the letters are whole numbers of 61 bits, and the remainders by a drawn number of 290 bits
are compared; for rational functions that is all. Others are also compared at 11 to 18 points (see
samples.py). The points count at which both have a real value (any value where i occurs); two must,
and at all that do the values must agree, as fractions exactly or to 30 of 60 digits. So "different"
is proved (if π and e are held to be independent), and "the same" means that constants agree to 100
digits and functions wherever both are real: ln x² is 2 ln x, and √x² is |x| but not x. What is not
seen is a term that is zero at all whole numbers up to 343, where it or what stands beside it has no
value at large ones, as n! has none.

P(0), P(-1/2) and P(x) are values of a function, of which nothing is known; a(b + c) and a(2)^n are
products, and so is a letter before any other single argument in parentheses, but for f, g and h.

The time is bounded by sizes, not by a clock.
"""

from __future__ import annotations

from pipelines.graders.boxed_math.boxes import boxes
from pipelines.graders.boxed_math.meaning import same
from pipelines.graders.boxed_math.scoring import BOXED_BUT_WRONG, correct, grade

__all__ = ["BOXED_BUT_WRONG", "boxes", "correct", "grade", "same"]
