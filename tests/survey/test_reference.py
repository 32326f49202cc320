from pathlib import Path

import polars as pl
import pytest

from survey.errors import MarginError, SurveyError
from survey.reference import (
    MARGINS,
    calibration_margins,
    check_margins,
    load_reference,
    margin_columns,
    read_comparators,
    read_region,
    read_table,
)

REFERENCE = Path(__file__).parents[2] / "data" / "reference"


@pytest.fixture(scope="module")
def reference():
    return load_reference(REFERENCE)


def margins(*rows: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["variable", "modalite", "total"], orient="row")


def test_both_margins_add_up_to_the_official_total(reference):
    totals = reference.margins.group_by("variable").agg(pl.col("total").sum(), pl.len())
    # Insee, Flores 31/12/2018, Pays de la Loire: 113 483; 5 départements x 6 sectors, x 3 sizes.
    assert sorted(totals.rows()) == [
        ("departement_secteur", 113_483, 30),
        ("departement_taille", 113_483, 15),
    ]


def test_other_services_are_services_less_trade(reference):
    # Loire-Atlantique: GU 28 464 less GZ 8 035.
    row = reference.margins.row(by_predicate=pl.col("modalite") == "44 HU", named=True)
    assert row["total"] == 28_464 - 8_035


def test_every_figure_has_a_source_and_a_vintage(reference):
    for table, columns in (
        (reference.margins, ("source", "millesime")),
        (reference.comparators, ("source", "source_url", "source_year", "base", "lecture")),
        (reference.assumptions, ("statut", "justification")),
    ):
        for column in columns:
            assert table[column].null_count() == 0, column


def test_assumptions_say_so_and_add_up_to_one(reference):
    assert reference.assumptions["statut"].str.contains("HYPOTHÈSE").all()
    sums = reference.assumptions.group_by("hypothese", "domaine").agg(pl.col("part").sum())
    assert sums["part"].to_list() == pytest.approx([1.0] * sums.height)


def test_code_lists_lead_to_the_categories_of_the_margins(reference):
    written = set(reference.margins["modalite"].str.split(" ").list.last())
    assert set(reference.sectors["secteur_marge"]) | set(reference.sizes["taille_marge"]) == written
    assert reference.sectors["code"].n_unique() == 12


def test_published_anchors_are_those_of_the_sources(reference):
    known = {row["id"]: row["valeur"] for row in reference.comparators.iter_rows(named=True)}
    assert known["eurostat-ent-001"] == 19.95  # EU 2025, 10 persons or more
    assert known["insee-tic-002"] == 10.0  # France 2024
    assert known["eurostat-ind-001"] == 32.7  # EU 2025, 16-74, generative AI in three months
    assert known["barometre-num-003"] == 48  # France 2025, 12 or older
    assert len(known) == 165


def test_comparators_keep_the_corrections_of_the_readme(reference):
    rows = {row["id"]: row for row in reference.comparators.iter_rows(named=True)}
    assert "insee-tic-030" not in rows  # rounded twin of eurostat-ent-004
    assert "10 salariés et indépendants" in rows["insee-tic-028"]["champ_definition"]
    assert rows["eurostat-ent-004"]["base"] == rows["eurostat-ent-003"]["base"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [("lu", "« lecture » vaut « lu »"), ("", "« lecture » vaut «  »"), ("primaire", "deux fois")],
)
def test_a_comparator_read_nobody_knows_how_or_written_twice_is_refused(tmp_path, wrong, said):
    text = (REFERENCE / "comparators.csv").read_text("utf-8").splitlines()
    row = text[1].replace(",secondaire,", f",{wrong},")
    path = tmp_path / "comparators.csv"
    path.write_text("\n".join([*text[:2], row]), encoding="utf-8")
    if wrong != "primaire":
        path.write_text("\n".join([text[0], row]), encoding="utf-8")
    with pytest.raises(SurveyError, match=said):
        read_comparators(path)


def test_region_is_read_with_its_prose(reference):
    assert reference.region.departement_codes == ("44", "49", "53", "72", "85")
    assert reference.region.departements[1].locative == "dans le Maine-et-Loire"
    assert [each.name for each in reference.region.neighbours][:2] == ["Bretagne", "Normandie"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('code: "44"', "code: 44", "département n° 1 : « code » vaut 44, qui n’est pas un texte"),
        (", locatif: en Vendée", "", "département n° 5 : la clé « locatif » manque"),
        ('code: "49"', 'code: "44"', "le département 44 figure deux fois"),
        ("departements:", "departments:", "la clé « departements » manque"),
        ("  masculin: ligérien\n", "", "adjectif : la clé « masculin » manque"),
        ("adjectif:", "adjective:", "la clé « adjectif » manque"),
        ('{code: "53", nom: Bretagne}', "{nom: Bretagne}", "voisine n° 1 : la clé « code »"),
        ('    millesime: "2018"', "    millesime: 2018", "source n° 2 : « millesime » vaut 2018"),
    ],
)
def test_a_region_that_cannot_be_used_is_refused(tmp_path, before, after, said):
    text = (REFERENCE / "region.yml").read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "region.yml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(SurveyError, match=said):
        read_region(path)


def test_calibration_margins_keep_the_asked_variables(reference):
    asked = calibration_margins(reference.margins, ("departement_taille",))
    assert asked.columns == ["variable", "category", "total"]
    assert asked.schema["total"] == pl.Float64
    assert asked.height == 15


def test_an_unknown_margin_is_refused_with_those_that_exist(reference):
    with pytest.raises(MarginError, match="departement_secteur"):
        calibration_margins(reference.margins, ("departement_naf",))


def test_margins_that_disagree_are_refused():
    with pytest.raises(MarginError, match="a 3 ; b 4"):
        check_margins(margins(("a", "x", 3), ("b", "y", 4)))


def test_a_category_written_twice_is_refused():
    with pytest.raises(MarginError, match="double"):
        check_margins(margins(("a", "x", 3), ("a", "x", 3)))


def test_a_missing_total_is_refused():
    rows = margins(("a", "x", 3)).with_columns(total=pl.lit(None, pl.Int64))
    with pytest.raises(MarginError, match="absent"):
        check_margins(rows)


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "marges.csv"
    path.write_text("variable,modalite\na,x\n", encoding="utf-8")
    with pytest.raises(SurveyError, match="libelle"):
        read_table(path, MARGINS)


def test_a_total_that_is_not_a_number_is_refused(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("code,total\na,12\nb,douze\n", encoding="utf-8")
    with pytest.raises(SurveyError, match=r"ligne 3, colonne « total » : « douze » n’est pas"):
        read_table(path, pl.Schema({"code": pl.String, "total": pl.Int64}))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SurveyError, match="introuvable"):
        load_reference(tmp_path)


def test_margin_columns_are_written_as_the_margins():
    units = pl.DataFrame({"departement": ["44"], "secteur_marge": ["HU"], "taille_marge": ["10+"]})
    crossings = {
        "departement_secteur": ("departement", "secteur_marge"),
        "taille": ("taille_marge",),
    }
    crossed = margin_columns(units, crossings)
    assert crossed["departement_secteur"].item() == "44 HU"
    assert crossed["taille"].item() == "10+"
