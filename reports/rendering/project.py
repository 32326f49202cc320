"""What `_quarto.yml` says of the site: its pages, menu, metadata and files to carry along.

Reads the keys of Quarto that the fallback renderer honours; the others are Quarto's own business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from survey.errors import SurveyError

PROJECT_FILE = "_quarto.yml"
FOLDER_FILE = "_metadata.yml"
FOOTER_SIDES = ("left", "center", "right")
# Keys of `_quarto.yml` that describe the project, not a page.
PROJECT_KEYS = ("project", "website", "format", "filters")


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One entry of the navigation bar; `target` is a page address from the root of the site."""

    text: str
    target: str


@dataclass(frozen=True, slots=True)
class Project:
    """A Quarto website project; every path is relative to `root`, with forward slashes."""

    root: Path
    title: str
    render: tuple[str, ...] = ("**/*.qmd",)
    output: str = "_site"
    resources: tuple[str, ...] = ()
    menu: tuple[MenuItem, ...] = ()
    footer: str = ""
    footer_menu: tuple[MenuItem, ...] = ()
    filters: tuple[str, ...] = ()
    css: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


def load_project(root: Path) -> Project:
    """Read `_quarto.yml` at `root`; SurveyError when it is missing or is no website."""
    path = root / PROJECT_FILE
    if not path.is_file():
        raise SurveyError(
            f"{path}\u202f: fichier introuvable. Lancez la commande à la racine du projet, là où "
            f"se trouve {PROJECT_FILE}."
        )
    content = read_yaml(path)
    project, website = content.get("project") or {}, content.get("website") or {}
    if project.get("type") != "website":
        raise SurveyError(f"{path}\u202f: le rendu attend «\u202fproject: type: website\u202f».")
    html = (content.get("format") or {}).get("html") or {}
    return Project(
        root=root,
        title=str(website.get("title", "")),
        render=tuple(project.get("render") or ("**/*.qmd",)),
        output=project.get("output-dir", "_site"),
        resources=tuple(project.get("resources") or ()),
        menu=tuple(_menu(website)),
        footer=_footer(website),
        footer_menu=tuple(_footer_menu(website)),
        filters=tuple(content.get("filters") or ()),
        css=tuple(_as_list(html.get("css"))),
        metadata={key: value for key, value in content.items() if key not in PROJECT_KEYS},
    )


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping; SurveyError names file and line when it cannot be read."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", ligne {mark.line + 1}" if mark else ""
        raise SurveyError(
            f"{path}{line}\u202f: ce YAML ne se lit pas. Vérifiez le retrait."
        ) from error
    if not isinstance(content, dict):
        raise SurveyError(f"{path}\u202f: des clés «\u202fnom: valeur\u202f» sont attendues.")
    return content


def page_sources(project: Project) -> list[str]:
    """Sources of the pages in the order of `project: render`, each once.

    As Quarto, leaves out what starts with `_` or `.`, and the output folder.
    """
    found: dict[str, None] = {}
    for pattern in project.render:
        for path in sorted(project.root.glob(pattern)):
            relative = path.relative_to(project.root)
            hidden = any(part[0] in "_." for part in relative.parts)
            if path.suffix == ".qmd" and not hidden:
                found[relative.as_posix()] = None
    return list(found)


def page_address(source: str) -> str:
    """`reports/2026/index.qmd` -> `reports/2026/index.html`."""
    return str(PurePosixPath(source).with_suffix(".html"))


def relative_address(target: str, page: str) -> str:
    """Address of `target` as written in `page`, both from the root of the site."""
    depth = len(PurePosixPath(page).parent.parts)
    shared = 0
    for left, right in zip(
        PurePosixPath(page).parent.parts, PurePosixPath(target).parent.parts, strict=False
    ):
        if left != right:
            break
        shared += 1
    return "../" * (depth - shared) + "/".join(PurePosixPath(target).parts[shared:])


def folder_files(project: Project, source: str) -> list[Path]:
    """The `_metadata.yml` files that hold for a page, from the outermost folder inwards."""
    folder, files = project.root, []
    for part in PurePosixPath(source).parent.parts:
        folder = folder / part
        if (folder / FOLDER_FILE).is_file():
            files.append(folder / FOLDER_FILE)
    return files


def page_metadata(project: Project, source: str, front_matter: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of a page: project, then folders, then its front matter, each over the former."""
    layers = [read_yaml(path) for path in folder_files(project, source)]
    return reduce(merge, [*layers, front_matter], dict(project.metadata))


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` on top of `under`, mappings merged key by key."""
    merged = dict(under)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def _menu(website: Mapping[str, Any]) -> Iterator[MenuItem]:
    navbar = website.get("navbar") or {}
    for item in [*(navbar.get("left") or ()), *(navbar.get("right") or ())]:
        yield _menu_item(item)


def _menu_item(item: Mapping[str, Any]) -> MenuItem:
    return MenuItem(text=str(item["text"]), target=page_address(item["href"]))


def _footer(website: Mapping[str, Any]) -> str:
    footer = website.get("page-footer") or ""
    if isinstance(footer, str):
        return footer
    texts = (footer.get(side) for side in FOOTER_SIDES)
    return next((text for text in texts if isinstance(text, str)), "")


def _footer_menu(website: Mapping[str, Any]) -> Iterator[MenuItem]:
    footer = website.get("page-footer") or ""
    for side in () if isinstance(footer, str) else FOOTER_SIDES:
        if isinstance(footer.get(side), list):
            yield from map(_menu_item, footer[side])


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
