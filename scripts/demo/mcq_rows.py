"""Rows of MedMCQA in our own words: sound ones, made from facts, then the planted faults."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from facts import TABLES
from names import Row, name_of

_MCQ_COLUMNS = ("opa", "opb", "opc", "opd")


def _mcq_row(
    question: str | None, right: str, wrong: list[str], subject: str, topic: str, **changes: Any
) -> Row:
    """A row whose right option stands where the question's digest says."""
    place = int(sha256(f"{question}{right}".encode()).hexdigest(), 16) % 4
    options = [*wrong[:place], right, *wrong[place:]]
    row = {
        "id": name_of("medmcqa", question, right),
        "question": question,
        **dict(zip(_MCQ_COLUMNS, options, strict=True)),
        "cop": place,
        "choice_type": "multi" if place == 3 else "single",
        "exp": None if place == 1 else f"{right} is the answer.",
        "subject_name": subject,
        "topic_name": None if place == 2 else topic,
    }
    return row | changes


def _questions(wording: int) -> list[Row]:
    """Both directions of every fact, with three other facts of its table as wrong options."""
    rows = []
    for table in TABLES:
        for direction in (0, 1):
            templates = table.questions[direction]
            for i, pair in enumerate(table.facts):
                others = [
                    table.facts[(i + step) % len(table.facts)][1 - direction] for step in (1, 3, 4)
                ]
                question = templates[(i + wording) % len(templates)].format(pair[direction])
                rows.append(
                    _mcq_row(question, pair[1 - direction], others, table.subject, table.topic)
                )
    return rows


def _reordered(row: Row, **changes: Any) -> Row:
    """The same question with its options in another order."""
    options = [row[name] for name in _MCQ_COLUMNS]
    turned = options[1:] + options[:1]
    return {
        **row,
        **dict(zip(_MCQ_COLUMNS, turned, strict=True)),
        "cop": (row["cop"] - 1) % 4,
        **changes,
    }


def medmcqa_rows() -> tuple[list[Row], list[Row], list[Row]]:
    """Train (sound rows, then planted faults), validation and test rows."""
    train = _questions(0)
    validation = _questions(1)[::9]
    test = [{**row, "cop": -1, "exp": None} for row in _questions(1)[4::9]]

    def fresh(question: str | None, right: str, *wrong: str, **changes: Any) -> Row:
        return _mcq_row(question, right, list(wrong), "Physiology", "General", **changes)

    pulse = (
        "60 to 100 a minute",
        "20 to 40 a minute",
        "110 to 150 a minute",
        "160 to 200 a minute",
    )
    filler = "A patient reports a long history in great detail. " * 700
    planted = [
        # the same question again
        dict(train[5]),
        dict(train[50]),
        _reordered(train[20], id=name_of("turned", 20)),
        _reordered(train[90], id=name_of("turned", 90), question=train[90]["question"].upper()),
        {**train[33], "id": name_of("dress", 33), "question": f"  {train[33]['question']} :-"},
        # one question, two answers
        fresh("The normal resting heart rate of an adult is", *pulse),
        fresh(
            "The normal resting heart rate of an adult is:", pulse[2], pulse[0], pulse[1], pulse[3]
        ),
        fresh(
            "Normal intraocular pressure in mmHg is", "10 to 21", "2 to 5", "25 to 35", "40 to 50"
        ),
        fresh(
            "Normal intraocular pressure, in mmHg, is", "10 to 21", "2 to 5", "25 to 35", "40 to 50"
        ),
        fresh(
            "Normal intraocular pressure in mmHg is -", "25 to 35", "2 to 5", "10 to 21", "40 to 50"
        ),
        fresh(
            "Normal intraocular pressure in mmHg is.", "25 to 35", "2 to 5", "10 to 21", "40 to 50"
        ),
        # alike, and not the same: signs and digits count
        fresh(
            "Transfusion of choice for an Rh+ve mother",
            "Rh+ve blood",
            "Rh-ve plasma",
            "Saline",
            "Dextran",
        ),
        fresh(
            "Transfusion of choice for an Rh-ve mother",
            "Rh-ve blood",
            "Rh+ve plasma",
            "Saline",
            "Dextran",
        ),
        fresh("A count of 10² per field is", "One hundred", "One hundred and two", "Ten", "Twenty"),
        fresh("A count of 102 per field is", "One hundred and two", "One hundred", "Ten", "Twenty"),
        fresh(
            "Which sinus opens into the sphenoethmoidal recess?",
            "Sphenoid",
            "Frontal",
            "Maxillary",
            "None",
        ),
        fresh(
            "Which valve guards the opening of the thoracic duct into the hea?",
            "None",
            "Mitral",
            "Aortic",
            "Tricuspid",
        ),
        # nearly the same
        fresh(
            "Which of these structures passes through the carpal tunnel with the tendons?",
            "Median nerve",
            "Ulnar nerve",
            "Radial artery",
            "Palmaris longus",
        ),
        fresh(
            "Which of the following structures pass through the carpal tunnel with the tendons?",
            "Median nerve",
            "Ulnar nerve",
            "Radial artery",
            "Palmaris longus",
        ),
        fresh(
            "Which structture passes through the carpal tunnel with the tendons?",
            "Median nerve",
            "Ulnar nerve",
            "Radial artery",
            "Palmaris longus",
        ),
        fresh(
            "Which of these structures does not pass through the carpal tunnel with the tendons?",
            "Ulnar nerve",
            "Median nerve",
            "Flexor pollicis longus tendon",
            "Flexor digitorum tendons",
        ),
        # one question with other options
        fresh(
            "Which of these is a fat-soluble vitamin?", "Vitamin D", "Thiamine", "Biotin", "Niacin"
        ),
        fresh(
            "Which of these is a fat-soluble vitamin?",
            "Vitamin K",
            "Vitamin C",
            "Folate",
            "Riboflavin",
        ),
        # repaired
        fresh(
            "A man of 60\r\nhas painless jaundice and a palpable gallbladder.\r\nThe likely site of the tumour is",
            "Head of pancreas",
            "Tail of pancreas",
            "Spleen",
            "Left kidney",
        ),
        fresh("The functional unit\rof the kidney is the", "Nephron", "Neuron", "Acinus", "Lobule"),
        fresh(
            "The volume of air in one quiet breath is the",
            "Tidal volume",
            "Residual volume",
            "Vital capacity",
            "Dead space",
            id=name_of("shared"),
        ),
        fresh(
            "The air left after a full breath out is the",
            "Residual volume",
            "Tidal volume",
            "Vital capacity",
            "Dead space",
            id=name_of("shared"),
        ),
        fresh(
            "The pacemaker of the hea is the",
            "Sinoatrial node",
            "Bundle of His",
            "Purkinje fibre",
            "Atrioventricular node",
            id=None,
        ),
        fresh(
            "Surfactant is made by",
            "Type II pneumocytes",
            "Type I pneumocytes",
            "Goblet cells",
            "Macrophages",
            id="",
        ),
        # dropped
        {
            **train[7],
            "id": name_of("u", 7),
            "question": "Which of these was not covered in the lecture?",
            "cop": -1,
        },
        {
            **train[8],
            "id": name_of("u", 8),
            "question": "Choose the statement that the examiner had in mind.",
            "cop": -1,
        },
        {
            **train[9],
            "id": name_of("u", 9),
            "question": "The answer to this question was lost. Which was it?",
            "cop": -1,
        },
        fresh("The largest gland of the body is the", "Liver", "Pancreas", "Spleen", "  "),
        fresh("The smallest bone of the body is the", "Stapes", "", "Malleus", "Incus")
        | {"opd": None},
        fresh("Bile is stored in the", "Gallbladder", "Gallbladder.", "Duodenum", "Jejunum"),
        fresh("Light first meets the", "Cornea", "Lens", "Retina", " cornea"),
        fresh(
            "The nerve marked with an arrow supplies the",
            "Deltoid",
            "Trapezius",
            "Masseter",
            "Diaphragm",
        ),
        fresh(
            "A boy fell on his hand. The X-ray is shown below. Which bone is broken?",
            "Scaphoid",
            "Lunate",
            "Hamate",
            "Pisiform",
        ),
        fresh("", "Yes", "No", "Perhaps", "Never"),
        fresh(None, "Always", "Sometimes", "Rarely", "Once"),
        fresh(f"{filler}What is the first step?", "Listen", "Operate", "Discharge", "Refer"),
        fresh(f"{filler}What is the last step?", "Write it down", "Leave", "Operate", "Wait"),
        # questions of the benchmark
        _reordered(validation[2], id=name_of("bench", 2)),
        {
            **validation[10],
            "id": name_of("bench", 10),
            "question": validation[10]["question"].lower(),
        },
        {
            **validation[14],
            "id": name_of("bench", 14),
            "question": f"At the round, {validation[14]['question']}",
        },
    ]
    return train + planted, validation, test
