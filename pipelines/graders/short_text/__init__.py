"""1.0 where the last line "Answer: …" of a plain answer holds the reference's text; 0.0 otherwise.

Read is what stands after the last `</think>`. Case, canonically equal spellings, white space, and
quotes, stars and punctuation at the edges do not count; everything else does. An answer without
that line scores only where it is nothing but the reference.
"""

from __future__ import annotations

from pipelines.graders.short_text.texts import grade

__all__ = ["grade"]
