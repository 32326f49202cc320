"""A small questionnaire, two valid answers, and how a test writes and reads an export."""

import csv
import io
from pathlib import Path

from survey.formats.limesurvey.reading import read_export
from survey.questionnaire import load_questionnaire
from survey.schema import check_responses

REAL_EXPORTS = Path(__file__).parents[4] / "shared" / "reference" / "exports"

HEAD = """
code: essai
title: Essai
population: entreprises
introduction: Bonjour.
themes: {t: Thème}
bases:
  - {code: utilisatrices, label: entreprises utilisatrices, condition: any(techno) = oui}
questions:
"""
YAML = (
    HEAD
    + """
  - {code: taille, type: single, required: true, text: Taille, short: Taille,
     options: [{code: "0", label: Aucun}, {code: 10-49, label: Dix}, {code: grande, label: Grande}],
     theme: t, help: Aide, comparable: {status: own}}
  - {code: techno, type: grid, base: taille != "0", dont_know: true, text: Outils, short: Outils,
     options: [{code: oui, label: Oui}, {code: non, label: Non}],
     rows: [{code: ttm, label: Texte}, {code: apprendre, label: Apprendre},
            {code: son, label: Son, only_if: taille = grande}, {code: img, label: Image}],
     theme: t, help: Aide, comparable: {status: own}}
  - {code: fonctions, type: multiple, base: utilisatrices, dont_know: true, text: Quoi, short: Quoi,
     options: [{code: vente, label: Vente}, {code: marketing, label: Marketing},
               {code: usine, label: Usine, only_if: taille = grande},
               {code: autre, label: Autre, other: true},
               {code: aucune, label: Aucune, exclusive: true}],
     theme: t, help: Aide, comparable: {status: own}}
  - {code: poste, type: single, text: Poste, short: Poste,
     options: [{code: dir, label: Direction}, {code: chef, label: Chef, only_if: taille = grande},
               {code: autre, label: Autre, other: true}],
     theme: t, help: Aide, comparable: {status: own}}
  - {code: part, type: number, base: fonctions has marketing, dont_know: true, text: Part,
     short: Part, minimum: 0, maximum: 100, theme: t, help: Aide, comparable: {status: own}}
  - {code: effectif, type: number, text: Effectif, short: Effectif, integer: true, minimum: 0,
     theme: t, help: Aide, comparable: {status: own}}
  - {code: remarque, type: text, text: Remarque, short: Remarque, theme: t, help: Aide,
     comparable: {status: own}}
"""
)


def questionnaire_of(folder, text):
    path = folder / "essai.yml"
    path.write_text(text, encoding="utf-8")
    return load_questionnaire(path)


# A valid answer of a firm without employees, as LimeSurvey writes it.
ROW = {
    "id": "1", "submitdate": "2026-03-01 10:00:00", "token": "t1", "taille": "0",
    "techno[ttm]": "", "techno[SQ002]": "", "techno[son]": "", "techno[img]": "",
    "fonctions[vente]": "", "fonctions[SQ002]": "", "fonctions[usine]": "", "fonctions[other]": "",
    "fonctions[SQ005]": "", "fonctions[NSP]": "", "poste": "dir", "poste[other]": "",
    "part": "", "effectif": "3", "remarque": "",
}  # fmt: skip
# The same of a large firm that uses AI for marketing.
LARGE = ROW | {
    "taille": "A03", "techno[ttm]": "oui", "techno[SQ002]": "non", "techno[son]": "non",
    "techno[img]": "NSP", "fonctions[SQ002]": "Y", "part": "50",
}  # fmt: skip


def read(folder, questionnaire, *rows, **options):
    """Import rows given as dicts of cells, all with the headings of the first."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0], delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    path = folder / "export.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    imported = read_export(path, questionnaire, **options)
    check_responses(imported.responses, questionnaire)
    report = imported.report
    assert report.rows_read == report.accepted + report.rejected == len(rows)
    return imported


def only_reject(imported):
    assert imported.rejects.height == 1
    return imported.rejects.row(0, named=True)


def numbered(*rows):
    return [row | {"id": str(i), "token": f"t{i}"} for i, row in enumerate(rows, 1)]
