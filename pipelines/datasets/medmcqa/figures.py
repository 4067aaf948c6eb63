"""Questions of MedMCQA that rest on a picture, a curve or a video that was in the exam paper."""

from __future__ import annotations

import re

import polars as pl

from pipelines.datasets.dataset import Fault

_STUDY = (
    r"ecg|ekg|eeg|x ?-? ?ray|cxr|radiograph|ct|mri|scan|slide|smear|curve|graph|chest x ?-? ?ray"
)
_MEDIUM = (
    rf"(?:{_STUDY}|figures?|figs?|images?|pictures?|photo\w*|diagrams?|radiographs|cect|ncct|usg"
    r"|scans|slides|graphs|curves|tracings?|audiogram|karyotype|pedigree|chart|histo\w+|hpe|biopsy"
    r"|micro\w+|instruments?|devices?|specimen|fundus\w*|angiogra\w+|lesions?|wave patterns?)"
)
_PART = r"(?:structure|nerve|muscle|area|part|region|bone|vessel|artery|point|organ|layer|cell)"

# In small letters, with single spaces.
_FIGURE = re.compile(
    "|".join(
        (
            # "a CT scan is shown below", "the given below device", "cell type shown above"
            rf"\b{_MEDIUM}\b[^.?]{{0,60}}\b(?:given|provided|seen|attached|displayed)"
            r" (?:below|above|here)\b",
            rf"\b(?:given|provided) (?:below|above)\b[^.?]{{0,20}}\b{_MEDIUM}\b",
            # not "laboratory values are shown below", which follow as text
            r"(?<!values are )(?<!results are )(?<!studies are )(?<!tests are )"
            r"\b(?:shown|depicted) (?:below|above)\b(?!\s*[:=])",
            rf"\b{_MEDIUM}\b[^.?]{{0,60}}\b(?:shown|depicted) (?:below|above|here)\b",
            r"\b(?:taken|done) as shown\b|\bshown in (?:the )?(?:\w+ )?(?:below|above)\b",
            # "in the following diagram", "the given X-ray", "the given instrument"
            r"\b(?:given|below|above|following|this) (?:figures?|figs?|images?|photo\w*|diagrams?"
            r"|tracing)\b",
            rf"(?<!which of )(?<!all of )(?<!any of )\b(?:the|with) (?:following|given) (?:{_STUDY}"
            r"|picture)\b(?! (?:views?|findings?|features?|changes?))",
            r"\bthe given (?:instrument|deformity|device|[\w ]{0,20}(?:curve|graph))\b(?!,)",
            rf"\bthis (?:{_STUDY}|instrument|device) (?:is|shows?|represents?|depicts?)\b",
            r"\bgraph (?:above|below)\b",
            # "figure depicts", "shown in the picture", "the case shown?"
            r"\b(?:figure|fig\.?|diagram) (?:shows?|depicts?|shown|represents?|was not)\b",
            r"\b(?:shown|seen|depicted|marked|given) (?:in|on) (?:the )?(?:above |below |given )?"
            r"(?:figure|fig|image|picture|photo\w*|diagram|video|slide)\b",
            r"\bcolou?r plate\b|\b(?:video|image|picture)[- ]based\b",
            r"\bin the [\w ]{0,40}diagram\s*[.?:]*$",
            rf"\b(?:{_PART}|case|lesion|procedure|process|instrument|device|appliance|pathology"
            r"|organism|deformity) shown(?: below| here| above)?\s*[?:.-]*$",
            r"\b(?:shows?|shown|showed) the (?:given|following) (?:findings?|pathology|picture"
            r"|image)\s*[.:?]",
            r"\bfollowing (?:hpe |histo\w+ )?findings (?:were|was|are) (?:seen|noted|observed)[.?]",
            # "structure marked with an arrow", "the marked structure"
            r"\b(?:marked|labell?ed|indicated|pointed|shown)\s*\(?\s*(?:with|by|as)\s*"
            r"(?:an? |the )?\(?arrows?\b|\bmarked arrow\b",
            rf"\b{_PART}s? (?:which is |is |are )?(?:marked|labell?ed|pointed|arrowed)\b",
            rf"\bthe (?:marked|labell?ed|arrowed|highlighted) {_PART}\b",
            # "ECG was done. Diagnosis:"
            r"\b(?:ecg|ekg|x ?-? ?ray|cxr|ct(?: scan)?|mri|radiograph) (?:was|is) (?:done|taken"
            r"|performed|obtained)[.,;:]*\s*(?:what is )?(?:the )?(?:most )?(?:likely |probable )?"
            r"(?:diagnosis|dx)\b",
        )
    )
)
# What each of those holds; one question in twenty.
_MAYBE = (
    r"(?i)\b(?:figures?|figs?|images?|pictures?|photo\w*|diagrams?|tracing|plate|video|arrows?"
    r"|marked|labell?ed|pointed|arrowed|highlighted|shown|depicted|below|above|here"
    rf"|(?:the|with) given|(?:the|with) following (?:{_STUDY}|picture)"
    r"|(?:shows?|showed) the (?:given|following)|findings (?:were|was|are)"
    rf"|this (?:{_STUDY}|instrument|device)"
    r"|(?:ecg|ekg|ray|cxr|ct|scan|mri|radiograph) (?:was|is) (?:done|taken|performed|obtained))\b"
)


def missing_figure(question: str) -> bool:
    """Whether a question rests on a figure, none of which the dataset holds."""
    return _FIGURE.search(" ".join(question.lower().split())) is not None


_QUESTION = pl.col("text question")

FAULTS = (
    Fault(
        "missing_figure",
        "the question rests on a figure, which the dataset does not hold",
        pl.when(_QUESTION.str.contains(_MAYBE))
        .then(_QUESTION)
        .map_elements(missing_figure, return_dtype=pl.Boolean),
    ),
)
