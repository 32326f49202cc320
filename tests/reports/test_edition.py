import re
from dataclasses import replace

import polars as pl
import pytest

from analysis.disclosure import NUMBERS
from reports import changes, essential, followup, value_chain
from reports.edition import Edition, markdown_table, open_edition, refuse_shared_ranks
from reports.instrument import questionnaire_markdown
from reports.pipeline import questionnaire_of
from survey.errors import SurveyError
from survey.french import NNBSP, percent


@pytest.fixture
def here(estimated, monkeypatch):
    monkeypatch.chdir(estimated)
    open_edition.cache_clear()
    yield estimated
    open_edition.cache_clear()


@pytest.fixture
def edition(here) -> Edition:
    return open_edition(2026)


def only(edition: Edition, indicator: str, **values) -> Edition:
    """The edition with other values in the cell of an indicator for the whole population."""
    place = (pl.col("indicator") == indicator) & (pl.col("domain_type") == "ensemble")
    changed = [
        pl.when(place).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    ]
    return replace(edition, cells=edition.cells.with_columns(changed))


WITHHELD = {**dict.fromkeys(NUMBERS, None), "status": "nd"}


def test_an_edition_gives_its_cells_by_domain_in_the_order_of_the_questionnaire(edition):
    sizes = edition.by("usage_ia", "taille")
    assert sizes["domain"].to_list() == ["0", "1-9", "10-49", "50-249", "250+"]
    assert sizes["label"][1] == "1 à 9 salariés"
    assert edition.family("technologies")["label"].n_unique() == 8
    assert edition.answers("gains").height == 6 * edition.answers("gains")["answer"].n_unique()
    by_size = edition.answers_by("statut", "taille")
    assert by_size["label"].n_unique() == 4  # the enterprises without employees are not asked
    assert edition.cell("usage_ia")["n_respondents"] > 500


def test_changes_are_tested_between_editions(edition):
    changes = edition.changes(open_edition(2025), "usage_ia", "taille")
    assert changes["domain"].to_list() == ["0", "1-9", "10-49", "50-249", "250+"]
    assert set(changes["verdict"].drop_nulls()) <= {"hausse", "baisse", "stable", "non établie"}


def test_an_unknown_indicator_is_said(edition):
    with pytest.raises(SurveyError, match=r"édition 2026 : aucune cellule publiée.*zut"):
        edition.by("zut", "taille")


def test_an_edition_that_is_not_estimated_is_said(copied, monkeypatch):
    monkeypatch.chdir(copied)
    open_edition.cache_clear()
    with pytest.raises(SurveyError, match="édition non estimée"):
        open_edition(2025)
    with pytest.raises(SurveyError, match=r"campaign\.yml : fichier introuvable"):
        open_edition(2031)


def test_a_file_that_skipped_the_gate_is_not_opened(copied, estimated, monkeypatch):
    place = "_build/2025/entreprises/published.parquet"
    cells = pl.read_parquet(estimated / place)
    (copied / place).parent.mkdir(parents=True)
    cells.with_columns(status=pl.lit("nd")).write_parquet(copied / place)
    monkeypatch.chdir(copied)
    open_edition.cache_clear()
    with pytest.raises(SurveyError):
        open_edition(2025)


def test_the_lecture_reads_the_largest_firm_cell(edition):
    frame = edition.by("usage_ia", "taille").with_columns(
        status=pl.Series(["nd", "ok", "ok", "ok", "fragile"])
    )
    caption = edition.caption("x", "Titre", "Part", frame, "{value} des {label}", "Taille")
    value = percent(frame["estimate"][3])
    assert frame["estimate"][4] > frame["estimate"][3]  # larger, but fragile
    assert caption.reading.startswith(f"{value} des 50 à 249 salariés")
    assert caption.simulated and caption.full_source.endswith("données simulées")
    assert caption.field == f"{edition.file.scope.field}, Pays de la Loire"
    fragile = frame.with_columns(status=pl.lit("fragile"))
    none = edition.caption("x", "Titre", "Part", fragile, "{value} des {label}", "Taille")
    assert not re.search(r"\d", none.reading)


def test_a_markdown_table_aligns_numbers_right():
    table = markdown_table(("A", "B"), [("a", "1"), ("b", "2")], numbers=1)
    assert table == "| A | B |\n| --- | ---: |\n| a | 1 |\n| b | 2 |\n"


def test_the_table_of_the_ceser_has_its_question_mark_answered(edition):
    table = value_chain.value_chain_table({"entreprises": edition})
    assert "?" not in table
    assert table.count("Amont") == 3 and table.count("Milieu") == 3
    measured = next(row for row in table.splitlines() if "Utilisateurs\u202f: entrep" in row)
    assert percent(edition.cell("usage_ia")["estimate"]) in measured
    assert "entre" in measured
    assert table.count("pas encore mesuré") == 3


def test_a_figure_published_elsewhere_says_its_source():
    rows = [
        ("France", 48.0, 2025, "Baromètre du numérique, édition 2026 (CRÉDOC)"),
        ("France", 45.0, 2025, "Baromètre Ifop pour Talan « Les Français et l’IA »"),
        ("France", 33.0, 2024, "Insee, enquête TIC"),
    ]
    names = ["territoire", "valeur", "annee_reference", "source"]
    assert value_chain.elsewhere(pl.DataFrame(rows, schema=names, orient="row")) == [
        f"France 48{NNBSP}% en 2025 (Baromètre du numérique)",
        f"France 45{NNBSP}% en 2025 (Baromètre Ifop pour Talan)",
        f"France 33{NNBSP}% en 2024 (Insee)",
    ]


def test_a_withheld_measure_leaves_the_table_without_a_number(edition):
    said = value_chain.measured_use(only(edition, "usage_ia", **WITHHELD))
    assert said and not re.search(r"\d", said)


def test_the_headline_needs_a_firm_cell(edition):
    firm = only(edition, "usage_ia", estimate=0.2, status="ok")
    said = "Une entreprise employeuse sur cinq utilise au moins une technologie d’IA"
    assert essential.headline(firm) == said
    neutral = f"{edition.file.name} et l’intelligence artificielle"
    assert essential.headline(only(edition, "usage_ia", status="fragile")) == neutral
    assert essential.headline(only(edition, "usage_ia", **WITHHELD)) == neutral


def test_a_change_is_said_only_when_it_is_tested(edition):
    def verdict(**before) -> str | None:
        former = only(open_edition(2025), "usage_ia", **before)
        found = changes.whole_changes(former, edition).filter(indicator="usage_ia")
        return found["verdict"][0]

    assert verdict(estimate=0.05, std_error=0.002, conf_low=0.04, conf_high=0.06) == "hausse"
    assert verdict(estimate=0.6, std_error=0.01, conf_low=0.58, conf_high=0.62) == "baisse"
    assert verdict(estimate=edition.cell("usage_ia")["estimate"]) == "non établie"
    assert verdict(**WITHHELD) is None


def test_the_previous_edition_must_be_there_and_as_real(edition):
    assert edition.previous().year == 2025
    assert open_edition(2025).previous() is None
    decisions = edition.campaign.decisions.model_copy(update={"simulee": False})
    real = replace(edition, campaign=replace(edition.campaign, decisions=decisions))
    assert real.previous() is None
    assert "+" in essential.what_changed({"entreprises": edition}).partition("2025")[2]
    assert "première mesure en 2026" in essential.what_changed({"entreprises": real})
    used = followup.Followed("resultat", real, real.definitions["usage_ia"])
    assert followup.trend(used) == followup.FIRST and followup.baseline(used) == "–"


def test_a_rank_of_key_figure_serves_once_over_the_populations(edition):
    refuse_shared_ranks([edition, edition])  # the same file twice
    decisions = edition.campaign.decisions.model_copy(update={"indicateurs": "habitants.yml"})
    other = replace(edition, campaign=replace(edition.campaign, decisions=decisions))
    with pytest.raises(SurveyError, match=r"habitants\.yml.*le rang 1 .*entreprises\.yml"):
        refuse_shared_ranks([edition, other])


def test_the_questionnaire_is_written_out_whole(edition):
    questionnaire = questionnaire_of(edition.campaign)
    text = questionnaire_markdown(questionnaire)
    assert text.count("\n### ") == 38
    assert [int(n) for n in re.findall(r"^### (\d+)\.", text, re.M)] == list(range(1, 39))
    for question in questionnaire.questions:
        assert f"{{#question-{question.code}}}" in text
        assert question.text in text and question.help in text
        for item in (*question.options, *question.rows):
            assert item.label in text
    assert text.count("\n## ") + text.startswith("## ") == len(questionnaire.themes)
    assert "Identique à" in text and "Question de l’observatoire." in text
    assert text.count("Posée depuis 2026") == 2
    assert "exclut les autres réponses" in text and "Ne sait pas" in text
