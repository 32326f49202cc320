"""A small survey described by a SPEC.yml, and both verbs run on it, for the tests of `computed`."""

from pathlib import Path

import polars as pl

import observatoire

KEYS = ["statistique", "variable", "modalite", "domaine_type", "domaine"]
HEADING = "rang;région;poids net;u.s;âge;salarié;groupe;vide"
ROWS = """01;Nord;1,5;oui;20;TRUE;a;
02;Nord;0,5;non;40;FALSE;a;
03;Nord;1;oui;30;TRUE;b;
04;Sud;2;oui;50;FALSE;b;
05;Sud;1;NA;NA;TRUE;a;
06;Sud;1;non;60;;a;
07;Sud;2;non;45;FALSE;b;"""
SMALL = {
    "donnees": "enquête.csv",
    "plan": "{poids: poids net, strates: région}",
    "cibles": "[{statistique: moyenne, variable: âge}]",
    "domaines": "[ensemble, région]",
}


def write_survey(folder: Path) -> Path:
    """The folder, with the survey in it as a French spreadsheet writes it."""
    (folder / "enquête.csv").write_bytes(f"{HEADING}\r\n{ROWS}\r\n".encode("cp1252"))
    return folder


def plain(text: str) -> str:
    """A message with ordinary spaces."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def run(capsys, verb: str, spec: Path, output: Path) -> str:
    """What a verb that must succeed says."""
    assert observatoire.main([verb, str(spec), "--sortie", str(output)]) == 0, capsys.readouterr()
    return plain(capsys.readouterr().out)


def fails(capsys, verb: str, spec: Path, output: Path) -> str:
    """Message of a verb that must fail: code 2, French, nothing written."""
    before = sorted(spec.parent.iterdir())
    assert observatoire.main([verb, str(spec), "--sortie", str(output)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "Traceback" not in err
    assert sorted(spec.parent.iterdir()) == before
    return plain(err[err.index("Erreur") :].strip())


def written(folder: Path, name: str, **parts: str) -> Path:
    """A SPEC.yml of the parts given."""
    path = folder / name
    lines = [f"{key}: {value}\n" for key, value in parts.items() if value is not None]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def described(
    folder: Path, data: dict, margins: str | None = None, file: str = "d.csv", **parts: str
) -> Path:
    """A SPEC.yml on a file of these columns: the mean of `y` weighed by `w`, unless told."""
    table = pl.DataFrame(data, strict=False)
    table.write_csv(folder / file) if file.endswith("csv") else table.write_parquet(folder / file)
    if margins is not None:
        (folder / "m.csv").write_text(margins, encoding="utf-8")
        parts.setdefault("calage", "{marges: m.csv}")
    own = {"donnees": file, "plan": "{poids: w}"}
    own["cibles"] = "[{statistique: moyenne, variable: y}]"
    return written(folder, "s.yml", **own | parts)


def results(path: Path) -> pl.DataFrame:
    """The results, names as text."""
    return pl.read_csv(path, schema_overrides=dict.fromkeys(KEYS, pl.String))


def computed(capsys, folder: Path, **parts: str) -> pl.DataFrame:
    """Results of the small survey, other parts than its own replaced."""
    run(capsys, "calculer", written(folder, "s.yml", **SMALL | parts), folder / "r.csv")
    return results(folder / "r.csv")


def cell(cells: pl.DataFrame, domain: str = "ensemble", level: str | None = None) -> dict:
    kept = cells.filter(pl.col("domaine") == domain, pl.col("modalite").eq_missing(level))
    return kept.row(0, named=True)
