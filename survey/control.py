"""The control page of an import: what came in, what did not, what to look at before weighting.

One page of HTML that stands alone (no script, no address). Nothing here is weighted: the page
judges a file, it measures nothing about the region. It shows neither token, nor contact data, nor
free text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import polars as pl

from survey.formats import answers as reading
from survey.formats import intake as rejection
from survey.formats.intake import Import, ImportReport
from survey.french import counted, decimal, integer, percent, typography
from survey.questionnaire import Questionnaire
from survey.response_quality import (
    Speed,
    distribution,
    erased_values,
    item_nonresponse,
    speed,
    straight_lining,
)

FLAGGED_NONRESPONSE, FLAGGED_FROM = 0.10, 20  # share, and people asked: under that it says little
PROFILE = ("departement", "taille", "secteur")
SHOWN_REJECTS = 50

ADVICE = {
    rejection.EMPTY_ROW: "Rien à faire.",
    rejection.WRONG_WIDTH: "La ligne est coupée ou décalée : refaire l’export sans passer par "
    "un tableur.",
    rejection.DAMAGED_ROW: "Le fichier est coupé ou abîmé : refaire l’export, d’autres réponses "
    "manquent peut-être à sa suite.",
    rejection.NO_ID: "Refaire l’export avec la colonne des identifiants.",
    rejection.UNREADABLE_DATE: "Refaire l’export sans passer par un tableur, qui réécrit les "
    "dates.",
    rejection.UNFINISHED: "Relancer ces personnes tant que la collecte est ouverte.",
    rejection.FORMULA: "Remplacer la formule par sa valeur (copier, coller les valeurs).",
    rejection.MERGED: "Défusionner les cellules et remplir chacune.",
    rejection.INCONSISTENT: "Le fichier a été retouché : repartir de celui que l’outil a écrit.",
    rejection.REVIEWED: "Rien à faire, si ce refus était voulu.",
    rejection.DUPLICATE_TOKEN: "Rien à faire : la réponse terminée la plus récente est gardée.",
    rejection.DUPLICATE_ID: "Le fichier contient deux fois la même réponse : vérifier qu’il n’a "
    "pas été assemblé à la main.",
    reading.UNKNOWN_CODE: "Le questionnaire en ligne ne correspond pas à celui de l’édition : "
    "comparer les codes, puis réimporter.",
    reading.DATED_CODE: "Refaire l’export et l’importer sans l’ouvrir dans un tableur, ou y ouvrir "
    "la colonne comme du texte.",
    reading.UNREADABLE_NUMBER: "Régler la question sur « réponse numérique » dans l’outil de "
    "collecte.",
    reading.OUT_OF_BOUNDS: "Régler les bornes de la question dans l’outil de collecte ; corriger à "
    "la source si la personne confirme.",
    reading.REQUIRED_BLANK: "Rendre la question obligatoire dans l’outil de collecte.",
    reading.NOT_ASKED: "Vérifier le filtre de la question dans l’outil de collecte.",
    reading.WITHHELD: "Vérifier la condition de la modalité dans l’outil de collecte.",
    reading.CONTRADICTION: "Rendre la modalité exclusive dans l’outil de collecte. La question "
    "compte comme non-réponse, ou fait écarter la ligne si elle est obligatoire.",
    reading.TWO_WRITINGS: "Le fichier a été retouché : refaire l’export, sans tableur.",
    reading.STRAY_TEXT: "Rien à faire : la réponse choisie est gardée, sans la précision.",
}

STYLE = """
:root{color-scheme:light}
body{font:1rem/1.5 "Source Sans 3",system-ui,sans-serif;color:#1c2b33;background:#fff;
max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.7rem;line-height:1.2}h2{font-size:1.25rem;margin-top:2.5rem}
.simulated{border:2px solid #b8480f;color:#8f380c;font-weight:700;padding:.4rem .8rem;
display:inline-block}
.lead{font-size:1.15rem}
.scroll{overflow-x:auto}.scroll:focus-visible{outline:3px solid #0b5a7a}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%}
caption{text-align:left;font-weight:700;padding:.4rem 0}
th,td{border-bottom:1px solid #d9e0e3;padding:.3rem .8rem .3rem 0;text-align:left;
vertical-align:top}
th{font-weight:400}thead th{font-weight:700}
td.n{text-align:right;white-space:nowrap}thead th.n{text-align:right}
.todo{color:#4e5d65}
@media print{body{max-width:none}section{break-inside:avoid}}
"""


def control_page(
    imported: Import, questionnaire: Questionnaire, *, title: str, simulated: bool
) -> str:
    """A French HTML page for the study officer: counts, rejects, non-response, speed, grids.

    `simulated` prints « Données simulées » under the title. Shares are unweighted.
    """
    responses, rejects, report = imported.responses, imported.rejects, imported.report
    sections = [
        counts_section(report),
        remarks_section(report),
        causes_section(report),
        erased_section(rejects),
        nonresponse_section(item_nonresponse(responses, questionnaire)),
        speed_section(speed(responses)),
        grids_section(straight_lining(responses, questionnaire)),
        *profile_sections(responses, questionnaire),
        columns_section(report),
        rejects_section(rejects),
    ]
    label = '<p class="simulated">Données simulées</p>' if simulated else ""
    lead = (
        f"{counted(report.accepted, 'réponse acceptée')} sur "
        f"{counted(report.rows_read, 'ligne lue')} dans {report.file} ; "
        f"{counted(report.rejected, 'ligne écartée')}, motif à l’appui."
    )
    return (
        '<!doctype html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f'<h1>{text(title)}</h1>\n{label}\n<p class="lead">{text(lead)}</p>\n'
        + "\n".join(section for section in sections if section)
        + "\n</main>\n</body>\n</html>\n"
    )


def counts_section(report: ImportReport) -> str:
    """Rows read, taken in, set aside."""
    separators = {";": "point-virgule", ",": "virgule", "\t": "tabulation"}
    rows = [
        ("Lignes lues", integer(report.rows_read)),
        ("Réponses acceptées", integer(report.accepted)),
        ("Lignes écartées", integer(report.rejected)),
        ("Réponses non terminées dans le fichier", integer(report.unfinished)),
        ("Doublons écartés", integer(report.duplicates)),
        ("Format", report.tool),
    ]
    if report.encoding:
        rows += [
            ("Codage des caractères", report.encoding.removesuffix("-sig").upper()),
            ("Séparateur", separators[report.separator]),
        ]
    if report.other_rows:
        rows.append(("Lignes d’autres tables, non reprises", integer(report.other_rows)))
    return section(
        "Le fichier",
        table("Ce que l’import a lu", ("", "Valeur"), rows, numbers={1}),
        "Les lignes lues sont égales aux réponses acceptées plus les lignes écartées. Comparer le "
        "nombre de réponses acceptées à celui que l’outil de collecte affiche.",
    )


def remarks_section(report: ImportReport) -> str:
    """What whoever imports must know about the file."""
    if not report.remarks:
        return ""
    items = "".join(f"<li>{text(remark)}</li>" for remark in report.remarks)
    return section("À savoir sur ce fichier", f"<ul>{items}</ul>", "")


def causes_section(report: ImportReport) -> str:
    """Rows set aside, by first reason, with what to do about each."""
    if not report.causes:
        return section("Lignes écartées", "", "Aucune ligne écartée.")
    rows = [
        (cause, integer(n), percent(n / report.rows_read, 1), ADVICE[cause])
        for cause, n in report.causes.items()
    ]
    headers = ("Motif", "Lignes", "Part des lignes lues", "Que faire")
    return section(
        "Lignes écartées",
        table("Lignes écartées, par premier motif", headers, rows, numbers={1, 2}),
        "Une fois la cause corrigée à la source, refaire l’export et l’import.",
    )


def erased_section(rejects: pl.DataFrame) -> str:
    """Values out of routing."""
    erased = erased_values(rejects)
    if erased.is_empty():
        return section("Valeurs effacées", "", "Aucune : les réponses suivent les filtres.")
    rows = [
        (column, cause, integer(n), ADVICE.get(cause, ""))
        for column, cause, n in erased.iter_rows()
    ]
    headers = ("Colonne", "Motif", "Valeurs", "Que faire")
    return section(
        "Valeurs effacées",
        table("Valeurs effacées, réponse gardée", headers, rows, numbers={2}),
        "Quelques cas sont normaux (retour en arrière dans le questionnaire). Une colonne où ils "
        "sont nombreux signale un filtre mal recopié dans l’outil de collecte.",
    )


def nonresponse_section(items: pl.DataFrame) -> str:
    """Item non-response, flagged items first, the others folded."""
    headers = ("Question", "Colonne", "Interrogés", "Sans réponse", "Ne sait pas")
    over = pl.max_horizontal("nonresponse_share", "dont_know_share") > FLAGGED_NONRESPONSE
    over &= pl.col("n_asked") >= FLAGGED_FROM
    flagged, others = items.filter(over), items.filter(~over)
    limit = percent(FLAGGED_NONRESPONSE)
    shown = ""
    if flagged.height:
        caption = f"À regarder : au-dessus de {limit}, au moins {FLAGGED_FROM} interrogés"
        shown = table(caption, headers, nonresponse_rows(flagged), numbers={2, 3, 4})
    if others.height:
        folded = table("Autres questions", headers, nonresponse_rows(others), numbers={2, 3, 4})
        shown += (
            f"<details><summary>{text('Voir les autres questions')}</summary>{folded}</details>"
        )
    return section(
        "Non-réponse par question",
        shown,
        f"Au-dessus de {limit} sans réponse ou « ne sait pas », relire la formulation et la place "
        "de la question, et signaler le taux sous les résultats publiés. Parts parmi les personnes "
        "interrogées, réponses terminées, sans pondération.",
    )


def nonresponse_rows(items: pl.DataFrame) -> list[tuple[str, ...]]:
    """Cells of a table of item non-response."""
    return [
        (label, column, integer(asked), percent(blank, 1), percent(dont_know, 1))
        for column, label, asked, blank, dont_know in items.iter_rows()
    ]


def speed_section(measured: Speed) -> str:
    """Median duration and speeders."""
    if measured.median is None:
        return section(
            "Durée",
            "",
            "Le fichier ne contient pas de durée. Activer « Enregistrer les temps de réponse » "
            "dans l’outil de collecte, avant de commencer.",
        )
    fast = measured.speeders
    rows = [
        ("Réponses chronométrées", integer(measured.timed)),
        ("Durée médiane", f"{decimal(measured.median / 60)} minutes"),
        ("Moins du tiers de la médiane", integer(len(fast))),
        ("Part des réponses très rapides", percent(len(fast) / measured.timed, 1)),
    ]
    ids = f" Identifiants : {', '.join(fast[:20])}{' …' if len(fast) > 20 else ''}." if fast else ""
    return section(
        "Durée",
        table("Temps passé à répondre", ("", "Valeur"), rows, numbers={1}),
        "Relire les réponses très rapides ; les garder, sauf si elles sont aussi incohérentes."
        + ids,
    )


def grids_section(grids: pl.DataFrame) -> str:
    """Straight-lining."""
    if grids.is_empty():
        return ""
    rows = [(label, integer(n), percent(share, 1)) for label, n, share in grids.iter_rows()]
    headers = ("Tableau de questions", "Tout rempli", "Même réponse partout")
    return section(
        "Réponses en ligne droite",
        table("Même réponse à toutes les lignes d’un tableau", headers, rows, numbers={1, 2}),
        "Une part élevée est normale pour une liste d’usages (« non » partout). Pour des avis, "
        "elle signale un tableau trop long : le couper ou varier l’ordre des lignes.",
    )


def profile_sections(responses: pl.DataFrame, questionnaire: Questionnaire) -> list[str]:
    """Distribution of the answers by département, size and sector, where they are asked."""
    asked = [q for q in questionnaire.questions if q.code in PROFILE and q.type == "single"]
    tables = [
        table(
            f"Réponses par : {question.short}",
            (question.short, "Réponses", "Part"),
            [
                (label, integer(n), percent(share, 1))
                for label, n, share in distribution(responses, question).iter_rows()
            ],
            numbers={1, 2},
        )
        for question in asked
    ]
    if not tables:
        return []
    advice = (
        "Comparer avec l’échantillon tiré : une modalité vide ou très en retrait appelle une "
        "relance. Parts sans pondération : elles ne décrivent pas la région."
    )
    return [section("Qui a répondu", "".join(tables), advice)]


def columns_section(report: ImportReport) -> str:
    """Columns that were not used."""
    unknown, contact = report.unknown_columns, report.contact_columns
    ignored = f"Colonnes inconnues, ignorées : {', '.join(unknown)}. " if unknown else ""
    dropped = (
        f"Données de contact présentes dans le fichier, non reprises : {', '.join(contact)}. "
        "Les décocher au prochain export. "
        if contact
        else ""
    )
    if not (unknown or contact):
        return ""
    advice = "Vérifier qu’aucune colonne inconnue n’est une question renommée." if unknown else ""
    return section("Colonnes non reprises", f"<p>{text(ignored + dropped)}</p>", advice)


def rejects_section(rejects: pl.DataFrame) -> str:
    """First rejects, with their line in the file."""
    if rejects.is_empty():
        return ""
    rows = [
        tuple("" if value is None else str(value) for value in row)
        for row in rejects.head(SHOWN_REJECTS).iter_rows()
    ]
    headers = ("Ligne", "Identifiant", "Motif", "Colonne", "Valeur", "Décision")
    return section(
        "Premiers rejets",
        table(f"{integer(len(rows))} premiers rejets sur {integer(rejects.height)}", headers, rows),
        "La ligne est celle du fichier d’export. La liste entière est dans rejets.csv.",
    )


def section(heading: str, content: str, advice: str) -> str:
    """A titled part of the page, ending on what to do."""
    todo = f'<p class="todo">{text(advice)}</p>' if advice else ""
    return f"<section>\n<h2>{text(heading)}</h2>\n{content}\n{todo}\n</section>"


def table(
    caption: str,
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: set[int] = frozenset(),
) -> str:
    """An accessible table: caption, column and row headers; `numbers` are right-aligned columns."""

    def marks(position: int) -> str:
        return ' class="n"' if position in numbers else ""

    head = "".join(
        f'<th scope="col"{marks(at)}>{text(label)}</th>' if label else f"<td{marks(at)}></td>"
        for at, label in enumerate(headers)
    )
    body = "\n".join(
        f'<tr><th scope="row">{text(first)}</th>'
        + "".join(f"<td{marks(at)}>{text(value)}</td>" for at, value in enumerate(rest, 1))
        + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{text(caption)}">\n'
        f"<table>\n<caption>{text(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def text(value: str) -> str:
    """French typography, escaped for HTML."""
    return escape(typography(value))
