"""1.0 where the one letter that a plain answer chooses is the reference answer; 0.0 otherwise.

Read is what stands after the last `</think>`. The answer is the letter in the place of the answer
("Answer: B", "the correct answer is (B)", a box) in the last line that has one; else the letter
with which the last line or the first begins, where no other line begins with another. A second
letter in the rest of that line, or as the next line, makes it no answer; the text of the option
itself, from `item["options"]`, and what follows "because" or "not" are not searched for one.
"""

from __future__ import annotations

from pipelines.graders.one_letter.letters import grade

__all__ = ["grade"]
