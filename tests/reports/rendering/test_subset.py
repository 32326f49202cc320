from pathlib import Path

import pytest

from reports.rendering.subset import check_subset
from survey.errors import SurveyError

GOOD = """---
title: Une page
edition: 2026
execute:
  echo: false
inputs: ["_build/2026/*.parquet"]
---

Voir la @fig-taille et `{python} part`.

::: {#fig-taille}
```{python}
#| label: taille
#| output: asis
print("texte")
```

Légende
:::

::: {.callout-note title="À savoir"}
Texte.
:::

```python
x = 1  # ::: {.inconnu}
```
"""


def faults(folder: Path, text: str) -> list[str]:
    (folder / "_quarto.yml").write_text("project: {type: website}\n", encoding="utf-8")
    page = folder / "page.qmd"
    page.write_text(text, encoding="utf-8")
    return [str(fault).replace("\u202f", " ") for fault in check_subset(page)]


def test_a_page_within_the_subset_has_no_fault(tmp_path):
    assert faults(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("{{< video film.mp4 >}}", "video"),
        ("::: {.column-margin}", "column-margin"),
        ('::: {.callout-note collapse="true"}', "collapse"),
        ("::: {#lst-code}", "lst-code"),
        ("::: inconnu", "inconnu"),
        ("Voir @sec-methode.", "@sec-methode"),
        ("Une valeur `r x`.", "autre moteur"),
        ("Une valeur `{ojs} x`.", "autre moteur"),
        (": Titre {#tbl-jeu}", "tableau numéroté"),
    ],
)
def test_what_leaves_the_subset_is_named_with_its_line(tmp_path, line, named):
    (fault,) = faults(tmp_path, f"---\ntitle: x\n---\n\nTexte.\n\n{line}\n")
    assert fault.startswith("page.qmd, ligne 7 : ")
    assert named in fault
    assert "Permis : " in fault


@pytest.mark.parametrize("language", ["r", "ojs", "mermaid", "python echo=false"])
def test_cells_of_other_engines_are_refused(tmp_path, language):
    (fault,) = faults(tmp_path, f"```{{{language}}}\n1\n```\n")
    assert f"{{{language}}}" in fault


@pytest.mark.parametrize(
    ("option", "named"),
    [
        ("fig-cap: Titre", "fig-cap"),
        ("output: raw", "output: raw"),
        ("warning: true", "warning: true"),
        ("label: fig-taille", "fig-taille"),
    ],
)
def test_cell_options_outside_the_subset_are_refused(tmp_path, option, named):
    (fault,) = faults(tmp_path, f"```{{python}}\n#| echo: false\n#| {option}\n1\n```\n")
    assert fault.startswith("page.qmd, ligne 3 : ")
    assert named in fault


@pytest.mark.parametrize("key", ["format: html", "engine: knitr", "execute: {cache: true}"])
def test_front_matter_outside_the_subset_is_refused(tmp_path, key):
    (fault,) = faults(tmp_path, f"---\ntitle: x\n{key}\n---\n")
    assert fault.startswith("page.qmd, ligne 3 : ")


def test_a_fault_of_an_included_file_names_that_file(tmp_path):
    (tmp_path / "_note.md").write_text("Bien.\n\n::: {.inconnu}\n:::\n", encoding="utf-8")
    (fault,) = faults(tmp_path, "{{< include _note.md >}}\n")
    assert fault.startswith("_note.md, ligne 3 : ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{< include absent.md >}}\n", "ligne 1\u202f: fichier à inclure introuvable"),
        ("{{< include page.qmd >}}\n", "s’inclut lui-même"),
        ("Texte\n\n```\nx\n", "ligne 3\u202f: ce bloc de code"),
        ("---\ntitle: x\n", "l’en-tête «\u202f---\u202f» n’est pas fermé"),
        ("---\ntitle: [x\n---\n", "n’est pas du YAML valide"),
    ],
)
def test_a_page_that_cannot_be_read_says_why(tmp_path, text, message):
    with pytest.raises(SurveyError, match=message):
        faults(tmp_path, text)
