from contextlib import contextmanager

import pytest

import reports.rendering.cells
from reports.rendering.cells import kernel, run_page
from reports.rendering.site import render_site
from reports.rendering.source import read_source
from survey.errors import SurveyError


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with kernel(tmp_path_factory.mktemp("noyau")) as running:
        yield running


@pytest.fixture
def run(client, tmp_path):
    def run_text(text, name="page.qmd", **execute):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return run_page(client, read_source(tmp_path, name), tmp_path, {"echo": False, **execute})

    return run_text


def cell(code, *options):
    head = "".join(f"#| {option}\n" for option in options)
    return f"```{{python}}\n{head}{code}\n```\n"


def test_what_an_asis_cell_prints_becomes_markdown(run):
    markdown = run("Avant\n\n" + cell("print('**gras**')", "output: asis") + "\nAprès\n")
    assert markdown.split() == ["Avant", "**gras**", "Après"]


def test_a_plain_cell_shows_its_text_as_it_is(run):
    assert "```\n**gras**\n```" in run(cell("print('**gras**')"))


def test_a_markdown_object_is_shown_as_markdown(run):
    shown = run(cell("from IPython.display import Markdown\nMarkdown('**gras**')"))
    assert "```" not in shown
    assert "**gras**" in shown


@pytest.mark.parametrize("option", ["include: false", "output: false", "eval: false"])
def test_options_silence_a_cell(run, option):
    assert "vu" not in run(cell("print('v' + 'u')", option))


def test_echo_shows_the_code_without_its_options(run):
    markdown = run(cell("x = 1", "echo: true", "label: essai"))
    assert "x = 1" in markdown
    assert "essai" not in markdown


def test_each_page_starts_with_a_clean_namespace(run):
    run(cell("secret = 1"), name="une.qmd")
    with pytest.raises(SurveyError, match=r"autre\.qmd, ligne 2\s: .*a échoué(?s:.*)secret"):
        run(cell("secret"), name="autre.qmd")


def test_cells_run_at_the_root_of_the_project(run, tmp_path):
    (tmp_path / "jeu.txt").write_text("ici", encoding="utf-8")
    assert "ici" in run(cell("print(open('jeu.txt', encoding='utf-8').read())"))


def test_inline_code_sees_the_cells_before_it(run):
    markdown = run(cell("n = 3") + "\nOn compte `{python} n` puis `{python} n + 1` unités.\n")
    assert "On compte 3 puis 4 unités." in markdown


def test_inline_strings_are_escaped_as_quarto_does(run):
    assert r"a\*b" in run("`{python} 'a*b'`\n")


def test_an_inline_narrow_space_needs_strings_as_markdown(run):
    share = "`{python} '24' + chr(0x202F) + '%'`\n"
    with pytest.raises(SurveyError, match=r"page\.qmd, ligne 1\s(?s:.*)strings_as_markdown"):
        run(share)
    prepared = cell("from reports.inline import strings_as_markdown\nstrings_as_markdown()")
    assert "24\u202f%" in run(prepared + "\n" + share)


def test_a_failing_cell_names_page_line_and_error(run):
    text = "---\ntitle: x\n---\n\n" + cell("x = 1\nx / 0", "label: partage")
    with pytest.raises(SurveyError) as failure:
        run(text)
    message = str(failure.value).replace("\u202f", " ")
    assert message.startswith("page.qmd, ligne 8 : la cellule « partage » a échoué.")
    assert "ZeroDivisionError: division by zero" in message
    assert "Traceback" not in message


def test_failing_inline_code_names_its_line(run):
    with pytest.raises(SurveyError, match=r"ligne 3\s.*inconnue(?s:.*)NameError"):
        run("Un\n\nDeux `{python} inconnue` trois\n")


def test_an_html_result_is_refused(run):
    with pytest.raises(SurveyError, match=r"ligne 1\s.*HTML"):
        run(cell("from IPython.display import HTML\nHTML('<b>x</b>')"))


def test_a_failing_page_leaves_the_published_site_untouched(client, tmp_path, monkeypatch):
    @contextmanager
    def same_kernel(root):
        yield client

    monkeypatch.setattr(reports.rendering.cells, "kernel", same_kernel)
    (tmp_path / "_quarto.yml").write_text(
        "project: {type: website}\nwebsite: {title: Essai}\n", encoding="utf-8"
    )
    (tmp_path / "a.qmd").write_text("Valeur `{python} 1 + 1`\n", encoding="utf-8")
    (tmp_path / "b.qmd").write_text("Valeur `{python} 2 + 2`\n", encoding="utf-8")
    site = tmp_path / "_site"
    render_site(tmp_path, site)
    before = (site / "a.html").read_text(encoding="utf-8")
    (tmp_path / "a.qmd").write_text("Nouvelle `{python} 1 + 1`\n", encoding="utf-8")
    (tmp_path / "b.qmd").write_text(cell("1 / 0"), encoding="utf-8")
    with pytest.raises(SurveyError, match=r"b\.qmd, ligne 2"):
        render_site(tmp_path, site)
    assert (site / "a.html").read_text(encoding="utf-8") == before
    assert [path.name for path in (tmp_path / "_build" / "render").iterdir()] == ["stamps.json"]
