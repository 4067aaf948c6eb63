r"""1.0 where the last boxed answer means what the reference answer means; 0.0 otherwise.

The answer is the last balanced `\boxed{…}` of `sample["output_text"]`, after the last `</think>`
where there is one, and nothing where a `<think>` is not closed; the reference is
`item["reference_answer"]`, and `item["options"]` holds the texts of a multiple-choice problem, A
first. Both texts go the same way: one spelling → tokens → a tree → compared. Nothing that is read
is executed, and nothing but Python's own library is needed. What cannot be read as mathematics is
compared as text.

What counts as the same:

- Numbers are exact: 0.5 is 1/2, 0.333 is not 1/3 and 3.14 is not π. But where the reference is a
  decimal of three digits and more, two of them behind its point, an exact answer that rounds to it
  is right: 27/59 for 0.458.
- A unit may be missing on one side, a wrong one is wrong. So for degrees and currency; 60° is also
  π/3. Units are not converted: the problem names the one that it wants.
- 7% is 7 or 0.07 where the reference is 7%. Where the reference is 7, the problem may ask for
  percent, and 7% is right; where it is 0.07, 7% is not.
- A list (1, 2 or "1 and 2") and a set have no order, a tuple has. A pair keeps its brackets, for
  it may be an interval, unless its numbers fall; from three entries on, brackets may be dropped.
- A name may be missing (x = 5 and 5, f(x) = 2x and 2x), another name is wrong. Values of several
  names stand in the order of the names, those of one letter (x_1, x_2) in any. Words may be names
  where each value has its own: "Minimum 1, maximum 2" is 1, 2, but not the other way round.
- Equations are the same where their differences of sides are proportional, or where the reference
  is not solved for a letter and the answer is it but for a letter as factor (xy = 6, y = 6/x);
  inequalities where the factor is positive. Intervals, unions and inequalities in one variable are
  compared as sets.
- k may have another name where one side says that it is any integer, or in x = kπ; so has the
  constant of a general solution, in t + ce^{-2t}.
- 0,5 is one half where the reference is one number, 1,000 a thousand, 1,2 and 27,54,108 are lists.
- A time without a.m. or p.m. may be either.
- Of several options, the letter or the text; both must agree where both are given.
- In words, case, a leading article and the order of a sum do not count.

How expressions are compared. Numbers without roots and functions: as fractions, exactly. Other
constants: in decimal arithmetic in which every number carries a bound of its error. They differ
where they are further apart than the bounds, at 50 digits or at 200; they are the same where they
are not and the bounds are below 10^-100 of the larger. Expressions with letters: by their values at
11 to 19 points that are drawn by a hash from both texts, so that no answer can be written around
them, and at which two letters differ; whole numbers for the letters that usually stand for them
(see samples.py). The points count at which both have a real value (any value where i occurs); two
must, and at all that do the values must agree, as fractions exactly or to 30 of 60 digits. So
"different" is proved (if π and e are held to be independent), and "the same" means that constants
agree to 100 digits and functions wherever both are real: ln x² is 2 ln x, and √x² is |x| but not x.

P(0), P(-1/2) and P(x) are values of a function, of which nothing is known; a(b + c) and a(2)^n are
products, and so is a letter before any other single argument in parentheses, but for f, g and h.

The work is counted, not timed: what takes more than bounds.py allows is refused.
"""

from __future__ import annotations

from pipelines.graders.boxed_math.boxes import boxes
from pipelines.graders.boxed_math.meaning import same
from pipelines.graders.boxed_math.scoring import BOXED_BUT_WRONG, correct, grade

__all__ = ["BOXED_BUT_WRONG", "boxes", "correct", "grade", "same"]
