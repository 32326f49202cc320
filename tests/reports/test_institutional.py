"""Who publishes, what the law asks to be said, the errata and the glossary."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml

from reports.edition import open_edition, open_editions
from reports.errata import read_errata
from reports.pages.institutional import MISSING, glossary_pages, site_pages
from reports.publisher import UNDECIDED, check_publisher, publisher_faults, read_publisher
from reports.settings import edition_years, publication_day
from survey.errors import SurveyError

ROOT = Path(__file__).parents[2]
REGION = Path("data/reference/region.yml")
DECIDED = {
    "site": "https://exemple.fr",
    "directeur_publication": "Camille Exemple, présidente",
    "delegue_donnees": "dpo@exemple.fr",
    "hebergeur": {"nom": "Hôte", "adresse": "1 rue d’Ici", "telephone": "01 02 03 04 05"},
}


def with_publisher(root: Path, change) -> Path:
    """A project whose region file is ours, its publisher changed."""
    content = yaml.safe_load((ROOT / REGION).read_text(encoding="utf-8"))
    change(content)
    path = root / REGION
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return root


@pytest.fixture
def editions(estimated, monkeypatch, tmp_path):
    """The editions of 2026 in a project of its own, which a test may change."""
    root = tmp_path / "projet"
    shutil.copytree(estimated, root, ignore=shutil.ignore_patterns("private"))
    monkeypatch.chdir(root)
    open_edition.cache_clear()
    yield open_editions(2026)
    open_edition.cache_clear()


def test_our_publisher_is_read_and_says_what_is_undecided():
    publisher = read_publisher(ROOT)
    assert set(publisher.undecided) <= set(UNDECIDED)
    assert len(publisher_faults(publisher)) == len(publisher.undecided)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.pop("editeur"), "la clé « editeur » manque"),
        (lambda c: c["editeur"].pop("nom"), "« editeur.nom » : clé manquante"),
        (lambda c: c["editeur"].update(hote="x"), "« editeur.hote » : clé inconnue"),
        (lambda c: c["editeur"].update(site="http://exemple.fr"), "une adresse https"),
        (lambda c: c["editeur"].update(site="https://exemple.fr/"), "retirez la barre"),
        (lambda c: c["editeur"].update(hebergeur={"nom": "x"}), "hebergeur.adresse"),
        (lambda c: c["editeur"]["accessibilite"].update(etat="conforme"), "demande un audit"),
        (lambda c: c["editeur"]["accessibilite"].update(etat="parfait"), "valeur refusée ; permis"),
    ],
)
def test_a_fault_in_the_identity_is_said(tmp_path, change, said):
    with pytest.raises(SurveyError) as error:
        read_publisher(with_publisher(tmp_path, change))
    assert said in str(error.value)


def test_a_partly_accessible_site_needs_an_audit_of_half_the_criteria(tmp_path):
    audit = {"date": date(2027, 3, 1), "organisme": "Tiers", "taux": 0.49}
    state = {"etat": "partiellement conforme", "etablie": date(2027, 3, 2), "audit": audit}

    def change(content):
        content["editeur"]["accessibilite"] = state

    with pytest.raises(SurveyError, match="au moins 50"):
        read_publisher(with_publisher(tmp_path, change))
    audit["taux"] = 0.5
    assert read_publisher(with_publisher(tmp_path, change)).accessibilite.audit.taux == 0.5


def test_a_real_edition_is_refused_while_something_is_undecided(tmp_path, editions):
    campaign = editions["entreprises"].campaign

    class Real:
        decisions = campaign.decisions.model_copy(update={"simulee": False})

    root = with_publisher(tmp_path, lambda c: c["editeur"].pop("hebergeur", None))
    assert "l’hébergeur" in check_publisher(root, [campaign])
    with pytest.raises(SurveyError, match="« editeur: hebergeur » manque"):
        check_publisher(root, [campaign, Real])
    decided = with_publisher(tmp_path, lambda c: c["editeur"].update(DECIDED))
    assert check_publisher(decided, [Real]) == ""


def test_what_is_undecided_is_said_on_the_page_until_it_is_decided(editions):
    root = editions["entreprises"].campaign.root
    with_publisher(root, lambda c: [c["editeur"].pop(key, None) for key in DECIDED])
    pages = {page.address: page.text for page in site_pages(editions)}
    assert set(pages) == {"accessibilite", "mentions-legales", "errata", "recherche"}
    assert pages["mentions-legales"].count(MISSING) == 3
    assert all("simulated: true" in text for text in pages.values())
    with_publisher(root, lambda c: c["editeur"].update(DECIDED))
    pages = {page.address: page.text for page in site_pages(editions)}
    assert MISSING not in pages["mentions-legales"]
    assert "01 02 03 04 05" in pages["mentions-legales"]
    assert "conservées cinq ans" in pages["mentions-legales"]


def test_the_declaration_tells_the_state_and_the_means_of_appeal(editions):
    pages = {page.address: page.text for page in site_pages(editions)}
    said = pages["accessibilite"]
    state = read_publisher(ROOT).accessibilite
    assert f"**{state.etat}**" in said and "Défenseur des droits" in said
    assert state.audit is not None or "aucun audit" in said
    footer = (ROOT / "_quarto.yml").read_text(encoding="utf-8")
    assert f'"Accessibilité\\u202f: {state.etat}"' in footer


def test_no_erratum_is_said_and_each_one_is_shown(editions):
    root = editions["entreprises"].campaign.root
    path = root / "data" / "errata.yml"
    path.write_text("[]\n", encoding="utf-8")
    pages = {page.address: page.text for page in site_pages(editions)}
    assert "Aucune erreur signalée à ce jour." in pages["errata"]
    first = "{date: 2027-01-12, edition: 2026, page: entreprises, titre: T, faux: a, juste: b}"
    later = first.replace("01-12", "02-01")
    path.write_text(f"- {first}\n- {later}\n", encoding="utf-8")
    assert [each.date.month for each in read_errata(root)] == [2, 1]
    pages = {page.address: page.text for page in site_pages(editions)}
    assert "Aucune erreur" not in pages["errata"]
    assert "1er\u00a0février 2027" in pages["errata"]
    assert pages["errata"].count("(2026/entreprises.html)") == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {date: 2027-01-12}", "entrée 1, « edition » : clé manquante"),
        ("- {date: hier, edition: 1, page: a, titre: t, faux: b, juste: c}", "« date » : valeur"),
        ("- {erreur: x}", "« erreur » : clé inconnue"),
        ("rien: du tout", "une liste est attendue"),
    ],
)
def test_a_faulty_erratum_is_said(tmp_path, text, said):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "errata.yml").write_text(text, encoding="utf-8")
    with pytest.raises(SurveyError) as error:
        read_errata(tmp_path)
    assert said in str(error.value)


def test_our_errata_are_read():
    read_errata(ROOT)


def test_each_term_of_the_glossary_has_its_anchor_in_alphabetical_order(editions):
    (page,) = glossary_pages(editions)
    terms = re.findall(r"^## (.+?) \{#([\w-]+)\}$", page.text, re.MULTILINE)
    anchors = {anchor for _, anchor in terms}
    assert len(terms) == len(anchors) > 20
    assert set(re.findall(r"\]\(#([\w-]+)\)", page.text)) <= anchors
    plain = str.maketrans("éèêÉ’", "eeee ")
    names = [name.split(",")[0].lower().translate(plain) for name, _ in terms]
    assert names == sorted(names)
    assert "moins de 30 réponses" in page.text  # the threshold of the campaign


def test_the_day_of_publication_is_decided(tmp_path):
    assert edition_years(ROOT) and publication_day(ROOT, 2026).year == 2026
    folder = tmp_path / "reports" / "2027"
    with pytest.raises(SurveyError, match="introuvable"):
        publication_day(tmp_path, 2027)
    folder.mkdir(parents=True)
    (folder / "_metadata.yml").write_text("edition: 2026\n", encoding="utf-8")
    with pytest.raises(SurveyError, match="« edition » dit 2026, le dossier dit 2027"):
        publication_day(tmp_path, 2027)
    (folder / "_metadata.yml").write_text("edition: 2027\npublished: demain\n", encoding="utf-8")
    with pytest.raises(SurveyError, match="n’est pas une date"):
        publication_day(tmp_path, 2027)
