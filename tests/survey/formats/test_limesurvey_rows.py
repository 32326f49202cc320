import pytest
from limesurvey_cases import LARGE, ROW, numbered, only_reject, read

from survey.formats.limesurvey.reading import read_export


def test_unfinished_answers_are_kept_apart_or_kept_on_demand(tmp_path, questionnaire):
    rows = numbered(ROW, LARGE | {"submitdate": "", "part": ""})
    imported = read(tmp_path, questionnaire, *rows)
    assert only_reject(imported)["motif"] == "réponse non terminée"
    assert imported.report.unfinished == 1
    kept = read(tmp_path, questionnaire, *rows, keep_incomplete=True)
    assert kept.responses["complete"].to_list() == [True, False]
    assert kept.responses["part__etat"].to_list() == [None, "NR"]


def test_of_a_token_the_complete_then_the_latest_answer_is_kept(tmp_path, questionnaire):
    dates = ["2026-03-02 10:00:00", "2026-03-05 10:00:00", "1980-01-01 00:00:00", ""]
    rows = [row | {"token": "tt", "submitdate": date} for row, date in
            zip(numbered(ROW, ROW, ROW, ROW), dates, strict=True)]  # fmt: skip
    imported = read(tmp_path, questionnaire, *rows, keep_incomplete=True)
    assert imported.responses["id"].to_list() == ["2"]
    assert imported.rejects["ligne"].to_list() == [2, 4, 5]
    assert set(imported.rejects["motif"]) == {
        "doublon du jeton (la réponse gardée est celle de la ligne 3)"
    }
    assert imported.report.duplicates == 3


def test_of_a_token_a_complete_answer_without_date_beats_a_later_unfinished_one(
    tmp_path, questionnaire
):
    complete, unfinished = (row | {"token": "tt", "datestamp": ""} for row in numbered(ROW, ROW))
    complete |= {"submitdate": "1980-01-01 00:00:00"}
    unfinished |= {"submitdate": "", "datestamp": "2026-03-09 10:00:00"}
    imported = read(tmp_path, questionnaire, complete, unfinished, keep_incomplete=True)
    assert imported.responses["id"].to_list() == ["1"]


def test_an_invalid_answer_never_replaces_a_valid_one(tmp_path, questionnaire):
    valid, invalid = numbered(ROW, ROW | {"submitdate": "2026-03-09 10:00:00", "poste": "zut"})
    imported = read(tmp_path, questionnaire, valid | {"token": "tt"}, invalid | {"token": "tt"})
    assert imported.responses["id"].to_list() == ["1"]


def test_a_row_pasted_twice_is_taken_once(tmp_path, questionnaire):
    twice = read(tmp_path, questionnaire, ROW | {"token": ""}, ROW | {"token": ""})
    assert twice.report.causes == {"doublon de l’identifiant": 1}
    without_tokens = numbered(ROW, ROW)
    for row in without_tokens:
        del row["token"]
    assert read(tmp_path, questionnaire, *without_tokens).report.accepted == 2


@pytest.mark.parametrize(
    ("changes", "motif", "column", "value"),
    [
        ({"taille": "A09"}, "code inconnu (admis : 0, 10-49, grande)", "taille", "A09"),
        ({"techno[ttm]": "zut"}, "code inconnu (admis : oui, non, NSP)", "techno[ttm]", "zut"),
        (
            {"fonctions[vente]": "peut-être"},
            "code inconnu (admis : Y ou vide, 1 ou 0, 1 ou 2)",
            "fonctions[vente]",
            "peut-être",
        ),
        (
            {"part": "101"},
            "nombre hors bornes (attendu : nombre, au moins 0, au plus 100)",
            "part",
            "101",
        ),
        (
            {"part": "beaucoup"},
            "nombre illisible (attendu : nombre, au moins 0, au plus 100)",
            "part",
            "beaucoup",
        ),
        ({"part": "nan"}, "nombre illisible", "part", "nan"),
        ({"part": "1e999"}, "nombre illisible", "part", "1e999"),
        (
            {"effectif": "2,5"},
            "nombre illisible (attendu : nombre entier, au moins 0)",
            "effectif",
            "2,5",
        ),
        ({"effectif": "-1"}, "nombre hors bornes", "effectif", "-1"),
        ({"effectif": "9" * 30}, "nombre illisible", "effectif", "(valeur masquée)"),
        ({"taille": ""}, "question obligatoire sans réponse", "taille", None),
        ({"id": ""}, "identifiant absent", "id", None),
        (
            {"submitdate": "hier"},
            "date d’envoi illisible (attendu : 2026-03-15 10:30:00)",
            "submitdate",
            "hier",
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_set_aside(
    tmp_path, questionnaire, changes, motif, column, value
):
    base = ROW if "taille" in changes else LARGE
    imported = read(tmp_path, questionnaire, base | changes)
    reject = imported.rejects.row(0, named=True)
    assert reject["motif"].startswith(motif)
    assert (reject["ligne"], reject["colonne"], reject["valeur"]) == (2, column, value)
    assert reject["decision"] == "ligne écartée"
    assert imported.responses.is_empty()


NOT_ASKED = "question non posée à ce répondant"


@pytest.mark.parametrize(
    ("base", "changes", "motif", "value", "answer"),
    [
        (ROW, {"techno[ttm]": "oui"}, NOT_ASKED, "oui", ("techno__ttm", None)),
        (ROW, {"techno[ttm]": "zut"}, NOT_ASKED, "zut", ("techno__ttm", None)),
        (ROW, {"part": "5"}, NOT_ASKED, "5", ("part__etat", None)),
        (
            ROW,
            {"fonctions[vente]": "Y", "fonctions[SQ002]": "Y"},
            NOT_ASKED,
            "vente, marketing",
            ("fonctions__etat", None),
        ),
        (
            LARGE | {"taille": "A02", "techno[son]": ""},
            {"fonctions[usine]": "Y"},
            "réponse non proposée à ce répondant",
            "usine",
            ("fonctions__usine", None),
        ),
        (ROW, {"poste": "chef"}, "réponse non proposée à ce répondant", "chef", ("poste", "NR")),
        (
            LARGE | {"part": ""},
            {"fonctions[SQ005]": "Y"},
            "réponses qui s’excluent",
            "marketing, aucune",
            ("fonctions__etat", "NR"),
        ),
        (
            LARGE | {"part": ""},
            {"fonctions[NSP]": "Y"},
            "réponses qui s’excluent",
            "marketing, NSP",
            ("fonctions__etat", "NR"),
        ),
        (
            ROW,
            {"poste[other]": "Artisan"},
            "précision donnée sans avoir choisi « Autre »",
            "(texte de 7 caractères)",
            ("poste__autre__texte", None),
        ),
    ],
)  # fmt: skip
def test_a_value_out_of_place_is_erased_and_noted(
    tmp_path, questionnaire, base, changes, motif, value, answer
):
    imported = read(tmp_path, questionnaire, base | changes)
    reject = only_reject(imported)
    assert (reject["motif"], reject["valeur"]) == (motif, value)
    assert reject["decision"] == "valeur effacée"
    column, kept = answer
    assert imported.responses[column].to_list() == [kept]


def test_erasing_follows_the_routing_down(tmp_path, questionnaire):
    stale = LARGE | {"taille": "0"}  # went back to « no employee » after answering the rest
    imported = read(tmp_path, questionnaire, stale)
    assert imported.rejects["colonne"].to_list() == [
        "techno[ttm]", "techno[apprendre]", "techno[son]", "techno[img]",
        "fonctions", "part",
    ]  # fmt: skip
    assert imported.responses["part__etat"].to_list() == [None]


def test_empty_rows_and_ragged_rows_are_set_aside_with_their_line(tmp_path, questionnaire):
    blank = dict.fromkeys(ROW, "")
    read(tmp_path, questionnaire, ROW, blank)
    with (tmp_path / "export.csv").open("a", encoding="utf-8") as file:
        file.write('"2";"2026-03-01 10:00:00"\n')
    imported = read_export(tmp_path / "export.csv", questionnaire)
    assert imported.rejects.select("ligne", "motif").rows() == [
        (3, "ligne vide"),
        (4, "nombre de cellules différent de l’en-tête (2 au lieu de 19)"),
    ]


def test_unknown_columns_are_told_and_contact_data_dropped(tmp_path, questionnaire):
    row = ROW | {
        "mystere": "x",
        "email": "a@b.fr",
        "ipaddr": "1.2.3.4",
        "groupTime12": "3",
        "seed": "1",
    }
    imported = read(tmp_path, questionnaire, row)
    assert imported.report.unknown_columns == ("mystere",)
    assert imported.report.contact_columns == ("email", "ipaddr")
    assert not {"mystere", "email", "ipaddr"} & set(imported.responses.columns)


def test_rejects_hide_tokens_and_addresses(tmp_path, questionnaire):
    shifted = ROW | {"token": "SECRET", "taille": "SECRET", "poste": "jo@exemple.fr"}
    rejects = read(tmp_path, questionnaire, shifted).rejects
    assert rejects["valeur"].to_list() == ["(valeur masquée)", "(valeur masquée)"]
    assert "SECRET" not in rejects.write_csv()


@pytest.mark.parametrize("value", ["x" * 500, "Jeanne Martin", "0612345678", "12 rue des Lices"])
def test_a_wrong_value_that_may_be_personal_is_masked(tmp_path, questionnaire, value):
    reject = only_reject(read(tmp_path, questionnaire, ROW | {"poste": value}))
    assert reject["valeur"] == "(valeur masquée)"
