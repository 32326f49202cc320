"""A questionnaire where every kind of condition decides a question, with codes that trip up."""

from survey.questionnaire import Questionnaire, load_questionnaire

COMMON = "theme: t, help: Aide, comparable: {status: own}"
HEAD = (
    """
code: pieges
title: Pièges
population: entreprises
introduction: "Bonjour. \nVoici l'introduction."
themes: {t: Thème, u: Suite & fin}
bases:
  - {code: grandes, label: entreprises grandes, condition: 'taille in ("10-49", grande)'}
  - {code: outillees, label: entreprises outillées, condition: any(outils) = oui}
questions:
  - {code: taille, type: single, dont_know: true, text: Taille, short: Taille,
     options: [{code: "0", label: Aucun}, {code: "01", label: Un}, {code: "1e1", label: Dix},
               {code: "false", label: Faux}, {code: 10-49, label: Moyenne},
               {code: autre, label: 'Une « autre » <taille> \\ "dite"', other: true},
               {code: grande, label: Grande}], COMMON}
  - {code: effectif, type: number, dont_know: true, integer: true, minimum: 0, maximum: 500,
     unit: personnes, text: Effectif, short: Effectif, COMMON}
  - {code: part, type: number, dont_know: true, minimum: -5, maximum: 100.5, text: Part,
     short: Part, COMMON}
  - {code: budget, type: number, minimum: 0, text: Budget, short: Budget, COMMON}
  - {code: poste, type: single, text: Poste, short: Poste,
     options: [{code: dir, label: Direction}, {code: chef, label: Chef, only_if: grandes},
               {code: autre, label: Autre, other: true, only_if: 'taille != "0"'}], COMMON}
  - {code: services, type: multiple, dont_know: true, base: 'taille != "0"', text: Quels services,
     short: Services,
     options: [{code: autre, label: Autre, other: true, only_if: grandes},
               {code: time, label: Temps}, {code: usine, label: Usine, only_if: effectif >= 10},
               {code: traduction, label: Traduction},
               {code: aucun, label: Aucun, exclusive: true}], COMMON}
  - {code: outils, type: grid, dont_know: true, text: Outils, short: Outils,
     options: [{code: oui, label: Oui}, {code: non, label: Non},
               {code: bientot, label: Bientôt, only_if: grandes}],
     rows: [{code: texte1, label: Texte, help: Écrit}, {code: image, label: Image},
            {code: robot, label: Robot, only_if: 'taille != "0"'}], COMMON}
  - {code: recours, type: grid, base: outillees, text: Recours, short: Recours,
     options: [{code: "0", label: Jamais}, {code: "1", label: Parfois},
               {code: "2", label: Souvent}],
     rows: [{code: r1, label: Un, only_if: effectif > 5},
            {code: r2, label: Deux, only_if: grandes}], COMMON}
  - {code: remarque, type: text, text: Remarque, short: Remarque, COMMON}
"""
).replace("COMMON", COMMON)

CONDITIONS = [
    'taille = "0"',
    'taille = "01"',
    'taille = "1e1"',
    "taille = false",
    'taille != "0"',
    "taille = autre",
    "taille in (NSP, grande)",
    "not (taille in (grande, autre))",
    "answered(taille)",
    "not answered(taille)",
    "effectif < 10",
    "effectif <= 0",
    "effectif = 0",
    "effectif != 0",
    "effectif in (9, 10, 90)",
    "effectif > 9",
    "answered(effectif)",
    "part < 0",
    "part >= -1",
    "part = 12.5",
    "part > 9.75",
    "not part > 9.75",
    "budget < 10",
    "budget = 0",
    "budget >= 100.5",
    "answered(budget)",
    "poste = chef",
    "poste = autre",
    "not poste = chef",
    "services has autre",
    "services has time",
    "services has usine",
    "not services has traduction",
    "services has aucun",
    "answered(services)",
    "outils.robot = oui",
    "outils.robot != oui",
    "outils.image in (non, NSP)",
    "any(outils) = oui",
    "any(outils) in (bientot, NSP)",
    "all(outils) = non",
    "not all(outils) = non",
    "all(outils) in (non, NSP)",
    "count(outils = oui) >= 2",
    "count(outils = oui) = 0",
    "count(outils = oui) != 1",
    "count(outils in (oui, bientot)) < 2",
    "count(outils in (oui, bientot)) >= 3",
    "answered(outils)",
    "answered(outils.robot)",
    'any(recours) = "0"',
    'all(recours) = "0"',
    'all(recours) in ("1", "2")',
    'count(recours = "0") = 0',
    'count(recours = "0") <= 1',
    'count(recours in ("1", "2")) > 1',
    "answered(recours)",
    'recours.r1 = "0"',
    "answered(remarque)",
    "grandes",
    "not grandes and outillees",
    "grandes or (outillees and not effectif >= 10)",
    "not (grandes or not answered(remarque))",
]
YAML = HEAD + "".join(
    f"  - {{code: c{number}, type: text, text: C, short: C{number}, theme: u, help: Aide, "
    f"comparable: {{status: own}}, base: {condition!r}}}\n"
    for number, condition in enumerate(CONDITIONS)
)


def tricky_questionnaire(folder) -> Questionnaire:
    """The questionnaire above; question `c<n>` is asked under the condition number n."""
    path = folder / "pieges.yml"
    path.write_text(YAML, encoding="utf-8")
    return load_questionnaire(path)
