"""1.0 where the one letter that a plain answer chooses is the reference answer; 0.0 otherwise.

Read is what stands after the last `</think>`. The answer is what the text states last: after
"answer" ("Answer: B", "the correct answer is (B)") or in a box; else the letter with which its last
line begins, where it is no list of options; else "I choose B" and "B is correct". Several letters
in the place of the answer are no answer, whatever joins them; one that is only spoken of, as in
"B, because C is rare", does not count. The place ends where other words begin, which are the
option's text or a reason; `item["options"]`, where it is there, tells "D. Both A and B" from two
answers.
"""

from __future__ import annotations

from pipelines.graders.one_letter.letters import chosen
from pipelines.graders.one_letter.scoring import grade

__all__ = ["chosen", "grade"]
