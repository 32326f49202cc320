import pytest

from reports.addresses import indicator_page, sector_page, slug, territory_page
from reports.pages import writing
from reports.pages.page import Page, document
from reports.pages.writing import write_pages
from survey.errors import SurveyError


def page(address: str, text: str = "Texte.", **files: bytes) -> Page:
    return Page(address, document("Titre", "Description.", text), files)


def test_addresses_are_stable():
    assert indicator_page("secteur_public", "usage_ia") == "indicateurs/secteur-public-usage-ia"
    assert sector_page("entreprises", "250+") == "secteurs/entreprises-250-ou-plus"
    assert territory_page("zone_emploi", "5216") == "territoires/zone-emploi-5216"


@pytest.mark.parametrize("code", ["é", "a/b", "", "a.b"])
def test_a_code_that_makes_no_address_is_refused(code):
    with pytest.raises(SurveyError, match="adresse"):
        slug(code)


def test_only_what_changed_is_written(tmp_path):
    assert len(write_pages([page("a"), page("b", **{"b.csv": b"1"})], tmp_path)) == 3
    assert write_pages([page("a"), page("b", **{"b.csv": b"1"})], tmp_path) == []
    changed = write_pages([page("a", "Autre."), page("b", **{"b.csv": b"1"})], tmp_path)
    assert [path.name for path in changed] == ["a.qmd"]


def test_what_nothing_gives_any_more_leaves(tmp_path):
    write_pages([page("sous/a", **{"sous/a.csv": b"1"}), page("b")], tmp_path)
    write_pages([page("b")], tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "_pages.json",
        "b.qmd",
    ]


def test_a_page_written_by_hand_is_never_overwritten(tmp_path):
    (tmp_path / "methode.qmd").write_text("À la main.")
    with pytest.raises(SurveyError, match=r"methode\.qmd"):
        write_pages([page("methode")], tmp_path)
    assert (tmp_path / "methode.qmd").read_text() == "À la main."


def test_an_interrupted_run_is_completed_by_the_next(tmp_path, monkeypatch):
    write_pages([page("a")], tmp_path)
    real, done = writing.replace_file, []

    def stops(path, write):
        if done:
            raise KeyboardInterrupt
        done.append(path)
        real(path, write)

    monkeypatch.setattr(writing, "replace_file", stops)
    with pytest.raises(KeyboardInterrupt):
        write_pages([page("a", "Autre."), page("b"), page("c")], tmp_path)
    monkeypatch.undo()
    assert not writing.is_intact(tmp_path)
    write_pages([page("b"), page("d")], tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.qmd")) == ["b.qmd", "d.qmd"]
    assert writing.is_intact(tmp_path)


def test_nothing_is_written_when_a_page_cannot_be_made(tmp_path):
    def pages():
        yield page("a")
        raise SurveyError("non")

    with pytest.raises(SurveyError, match="non"):
        write_pages(pages(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_changed_by_hand_is_made_again(tmp_path):
    write_pages([page("a", **{"a.csv": b"1"})], tmp_path)
    assert writing.is_intact(tmp_path)
    (tmp_path / "a.csv").write_bytes(b"2")
    assert not writing.is_intact(tmp_path)
    assert [path.name for path in write_pages([page("a", **{"a.csv": b"1"})], tmp_path)] == [
        "a.csv"
    ]


def test_two_pages_cannot_share_an_address(tmp_path):
    with pytest.raises(SurveyError, match="même adresse"):
        write_pages([page("a"), page("a", "Autre.")], tmp_path)
