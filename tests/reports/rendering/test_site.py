import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from posixpath import join, normpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.rendering import pandoc
from reports.rendering.project import load_project, page_sources, relative_address
from reports.rendering.site import STAMPS, render_site
from survey.errors import SurveyError

ROOT = Path(__file__).parents[3]
PROJECT = """
project:
  type: website
  render: [index.qmd, "reports/**/*.qmd"]
  resources: ["reports/**/*.csv"]
website:
  title: Observatoire d’essai
  navbar:
    left:
      - {text: Accueil, href: index.qmd}
      - {text: Méthode, href: reports/2026/methode.qmd}
  page-footer: Pied de page
lang: fr
crossref: {tbl-title: Tableau, title-delim: "\u202f:"}
filters: [site.lua]
"""
PAGE = """---
title: Un titre
subtitle: Une phrase.
---

Voir la @fig-b, la @fig-a, le @tbl-jeu et [la méthode](/reports/2026/methode.qmd#suite).[^1]

[^1]: Une note.

::: {#fig-a}
```{=html}
<svg viewBox="0 0 1 1" role="img" aria-label="Rien"></svg>
```

Première
:::

::: {#fig-b}
![](image.png){alt="Rien"}

Deuxième
:::

::: {#tbl-jeu}
| a | b |
|---|--:|
| 1 | 2 |

Un jeu
:::

::: {.callout-tip title="À savoir"}
Un conseil, $x^2$.
:::

::: {.panel-tabset}
## Un
Premier.

## Deux
Second.
:::
"""


def write(root: Path, **pages: str) -> Path:
    (root / "_quarto.yml").write_text(PROJECT, encoding="utf-8")
    filters = ROOT / "reports" / "assets" / "filters"
    (root / "site.lua").write_bytes((filters / "site.lua").read_bytes())
    folder = root / "reports" / "2026"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "index.qmd").write_text(pages.get("index", PAGE), encoding="utf-8")
    methode = pages.get("methode", "---\ntitle: Méthode\ntoc: true\n---\n\n## Suite {#suite}\n")
    (folder / "methode.qmd").write_text(methode, encoding="utf-8")
    (folder / "_metadata.yml").write_text("simulated: true\nedition: 2026\n", encoding="utf-8")
    (folder / "jeu.csv").write_text("a;b\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    root = write(tmp_path_factory.mktemp("projet"))
    render_site(root, root / "_site")
    return root / "_site"


def html(site: Path, address: str = "index.html") -> str:
    return (site / address).read_text(encoding="utf-8")


class Tags(HTMLParser):
    """Collects open elements never closed, ids, and addresses."""

    VOID = ("meta", "link", "img", "br", "hr", "input", "col")

    def __init__(self) -> None:
        super().__init__()
        self.open, self.ids, self.addresses, self.wrong = [], [], [], []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids += [values["id"]] if "id" in values else []
        self.addresses += [values[name] for name in ("href", "src") if values.get(name)]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.VOID:  # written <img />
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def tags(text: str) -> Tags:
    parser = Tags()
    parser.feed(text)
    return parser


@pytest.mark.parametrize("page", ["index.html", "reports/2026/methode.html"])
def test_pages_are_sound_html(site, page):
    found = tags(html(site, page))
    assert found.open == [] and found.wrong == []
    assert len(found.ids) == len(set(found.ids))
    assert html(site, page).count("<h1") == 1


@pytest.mark.parametrize("page", ["index.html", "reports/2026/methode.html"])
def test_every_local_address_exists_and_none_is_foreign(site, page):
    for address in tags(html(site, page)).addresses:
        assert not re.match(r"[a-z]+:|/", address), address
        path, _, anchor = address.partition("#")
        target = (site / page).parent / path if path else site / page
        if not path.endswith("image.png"):
            assert target.is_file(), address
        if anchor:
            assert f'id="{anchor}"' in target.read_text(encoding="utf-8")


def test_a_page_loads_the_scripts_and_styles_that_it_names(tmp_path):
    header = "scripts: [explorer-format.js, explorer.js]\nstyles: [explorer.css]\n"
    root = write(tmp_path, methode=f"---\ntitle: Méthode\n{header}---\n\n## Suite {{#suite}}\n")
    render_site(root, root / "_site")
    own = [path for path in tags(html(root / "_site")).addresses if "explorer" in path]
    assert own == []
    named = tags(html(root / "_site", "reports/2026/methode.html")).addresses
    library = "../../site_libs/observatoire"
    assert [path for path in named if "explorer" in path] == [
        f"{library}/{name}" for name in ("explorer.css", "explorer-format.js", "explorer.js")
    ]


def test_no_asset_names_another_host(site):
    for path in (site / "site_libs").rglob("*"):
        if path.suffix in (".css", ".js") and path.name != "vega.js":
            assert not re.search(r"https?://", path.read_text(encoding="utf-8")), path.name


def test_figures_and_tables_are_numbered_in_french(site):
    text = html(site)
    assert "Figure\u00a01\u202f: Première" in text
    assert "Figure\u00a02\u202f: Deuxième" in text
    assert "Tableau\u00a01\u202f: Un jeu" in text
    assert '<a href="#fig-b" class="renvoi">Figure\u00a02</a>' in text
    assert '<a href="#tbl-jeu" class="renvoi">Tableau\u00a01</a>' in text


def test_callouts_formulas_and_tabs_need_no_script(site):
    text = html(site)
    assert 'role="note" aria-label="Astuce"' in text
    assert "<strong>À savoir</strong>" in text
    assert "<math" in text
    assert "Premier." in text and "Second." in text


def test_the_menu_marks_the_page_and_is_relative(site):
    text = html(site, "reports/2026/methode.html")
    assert '<a href="methode.html" aria-current="page">Méthode</a>' in text
    assert '<a href="../../index.html">Accueil</a>' in text
    assert 'href="../../site_libs/observatoire/site.css"' in text


def test_simulated_pages_say_so_in_the_page_and_its_title(site):
    marked, plain = html(site, "reports/2026/methode.html"), html(site)
    assert "aucun chiffre de cette page n’est une mesure." in marked
    assert "<title>Données simulées – Méthode – Observatoire d’essai</title>" in marked
    assert "Édition 2026" in marked
    assert "simulées" not in plain
    assert "<title>Un titre – Observatoire d’essai</title>" in plain


def test_contents_and_downloads_are_there(site):
    assert 'href="#suite"' in html(site, "reports/2026/methode.html")
    assert (site / "reports" / "2026" / "jeu.csv").is_file()
    assert (site / "site_libs" / "observatoire" / "vega.js").stat().st_size > 500_000
    assert list((site / "site_libs" / "observatoire" / "fonts").glob("*.woff2"))


def test_a_title_may_be_the_first_heading(tmp_path):
    write(tmp_path, index="---\nedition: 2026\n---\n\n# Un constat\n\nTexte.\n")
    render_site(tmp_path, tmp_path / "_site", pages=["index.qmd"])
    assert ">Un constat</h1>" in html(tmp_path / "_site")
    assert "Édition 2026" in html(tmp_path / "_site")
    assert "<title>Un constat – " in html(tmp_path / "_site")


def test_only_what_changed_is_rendered_again(tmp_path):
    root, site = write(tmp_path), tmp_path / "_site"
    data = tmp_path / "donnees.parquet"
    data.write_bytes(b"1")
    assert len(render_site(root, site, inputs=[data])) == 2
    assert render_site(root, site, inputs=[data]) == []
    (root / "index.qmd").write_text("---\ntitle: Autre\n---\n", encoding="utf-8")
    assert render_site(root, site, inputs=[data]) == [site / "index.html"]
    (root / "reports" / "2026" / "_metadata.yml").write_text("edition: 2026\n", encoding="utf-8")
    methode = site / "reports" / "2026" / "methode.html"
    assert render_site(root, site, inputs=[data]) == [methode]
    data.write_bytes(b"2")
    assert render_site(root, site, inputs=[data]) == []  # no page has a cell that could read it
    methode.unlink()
    assert render_site(root, site, inputs=[data]) == [methode]
    (root / "site.lua").write_text("-- autre filtre\n", encoding="utf-8")
    assert len(render_site(root, site, inputs=[data])) == 2
    (root / "_quarto.yml").write_text(PROJECT.replace("Pied de page", "Autre"), encoding="utf-8")
    assert len(render_site(root, site, inputs=[data])) == 2


def test_damaged_stamps_only_cost_time(tmp_path):
    root, site = write(tmp_path), tmp_path / "_site"
    render_site(root, site)
    for damage in ("", "[1]", '{"index.qmd": "ancien"}'):
        (root / STAMPS).write_text(damage, encoding="utf-8")
        assert len(render_site(root, site)) == 2
    assert render_site(root, site) == []


def test_raw_blocks_are_as_pandoc_would_leave_them(tmp_path, monkeypatch):
    chart = "```{=html}\n<p>A &amp; <b>b</b>\n\n\\1 $x$ « c » :\n</p>\n```\n"
    shown = "````markdown\n```{=html}\n<i>code</i>\n```\n````\n"
    index = f"---\ntitle: Un\n---\n\n{chart}\n:::: {{.deux}}\n{chart}\n::::\n\nFin.\n"
    root, site = write(tmp_path, index=index, methode=f"# Deux\n\n{shown}"), tmp_path / "_site"
    render_site(root, site)
    aside = {path.name: path.read_bytes() for path in site.rglob("*.html")}
    assert b"&lt;i&gt;code&lt;/i&gt;" in aside["methode.html"]
    (root / STAMPS).unlink()
    monkeypatch.setattr(pandoc, "without_raw", lambda markdown: (markdown, []))
    render_site(root, site)
    assert {path.name: path.read_bytes() for path in site.rglob("*.html")} == aside


def test_a_page_depends_on_its_includes_and_its_own_inputs(tmp_path):
    root, site = write(tmp_path), tmp_path / "_site"
    (root / "_note.md").write_text("Un.\n", encoding="utf-8")
    (root / "jeu.txt").write_text("1", encoding="utf-8")
    (root / "index.qmd").write_text(
        "---\ntitle: x\ninputs: [jeu.txt]\n---\n\n{{< include _note.md >}}\n", encoding="utf-8"
    )
    render_site(root, site)
    for name in ("_note.md", "jeu.txt"):
        (root / name).write_text("Deux.\n", encoding="utf-8")
        assert render_site(root, site) == [site / "index.html"]
    assert "Deux." in html(site)


def test_nothing_changed_loads_no_heavy_module(tmp_path, monkeypatch):
    root, site = write(tmp_path), tmp_path / "_site"
    render_site(root, site)
    for name in ("nbclient", "pypandoc", "jupyter_client", "vl_convert"):
        monkeypatch.setitem(sys.modules, name, None)  # importing it would fail
    assert render_site(root, site) == []


def test_a_page_whose_source_is_gone_leaves_the_site(tmp_path):
    root, site = write(tmp_path), tmp_path / "_site"
    render_site(root, site)
    (root / "reports" / "2026" / "methode.qmd").unlink()
    render_site(root, site)
    assert not (site / "reports" / "2026" / "methode.html").exists()
    assert (site / "index.html").is_file()


def test_progress_is_told_page_by_page(tmp_path):
    told = []
    root = write(tmp_path)
    render_site(root, tmp_path / "_site", progress=lambda *step: told.append(step))
    assert told == [(1, 2, "index.qmd"), (2, 2, "reports/2026/methode.qmd")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Voir @fig-absente.\n", "index.qmd : renvoi « @fig-absente » sans figure"),
        ("::: {#fig-a}\nSeul\n:::\n", "« fig-a » n’a pas de légende"),
        ("::: {.inconnu}\n:::\n", "index.qmd, ligne 1 : bloc « .inconnu »"),
    ],
)
def test_a_page_that_cannot_be_made_is_refused_in_french(tmp_path, text, message):
    root, site = write(tmp_path, index=text), tmp_path / "_site"
    with pytest.raises(SurveyError) as refusal:
        render_site(root, site)
    assert message in str(refusal.value).replace("\u202f", " ")
    assert not site.exists()


def test_an_unknown_page_is_refused(tmp_path):
    with pytest.raises(SurveyError, match=r"absente\.qmd n’est pas une page"):
        render_site(write(tmp_path), tmp_path / "_site", pages=["absente.qmd"])


def test_hidden_sources_are_no_pages(tmp_path):
    write(tmp_path)
    (tmp_path / "reports" / "2026" / "_brouillon.qmd").write_text("x\n", encoding="utf-8")
    assert page_sources(load_project(tmp_path)) == ["index.qmd", "reports/2026/methode.qmd"]


FOLDERS = st.lists(st.sampled_from(["reports", "2025", "2026"]), max_size=3)


@given(target=FOLDERS, page=FOLDERS)
def test_a_relative_address_leads_from_the_page_to_its_target(target, page):
    written = relative_address("/".join([*target, "b.html"]), "/".join([*page, "a.html"]))
    reached = normpath(join("/", *page, written))
    assert reached == "/" + "/".join([*target, "b.html"])


def test_a_neighbour_is_named_alone():
    assert relative_address("reports/2026/b.html", "reports/2026/a.html") == "b.html"


def test_the_project_of_the_observatory_is_read():
    project = load_project(ROOT)
    assert project.title == "Observatoire de l’IA · Pays de la Loire"
    assert project.menu[0].target == "reports/2026/index.html"
    assert project.metadata["crossref"]["tbl-prefix"] == "Tableau"
    for path in (*project.css, *project.filters):
        assert (ROOT / path).is_file(), path


def test_two_renderings_are_the_same_to_the_byte(site, tmp_path):
    again = tmp_path / "_site"
    render_site(write(tmp_path), again)
    files = sorted(path.relative_to(site) for path in site.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    assert [
        name for name in files if (site / name).read_bytes() != (again / name).read_bytes()
    ] == []
