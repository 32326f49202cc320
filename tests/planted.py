"""HTML, a script and a handler typed in every text that a project lets one type."""

from pathlib import Path

import polars as pl
import yaml

SIGN = "alert(20261"
PLANTED = (
    f'<img src=x onerror="{SIGN}1)"></script><script>{SIGN}2)</script><svg onload={SIGN}3)>'
    f'" autofocus onfocus="{SIGN}4)'
)
MARKDOWN = f' [lien]{{onclick="{SIGN}5)"}} {{value}} {{rien}}'  # a questionnaire refuses braces
TEXTS = {"title", "help", "heading", "note", "reference", "who", "why", "retention"}
TEXTS |= {
    "covers",
    "field",
    "superlative",
    "differs",
    "source",
    "quoi",
    "statut",
    "adresse",
    "nom",
    "nom_court",
}
TEXTS |= {"locatif", "genitif", "masculin", "feminin", "titre", "but", "texte", "acteurs", "mode"}
LABELS = {"label", "short", "one", "many", "verb", "name", "text"}  # bounded in a questionnaire
COLUMNS = ("indicateur", "source", "champ_definition", "note", "base", "document_lu")
COLUMNS += ("nom", "nom_court", "locatif", "genitif")
FILES = (
    *("data/reference/region.yml", "data/reference/preconisations.yml", "data/quality/*.yml"),
    *("data/indicators/*.yml", "survey/instruments/*.yml", "campaigns/2026/*/campaign.yml"),
    *("data/reference/comparators.csv", "data/reference/territoires.csv"),
    "data/reference/communes.csv",
)


def plant(root: Path) -> int:
    """Type it in the texts of a project; how many texts."""
    return sum(_planted(path) for pattern in FILES for path in sorted(root.glob(pattern)))


def _planted(path: Path) -> int:
    if path.suffix == ".csv":
        table = pl.read_csv(path, infer_schema=False)
        names = [name for name in COLUMNS if name in table.columns]
        table.with_columns(pl.col(names) + f" {PLANTED}{MARKDOWN}").write_csv(path)
        return int(table.select(pl.sum_horizontal(pl.col(names).count())).item())
    asked = "instruments" in path.parts
    keys, text = (TEXTS, PLANTED) if asked else (TEXTS | LABELS, PLANTED + MARKDOWN)
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    content, count = _typed(read, "", lambda key, typed: f"{typed} {text}" if key in keys else None)
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=10_000)
    path.write_text(text, encoding="utf-8")
    return count


def _typed(value, key: str, change):
    """The value with its texts changed, and how many were."""
    if isinstance(value, dict):
        made = {name: _typed(item, name, change) for name, item in value.items()}
        return {name: item for name, (item, _) in made.items()}, sum(n for _, n in made.values())
    if isinstance(value, list):
        made = [_typed(item, key, change) for item in value]
        return [item for item, _ in made], sum(n for _, n in made)
    changed = change(key, value) if isinstance(value, str) else None
    return (value, 0) if changed is None else (changed, 1)
