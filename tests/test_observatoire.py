"""The command line as a study officer meets it: help, errors and results, all in French."""

import re
import shutil
from pathlib import Path

import polars as pl
import pytest

import observatoire
from survey.french import typography

ROOT = Path(__file__).resolve().parents[1]

VERBS = (
    "demo",
    "questionnaire",
    "collecter",
    "importer",
    "redresser",
    "estimer",
    "publier",
    "controler",
    "calculer",
    "caler",
)
ENGLISH = re.compile(
    r"\b(usage:|positional|optional|show this|help message|exit|error|required|invalid|choose|"
    r"expected|unrecognized|the following|Traceback|File|No such file|default)\b"
)
CAMPAIGN = "campaigns/2025/entreprises"


@pytest.fixture
def here(estimated, monkeypatch):
    """The root of a project with two estimated editions."""
    monkeypatch.chdir(estimated)
    return estimated


def fails(capsys, *arguments) -> str:
    """Message of a command that must fail: code 2, French, nothing on the standard output."""
    assert observatoire.main([str(argument) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    message = err[err.index("Erreur") :]
    assert message.startswith(typography("Erreur : "))
    assert not ENGLISH.search(message), message
    assert "Error" not in err
    return message


def works(capsys, *arguments) -> str:
    assert observatoire.main([str(argument) for argument in arguments]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], *([verb] for verb in VERBS)], ids=str)
def test_help_is_french_and_gives_an_example(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        observatoire.main([*arguments, "--help"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert not ENGLISH.search(shown), shown
    assert shown.count("utilisation") == 1
    example = re.search(r"exemples? :\n  (observatoire .*)", shown.replace("\u202f", " "))
    assert example and (not arguments or example[1].split()[1] == arguments[0])


def test_the_help_lists_every_verb_with_its_example(capsys):
    with pytest.raises(SystemExit):
        observatoire.main(["--help"])
    shown = capsys.readouterr().out
    for verb in VERBS:
        assert f"\n    {verb}" in shown and f"observatoire {verb}" in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "il manque : COMMANDE"),
        (["zut"], "« zut » n’est pas une commande. Commandes : demo, questionnaire, collecter"),
        (["demo", "zut"], "argument inconnu : zut"),
        (["questionnaire"], "il manque : COMMANDE"),
        (["questionnaire", "exporter"], "il manque : FICHIER, --edition"),
        (["questionnaire", "zut"], "« zut » n’est pas une commande. Commandes : verifier"),
        (["collecter", "servir"], "il manque : CAMPAGNE"),
        (["collecter", "servir", "nulle"], "campaign.yml : fichier introuvable"),
        (["questionnaire", "q.yml", "--edition", "deux"], "« deux » n’est pas une année"),
        (["questionnaire", "nulle.yml"], "nulle.yml : fichier introuvable"),
        (["importer"], "il manque : CAMPAGNE"),
        (["importer", "nulle", "e.csv"], "campaign.yml : fichier introuvable"),
        (["redresser", "nulle"], "campaign.yml : fichier introuvable"),
        (["estimer", "nulle"], "campaign.yml : fichier introuvable"),
        (["estimer", "nulle", "--sortie"], "--sortie attend une valeur"),
        (["demo"], "aucune campagne ici"),
        (["publier"], "aucune campagne ici"),
        (["controler"], "aucune campagne ici"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_said(capsys, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    assert typography(said) in fails(capsys, *arguments)


def test_the_questionnaire_is_summed_up(capsys, here):
    said = works(capsys, "questionnaire", "survey/instruments/entreprises.yml", "--edition", "2026")
    assert "38 questions" in said and typography("Temps attendu : environ 10 minutes") in said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("  - code: secteur\n", "  - code: secteur: deux\n", "YAML lisible"),
        ("theme: profil", "theme: profils", "profils"),
        ("base: utilisatrices", "base: utilisatrice", "utilisatrices"),
        ("internet = oui", "internet = oui and (", "colonne"),
    ],
)
def test_a_broken_questionnaire_is_said_with_its_line(capsys, here, tmp_path, before, after, said):
    instruments = here / "survey/instruments"
    text = (instruments / "entreprises.yml").read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "modules").symlink_to(instruments / "modules", target_is_directory=True)
    broken = tmp_path / "casse.yml"
    broken.write_text(text.replace(before, after, 1), encoding="utf-8")
    message = fails(capsys, "questionnaire", broken)
    assert re.search(r"casse\.yml, ligne \d+", message)
    assert said in message


def test_a_real_campaign_is_never_simulated_over(capsys, copied, monkeypatch):
    path = copied / CAMPAIGN / "campaign.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("simulee: true", "simulee: false"), encoding="utf-8")
    monkeypatch.chdir(copied)
    fails(capsys, "demo")  # this copy has no pages to publish
    assert not (copied / CAMPAIGN / "private").exists()


def test_the_verbs_in_order_on_ones_own_export(capsys, estimated, copied, monkeypatch):
    source, private = estimated / CAMPAIGN / "private", copied / CAMPAIGN / "private"
    private.mkdir()
    (private / "echantillon.parquet").write_bytes((source / "echantillon.parquet").read_bytes())
    monkeypatch.chdir(copied)
    export = next(source.glob("export-limesurvey*"))
    said = works(capsys, "importer", CAMPAIGN, export)
    assert re.search(r"\d réponses acceptées\.", said) and "controle.html" in said
    said = works(capsys, "redresser", CAMPAIGN)
    assert typography("calage : ") in said and typography("0,0000 % après.") in said
    said = works(capsys, "estimer", CAMPAIGN, "--sortie", "resultats.csv")
    assert "estimations" in said and "diffusables" in said
    results = pl.read_csv("resultats.csv", infer_schema_length=None)
    hidden = results.filter(pl.col("status").is_in(["nd", "secret"]))
    assert hidden.height > 0 and hidden["estimate"].null_count() == hidden.height
    assert set(results["nature"]) == {"données simulées"}


def test_an_export_that_is_not_one_is_refused(capsys, copied, monkeypatch):
    monkeypatch.chdir(copied)
    (copied / "export.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    assert "export.csv" in fails(capsys, "importer", CAMPAIGN, "export.csv")
    (copied / "vide.csv").write_text("", encoding="utf-8")
    assert "le fichier est vide" in fails(capsys, "importer", CAMPAIGN, "vide.csv")
    assert "introuvable" in fails(capsys, "importer", CAMPAIGN, copied)
    assert "aucun export" in fails(capsys, "importer", CAMPAIGN)
    assert "Dans l’ordre" in fails(capsys, "redresser", CAMPAIGN)
    assert "Dans l’ordre" in fails(capsys, "estimer", CAMPAIGN)


def test_nothing_to_check_nor_to_publish_is_said(capsys, here):
    assert "aucun site ici" in fails(capsys, "controler")
    assert "_quarto.yml" in fails(capsys, "publier")


def test_the_pages_of_an_older_build_are_not_published_without_their_figures(
    capsys, copied, monkeypatch
):
    monkeypatch.chdir(copied)
    for name in ("_quarto.yml", "reports/2026/_metadata.yml", "reports/2026/index.qmd"):
        (copied / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copied / name)
    assert "aucune campagne de 2026 n’est estimée" in fails(capsys, "publier")
    assert not (copied / "_site").exists()


def test_a_site_cannot_be_checked_before_its_estimates(capsys, copied, monkeypatch):
    monkeypatch.chdir(copied)
    (copied / "_site").mkdir()
    page = '<html lang="fr"><title>Données simulées</title><p>Données simulées</p></html>'
    (copied / "_site" / "index.html").write_text(page, encoding="utf-8")
    assert "observatoire estimer" in fails(capsys, "controler")


def test_an_interruption_is_said_without_traceback(capsys, monkeypatch):
    def questionnaire(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(observatoire, "questionnaire", questionnaire)
    assert observatoire.main(["questionnaire", "q.yml"]) == 130
    assert "relancez la commande" in capsys.readouterr().err
