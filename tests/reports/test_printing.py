"""The printed report and summaries: accessible, marked, of the right length, always the same."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader

from analysis.marks import Reference
from reports.figure import Caption
from reports.figures import KeyFigure, dot_figure, key_figures
from reports.printing import edition as printing
from reports.printing.facts import Facts
from reports.printing.report import chapter_typst, report_pdf, to_typst
from reports.printing.setting import printed
from reports.printing.summary import Summary, kept_summary, summary_pdf
from reports.rendering.source import read_source
from reports.settings import report_chapters
from survey.errors import SurveyError
from tests.published import SECTORS

FACTS = Facts(
    title="L’intelligence artificielle en Exemple",
    subtitle="Rapport de l’édition 2026",
    publisher="Conseil d’Exemple",
    source="Observatoire de l’IA, édition 2026, données simulées",
    colophon="Édition 2026, parue le 24 novembre 2026.",
    simulated=True,
)
MARK = "Données simulées"


def figure(name="usage-secteur"):
    caption = Caption(
        id=name,
        title="Le numérique devant",
        subtitle="Part des entreprises utilisant l’IA, 2026",
        reading="57 % des entreprises du numérique utilisent l’IA",
        field="entreprises de la région",
        source="Observatoire, édition 2026",
        rows="Secteur",
        simulated=True,
    )
    return dot_figure(SECTORS, caption, reference=Reference("Région", 0.19, "share"))


PAGE = """---
title: Les entreprises
engine: markdown
---

::: {.chapo}
Une phrase.
:::

::: {.ecran}
À lire sur un écran.
:::

## Qui utilise l’IA {#qui}

{FIGURE}

**Ce qui diffère :** la date. [Voir [la suite](indicateurs/a.qmd) à l’écran.]{.ecran}

Voir [Méthode](methode.qmd), [un indicateur](indicateurs/a.qmd) et [le site](https://exemple.fr/).

[Seul, un lien que le papier ne suit pas](indicateurs/b.qmd)

Ce tableau :

| Taille | Part |
|---|---:|
| Dix salariés ou plus | 31 % |
"""
METHOD = "---\ntitle: Méthode\n---\n\n## Le tirage\n\nAu hasard.\n"


@pytest.fixture
def root(tmp_path):
    """A project of two pages."""
    text = PAGE.replace("{FIGURE}", figure().to_markdown())
    (tmp_path / "entreprises.qmd").write_text(text, encoding="utf-8")
    (tmp_path / "methode.qmd").write_text(METHOD, encoding="utf-8")
    return tmp_path


@pytest.fixture
def chapters(root):
    return [read_source(root, name) for name in ("entreprises.qmd", "methode.qmd")]


def made(chapters, facts=FACTS):
    return report_pdf(chapters, {"usage-secteur": printed(figure())}, facts)


def read(content):
    return PdfReader(io.BytesIO(content))


def structure(node, kind):
    """The elements of a kind in the tree that a screen reader follows."""
    found = []
    if hasattr(node, "get_object"):
        node = node.get_object()
    if isinstance(node, list):
        return [each for child in node for each in structure(child, kind)]
    if isinstance(node, dict):
        if node.get("/S") == kind:
            found.append(node)
        return found + structure(node.get("/K", []), kind)
    return []


def bookmarks(outline):
    for item in outline:
        if isinstance(item, list):
            yield from bookmarks(item)
        else:
            yield item.title


def test_the_report_declares_what_accessibility_asks(chapters):
    pdf = read(made(chapters))
    catalogue = pdf.trailer["/Root"]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in catalogue["/Metadata"].get_object().get_data()
    assert catalogue["/Lang"].startswith("fr")
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/ViewerPreferences"]["/DisplayDocTitle"]
    assert pdf.metadata.title == f"{FACTS.title} (données simulées)"
    assert pdf.metadata.author == FACTS.publisher
    assert list(bookmarks(pdf.outline)) == [
        *("Les entreprises", "Qui utilise l’IA", "Méthode", "Le tirage")
    ]
    drawings = structure(catalogue["/StructTreeRoot"]["/K"], "/Figure")
    assert [each["/Alt"] for each in drawings] == [printed(figure())["alt"]]
    assert structure(catalogue["/StructTreeRoot"]["/K"], "/TH")


def test_every_page_says_that_its_data_are_simulated(chapters):
    assert all(MARK in page.extract_text() for page in read(made(chapters)).pages)
    real = read(made(chapters, replace(FACTS, simulated=False)))
    assert not any(MARK in page.extract_text() for page in real.pages)
    assert real.metadata.title == FACTS.title


def test_two_reports_from_the_same_pages_are_the_same(chapters):
    assert made(chapters) == made(chapters)
    assert made(chapters) != made(chapters, replace(FACTS, colophon="Autre."))


def test_paper_keeps_what_it_can_follow(chapters):
    text = chapter_typst(chapters[0])
    assert '#to-chapter("methode")' in text
    assert "https://exemple.fr/" in text
    of_screens = ("À lire sur un écran", "la suite")
    for gone in ("indicateurs/", "Seul, un lien", "Données (CSV)", *of_screens):
        assert gone not in text
    addresses = [
        note.get_object()["/A"]["/URI"]
        for page in read(made(chapters)).pages
        for note in page.get("/Annots", [])
        if "/URI" in note.get_object().get("/A", {})
    ]
    assert set(addresses) == {"https://exemple.fr/"}


def test_a_remark_and_a_table_stay_with_what_they_explain(chapters):
    text = chapter_typst(chapters[0])
    assert '#chart("usage-secteur", sticky: true)' in text
    assert text.index("#block(sticky: true)[") < text.index("Ce tableau")


def test_a_withheld_cell_prints_its_reason_and_no_number():
    drawn = printed(figure())
    assert "non diffusé" in drawn["svg"]
    assert "nan" not in drawn["svg"].lower().replace("finance", "")
    assert "None" not in drawn["svg"]


def test_key_figures_are_set_as_figures():
    cell = SECTORS.row(1, named=True)
    text = to_typst(key_figures([KeyFigure(cell, "des entreprises utilisent l’IA")]))
    assert "#key-figures(" in text
    assert "57" in text
    assert "entre 49 et 65" in text


def test_a_page_with_cells_is_refused(root):
    cells = "---\ntitle: Calculée\n---\n\n```{python}\n1 + 1\n```\n"
    (root / "calcul.qmd").write_text(cells, encoding="utf-8")
    with pytest.raises(SurveyError, match=r"calcul\.qmd : une page du rapport ne contient pas"):
        chapter_typst(read_source(root, "calcul.qmd"))


def test_a_missing_figure_is_refused(chapters):
    with pytest.raises(SurveyError, match="la figure « usage-secteur » n’est pas parmi"):
        report_pdf(chapters, {}, FACTS)


def test_a_figure_without_its_text_is_refused(chapters):
    mute = printed(figure()) | {"alt": None}
    with pytest.raises(SurveyError, match="n’a pas pu être composé"):
        report_pdf(chapters, {"usage-secteur": mute}, FACTS)


# A summary


def summary(text="# En Exemple, une entreprise sur quatre\n\nUne phrase.", charts=4):
    drawn = [figure(f"indicateurs-{rank}") for rank in range(charts)]
    return Summary(text, lambda most: drawn, "## Ce que l’on ne sait pas\n\nLe reste.", FACTS)


@pytest.mark.parametrize("charts", [0, 1, 3])
def test_a_summary_holds_on_two_pages(charts):
    pdf = read(summary_pdf(summary(charts=charts)))
    assert len(pdf.pages) <= 2
    assert all(MARK in page.extract_text() for page in pdf.pages)
    drawings = structure(pdf.trailer["/Root"]["/StructTreeRoot"]["/K"], "/Figure")
    assert len(drawings) == charts
    last = pdf.pages[-1].extract_text()
    assert "Le reste." in last
    assert "Conseil d’Exemple" in last


def test_charts_shrink_until_a_summary_holds():
    asked = []

    def charts(most):
        asked.append(most)
        return [figure(f"indicateurs-{rank}") for rank in range(40 if most > 3 else 2)]

    pdf = read(summary_pdf(replace(summary(), charts=charts)))
    assert len(pdf.pages) <= 2
    assert asked == [6, 5, 4, 3]


def test_a_summary_that_cannot_hold_is_refused():
    with pytest.raises(SurveyError, match="ne tient pas sur deux pages"):
        summary_pdf(summary("# Long\n\n" + "Une phrase de plus.\n\n" * 400))


def test_a_summary_is_made_again_only_when_it_says_something_else(tmp_path, monkeypatch):
    first = kept_summary(summary(charts=0), "2026/territoires/a", tmp_path)
    calls = []
    monkeypatch.setattr(
        "reports.printing.summary.summary_pdf", lambda said: calls.append(said) or b"%PDF"
    )
    assert kept_summary(summary(charts=0), "2026/territoires/a", tmp_path) == first
    assert calls == []
    assert kept_summary(summary("# Autre", 0), "2026/territoires/a", tmp_path) == b"%PDF"
    assert len(calls) == 1


# What was decided for an edition


@pytest.mark.parametrize("said", ["index", "[1, 2]", "{index: oui}"])
def test_chapters_that_are_no_list_of_names_are_refused(tmp_path, said):
    folder = tmp_path / "reports" / "2026"
    folder.mkdir(parents=True)
    (folder / "_metadata.yml").write_text(f"rapport: {said}\n", encoding="utf-8")
    with pytest.raises(SurveyError, match="« rapport » attend la liste des pages"):
        report_chapters(tmp_path, 2026)


def test_a_chapter_must_be_a_page_but_a_population_may_be_absent(tmp_path):
    folder = tmp_path / "reports" / "2026"
    folder.mkdir(parents=True)
    (folder / "index.qmd").write_text("Rien.\n", encoding="utf-8")
    chosen = ["index", "habitants"]
    assert printing.existing(tmp_path, 2026, chosen, chosen[1:]) == ["reports/2026/index.qmd"]
    with pytest.raises(SurveyError, match="nomme « methodes », mais"):
        printing.existing(tmp_path, 2026, [*chosen, "methodes"], chosen[1:])
