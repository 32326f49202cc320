"""What keeps the house in order: who may import whom, what a module may know, how long it is."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.places import place_named

ROOT = Path(__file__).parents[1]
ORDER = ("survey", "analysis", "reports", "observatoire")
LONGEST_FILE, LONGEST_FUNCTION = 400, 60
OPENING = {"open", "scan_csv", "scan_parquet", "write_csv", "write_parquet", "write_bytes"}
OPENING |= {"read_text", "read_bytes", "read_csv", "read_parquet", "read_json", "write_text"}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
WRITTEN = {".py", ".lua", ".js", ".html", ".css", ".scss", ".typ", ".md", ".qmd", ".yml"}
# Written so that this file names none of them itself.
HOSTS = re.compile(
    r"p[y]pi\.|python[h]osted|registry\.[ny]|js[d]elivr|un[p]kg|cdn[j]s|fonts\.g[os]"
)
MACHINE = re.compile(r"(?<![\w.:/~-])/(?:work|tmp|home|root|Users|mnt)/|\b[A-Z]:\\\\?Users")


def modules(root: Path) -> list[Path]:
    """Python files of the project itself."""
    found = [path for package in ORDER for path in (root / package).rglob("*.py")]
    return sorted([*found, *root.glob("*.py")])


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and first name of each import, those inside functions included."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." if node.level else (node.module or "").split(".")[0]


def import_faults(root: Path) -> list[str]:
    """Imports that run against survey -> analysis -> reports -> observatoire.py."""
    faults = []
    for path in modules(root):
        own = ORDER.index(path.relative_to(root).parts[0].removesuffix(".py"))
        for line, name in imported(path):
            later = name in ORDER and ORDER.index(name) > own
            if later or name in {".", "notebooks", "tests", "benchmarks"}:
                faults.append(f"{path.relative_to(root)}:{line} imports {name}")
    return faults


def test_imports_run_one_way():
    assert len(modules(ROOT)) > 50
    assert import_faults(ROOT) == []


@pytest.mark.parametrize(
    ("module", "line", "fault"),
    [
        ("survey/frames.py", "from analysis.estimation import estimate", "analysis"),
        ("analysis/tables.py", "import reports.figures as figures", "reports"),
        ("reports/pages.py", "def page():\n    import observatoire", "observatoire"),
        ("survey/formats/csv.py", "from .. import errors", "."),
        ("analysis/tables.py", "from notebooks import carnet", "notebooks"),
    ],
)
def test_an_import_against_the_current_is_found(tmp_path, module, line, fault):
    for name in ("survey/formats/csv.py", "analysis/tables.py", "reports/pages.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("from survey.errors import SurveyError\n", encoding="utf-8")
    (tmp_path / "observatoire.py").write_text("from reports import pages\n", encoding="utf-8")
    assert import_faults(tmp_path) == []
    (tmp_path / module).write_text(line + "\n", encoding="utf-8")
    number = line.count("\n") + 1
    assert import_faults(tmp_path) == [f"{module}:{number} imports {fault}"]


def openings(path: Path) -> list[str]:
    """Calls of a module that open a file."""
    calls = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    names = [
        call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls
    ]
    return [f"{path.name}: {name}" for name in names if name in OPENING]


def test_the_analysis_opens_no_file(tmp_path):
    assert [call for path in (ROOT / "analysis").glob("*.py") for call in openings(path)] == []
    planted = tmp_path / "planted.py"
    planted.write_text("Path('a').open()\nopen('a')\npl.read_csv('a')\n", encoding="utf-8")
    assert len(openings(planted)) == 3


def place_codes() -> set[str]:
    """Codes of the region and of its départements."""
    region = yaml.safe_load((ROOT / "data/reference/region.yml").read_text(encoding="utf-8"))
    return {region["code"], *(each["code"] for each in region["departements"])}


def test_no_module_knows_the_region():
    codes = place_codes()
    assert len(codes) == 6
    known = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value}"
        for path in modules(ROOT)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and node.value in codes
    ]
    assert known == []


def without_examples(path: Path) -> str:
    """The text of a file; of a module, without comments and docstrings, where a place may be told.

    Of a script or a sheet of style, without the lines that are a comment.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        whole = ast.parse(text)
        for node in ast.walk(whole):
            if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False):
                node.body[0].value.value = ""
        return ast.unparse(whole)
    return "\n".join(x for x in text.split("\n") if not x.lstrip().startswith(("//", "--", "#")))


def test_nothing_but_data_names_a_place_of_the_region():
    assert place_named("un établissement d’Angers") and not place_named("angersoise")
    kinds = ("survey/*", "analysis/*", "reports/*", "observatoire.py", "index.qmd")
    regional = ROOT / "survey/instruments/modules/region.yml"
    records = ROOT / "survey/instruments/editions"
    known = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in committed(*kinds)
        if path.suffix in WRITTEN and path != regional and not path.is_relative_to(records)
        if (found := place_named(without_examples(path)))
    ]
    assert known == []


def test_questionnaires_offer_the_departements_of_the_region():
    region = yaml.safe_load((ROOT / "data/reference/region.yml").read_text(encoding="utf-8"))
    path = ROOT / "survey/instruments/modules/region.yml"
    offered = yaml.safe_load(path.read_text(encoding="utf-8"))["lists"]["departements"]
    assert offered == [
        {"code": each["code"], "label": each["nom"]} for each in region["departements"]
    ]


def test_the_analysis_knows_no_year():
    years = [
        f"{path.name}:{node.lineno} {node.value}"
        for path in (ROOT / "analysis").glob("*.py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and node.value in range(2015, 2040)
    ]
    assert years == []


def committed(*patterns: str) -> list[Path]:
    """Files under git, those still to be added included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.skip("pas de dépôt git ici : la liste des fichiers suivis est inconnue")
    return [ROOT / name for name in run.stdout.splitlines() if (ROOT / name).is_file()]


def test_files_and_functions_stay_short():
    long = []
    for path in committed("*.py"):
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > LONGEST_FILE:
            long.append(f"{path.relative_to(ROOT)}: {lines} lines")
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = node.end_lineno - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}: {node.name}, {length} lines")
    assert long == []


def address_faults(text: str) -> list[str]:
    """Machine paths and addresses of registries or content networks."""
    return HOSTS.findall(text) + MACHINE.findall(text)


def test_committed_files_name_no_machine_and_no_registry():
    faults = []
    for path in committed():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path != Path(__file__):
            faults += [f"{path.relative_to(ROOT)}: {fault}" for fault in address_faults(text)]
    assert faults == []


@pytest.mark.parametrize(
    "text",
    [
        "/".join(("open('", "work", "main", "x')")),
        "/".join(("cd ", "tmp", "essai")),
        "C:\\Users\\moi",
        "".join(("https://cdn.js", "delivr.net/npm/vega")),
    ],
)
def test_a_machine_path_or_a_registry_is_found(text):
    assert address_faults(text)


def test_microdata_is_never_committed():
    names = [path.relative_to(ROOT).as_posix() for path in committed()]
    assert [name for name in names if "/private/" in name or name.endswith(".parquet")] == []
    assert [name for name in names if name.startswith(("_build/", "_site/"))] == []
