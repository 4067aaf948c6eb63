"""Facts of first-year medicine from which these scripts make questions, in our own words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """Pairs that map one to one, and wordings that ask for the second, then for the first."""

    subject: str
    topic: str
    questions: tuple[tuple[str, ...], tuple[str, ...]]
    facts: tuple[tuple[str, str], ...]


TABLES = (
    Table(
        "Biochemistry",
        "Nutrition",
        (
            (
                "Lack of {} leads to which of these?",
                "A diet without {} will in time cause",
                "Which condition follows a deficiency of {}?",
            ),
            (
                "A patient has {}. What is missing from the diet?",
                "The deficiency behind {} is that of",
                "Which nutrient is given to treat {}?",
            ),
        ),
        (
            ("vitamin C", "scurvy"),
            ("thiamine", "beriberi"),
            ("niacin", "pellagra"),
            ("vitamin D in childhood", "rickets"),
            ("vitamin A", "night blindness"),
            ("vitamin B12", "subacute combined degeneration of the cord"),
            ("vitamin K", "bleeding with a long prothrombin time"),
            ("iodine", "endemic goitre"),
            ("iron", "microcytic hypochromic anaemia"),
            ("fluoride", "dental caries"),
            ("zinc", "acrodermatitis enteropathica"),
        ),
    ),
    Table(
        "Anatomy",
        "Nerve supply",
        (
            (
                "Which nerve supplies the {}?",
                "Paralysis of the {} points to a lesion of the",
                "The {} receives its motor fibres from the",
            ),
            (
                "Which of these muscles is supplied by the {}?",
                "After section of the {} a patient cannot use the",
                "The {} carries motor fibres to the",
            ),
        ),
        (
            ("deltoid", "axillary nerve"),
            ("serratus anterior", "long thoracic nerve"),
            ("biceps brachii", "musculocutaneous nerve"),
            ("triceps brachii", "radial nerve"),
            ("diaphragm", "phrenic nerve"),
            ("trapezius", "spinal accessory nerve"),
            ("latissimus dorsi", "thoracodorsal nerve"),
            ("gluteus maximus", "inferior gluteal nerve"),
            ("gluteus medius", "superior gluteal nerve"),
            ("adductor longus", "obturator nerve"),
            ("quadriceps femoris", "femoral nerve"),
            ("tibialis anterior", "deep fibular nerve"),
            ("lateral rectus", "abducens nerve"),
            ("superior oblique", "trochlear nerve"),
            ("masseter", "mandibular nerve"),
            ("buccinator", "facial nerve"),
        ),
    ),
    Table(
        "Forensic Medicine",
        "Toxicology",
        (
            (
                "What is given against poisoning with {}?",
                "A patient took too much {}. The specific treatment is",
                "The antidote to {} is",
            ),
            (
                "{} is the specific treatment of poisoning with",
                "For which of these is {} the antidote?",
                "An ambulance carries {}. It is meant for patients poisoned with",
            ),
        ),
        (
            ("paracetamol", "N-acetylcysteine"),
            ("parathion", "atropine with pralidoxime"),
            ("morphine", "naloxone"),
            ("diazepam", "flumazenil"),
            ("heparin", "protamine sulfate"),
            ("warfarin", "vitamin K"),
            ("methanol", "fomepizole"),
            ("iron tablets", "deferoxamine"),
            ("cyanide", "hydroxocobalamin"),
            ("digoxin", "antibody fragments against the drug"),
            ("methotrexate", "folinic acid"),
            ("isoniazid", "pyridoxine"),
            ("lead", "succimer"),
            ("carbon monoxide", "high-flow oxygen"),
        ),
    ),
    Table(
        "Microbiology",
        "Infectious agents",
        (
            (
                "{} is the cause of",
                "Infection with {} shows itself as",
                "Which disease is due to {}?",
            ),
            (
                "The organism behind {} is",
                "Which of these causes {}?",
                "A culture from a patient with {} would grow, or a smear show,",
            ),
        ),
        (
            ("Treponema pallidum", "syphilis"),
            ("Borrelia burgdorferi", "Lyme disease"),
            ("Yersinia pestis", "plague"),
            ("Clostridium tetani", "tetanus"),
            ("Corynebacterium diphtheriae", "diphtheria"),
            ("Bordetella pertussis", "whooping cough"),
            ("Mycobacterium leprae", "leprosy"),
            ("Vibrio cholerae", "rice-water stools"),
            ("Bacillus anthracis", "a black eschar in a wool sorter"),
            ("Salmonella Typhi", "enteric fever with rose spots"),
            ("Leishmania donovani", "kala-azar"),
            ("Wuchereria bancrofti", "lymphatic filariasis"),
            ("Trypanosoma cruzi", "Chagas disease"),
            ("Coxiella burnetii", "Q fever"),
        ),
    ),
    Table(
        "Physiology",
        "Endocrinology",
        (
            (
                "Where is {} made?",
                "The source of {} in the body is the",
                "{} is secreted by",
            ),
            (
                "Which hormone comes from the {}?",
                "Destruction of the {} would abolish the secretion of",
                "The main product of the {} is",
            ),
        ),
        (
            ("insulin", "beta cells of the pancreatic islets"),
            ("glucagon", "alpha cells of the pancreatic islets"),
            ("cortisol", "zona fasciculata"),
            ("aldosterone", "zona glomerulosa"),
            ("adrenaline", "adrenal medulla"),
            ("thyroxine", "follicular cells of the thyroid"),
            ("calcitonin", "parafollicular cells of the thyroid"),
            ("parathyroid hormone", "chief cells of the parathyroid"),
            ("prolactin", "lactotrophs"),
            ("growth hormone", "somatotrophs"),
            ("melatonin", "pineal gland"),
            ("erythropoietin", "peritubular cells of the kidney"),
            ("testosterone", "Leydig cells"),
        ),
    ),
    Table(
        "Pharmacology",
        "Drug classes",
        (
            (
                "{} belongs to which group of drugs?",
                "How does {} act? It is a",
                "On the drug chart stands {}, which is a",
            ),
            (
                "Which of these is a {}?",
                "A doctor who wants a {} may prescribe",
                "An example of a {} is",
            ),
        ),
        (
            ("atenolol", "beta-1 blocker"),
            ("amlodipine", "calcium channel blocker"),
            ("lisinopril", "converting enzyme inhibitor"),
            ("losartan", "blocker of angiotensin receptors"),
            ("furosemide", "loop diuretic"),
            ("omeprazole", "proton pump inhibitor"),
            ("famotidine", "blocker of H2 receptors"),
            ("simvastatin", "HMG-CoA reductase inhibitor"),
            ("metformin", "biguanide"),
            ("glibenclamide", "sulfonylurea"),
            ("fluoxetine", "serotonin reuptake inhibitor"),
            ("haloperidol", "blocker of D2 receptors"),
            ("ondansetron", "blocker of 5-HT3 receptors"),
            ("salbutamol", "beta-2 agonist"),
            ("ipratropium", "muscarinic antagonist"),
            ("allopurinol", "xanthine oxidase inhibitor"),
        ),
    ),
    Table(
        "Biochemistry",
        "Inborn errors",
        (
            (
                "Lack of the enzyme {} causes",
                "A newborn without {} suffers from",
                "Which inborn error is due to a missing {}?",
            ),
            (
                "Which enzyme is lacking in {}?",
                "The defect in {} concerns",
                "To confirm {}, one measures the activity of",
            ),
        ),
        (
            ("phenylalanine hydroxylase", "phenylketonuria"),
            ("glucose-6-phosphatase", "von Gierke disease"),
            ("hexosaminidase A", "Tay-Sachs disease"),
            ("glucocerebrosidase", "Gaucher disease"),
            ("sphingomyelinase", "Niemann-Pick disease type A"),
            ("alpha-galactosidase A", "Fabry disease"),
            ("homogentisate oxidase", "alkaptonuria"),
            ("hypoxanthine-guanine phosphoribosyltransferase", "Lesch-Nyhan syndrome"),
            ("galactose-1-phosphate uridyltransferase", "classic galactosaemia"),
            ("tyrosinase", "oculocutaneous albinism"),
            ("lysosomal acid maltase", "Pompe disease"),
            ("muscle phosphorylase", "McArdle disease"),
        ),
    ),
    Table(
        "Pathology",
        "Stains and markers",
        (
            (
                "{} is used to show",
                "A request for {} is made in search of",
                "Which of these does {} reveal?",
            ),
            (
                "Which method shows {}?",
                "The laboratory is asked about {}. It will use",
                "For {} the method of choice is",
            ),
        ),
        (
            ("Ziehl-Neelsen stain", "acid-fast bacilli"),
            ("India ink", "the capsule of Cryptococcus"),
            ("Congo red", "amyloid"),
            ("Prussian blue", "iron in tissue"),
            ("Oil red O", "neutral fat"),
            ("periodic acid-Schiff stain", "glycogen"),
            ("Masson trichrome", "collagen"),
            ("a Giemsa film", "malaria parasites"),
            ("serum alpha-fetoprotein", "hepatocellular carcinoma"),
            ("serum CA-125", "ovarian carcinoma"),
            ("serum prostate-specific antigen", "prostatic carcinoma"),
            ("serum CA 19-9", "pancreatic carcinoma"),
        ),
    ),
)
