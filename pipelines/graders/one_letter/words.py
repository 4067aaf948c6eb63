"""The words by which an answer is known, and those that say nothing against it."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What names the answer, and what must follow a noun where the letter does not follow at once.
NOUNS = _words("answer answers ans")
KINDS = _words("option options choice choices letter")
BOXES = _words("\\boxed \\fbox")
NAMES = NOUNS | KINDS | BOXES
LINKS = _words(": = is was be are →")
# What may stand between that and the letter; any other word says that there is none.
STYLES = _words("\\text \\textbf \\textit \\textrm \\mathrm \\mathbf \\bf \\rm \\left \\right")
BEFORE = KINDS | _words(
    "it it's i think believe guess say that "
    "is was be would should must will may might could can the my a single one most best correct"
    " right final likely probably definitely clearly certainly surely therefore thus hence so then"
    " indeed simply only just actually obviously possibly perhaps maybe still"
)
# Before such a noun: it is a verb, or not the answer that it names.
OTHER = _words(
    "wrong incorrect other another remaining no not to can cannot could will would which each every"
)
CHOOSES = _words("with choose chose choosing select selected selecting pick picked picking")
STOPS = NOUNS | CHOOSES - {"with"}
# What takes back what is said, in its clause and up to a word that begins another.
SUPPOSES = _words("if whether unless doubt doubts")
THUS = _words("so thus hence therefore then because and but is")
DENIES = _words(
    "not never cannot don't wouldn't didn't can't won't doesn't isn't shouldn't couldn't"
)
# What is said of a letter.
VERBS = _words("is are was were be been would could can may might must should will seems remains")
WRONG = DENIES | _words("incorrect wrong false out excluded ruled eliminated unlikely impossible")
# What may stand between two letters that are both the answer, or after the second.
JOINS = _words(
    "or and nor vs versus and/or either both plus maybe perhaps possibly also else xor ou oder und"
)
GROUPS = JOINS | KINDS
BETWEEN = (
    JOINS
    | KINDS
    | VERBS
    | _words(
        "then otherwise alternatively alternately probably potentially presumably likely less more"
        " least most with together along combined followed by through to until thru into but though"
        " although however unless even too another the a an one ones of other first second third"
        " next best correct right true possible plausible valid acceptable fine equally similarly"
        " sometimes it they them its it's well again still same i i'm think guess believe"
        " suppose say am wait no actually correction sorry oops hmm rather nearly almost about any"
    )
)
# What follows "I" where it is no letter, and what may follow "A or B" where a reason begins.
ME = _words(
    "think believe guess suppose say am would will choose chose pick select go have conclude"
)
WHY = _words("because since as due for given depending but if though although so which that when")
