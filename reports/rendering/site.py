"""The site rendered without Quarto, from the same sources and to the same addresses."""

from __future__ import annotations

import filecmp
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reports.rendering.bundle import ensure_bundle
from reports.rendering.pandoc import ASSETS, LIBRARY, page_html
from reports.rendering.project import (
    Project,
    load_project,
    page_address,
    page_metadata,
    page_sources,
)
from reports.rendering.source import Source, read_source
from reports.rendering.stamps import (
    Grounds,
    Reads,
    Stamp,
    page_stamp,
    read_stamps,
    write_stamps,
)
from reports.rendering.subset import source_faults
from reports.steps import digest
from survey.errors import SurveyError
from survey.files import replace_file

STAMPS = Path("_build/render/stamps.json")
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Page:
    """A page to render: its source, its metadata and what it is made from."""

    source: Source
    metadata: dict[str, Any]
    stamp: Stamp

    @property
    def path(self) -> str:
        """Its source, from the project root."""
        return self.source.path


def render_site(
    root: Path,
    output: Path,
    *,
    pages: Sequence[str] | None = None,
    inputs: Iterable[Path] = (),
    progress: Progress | None = None,
) -> list[Path]:
    """Render the pages that changed into `output`; returns the files written, in menu order.

    Parameters
    ----------
    root : folder of `_quarto.yml`
    output : the site; pages and style are replaced there only when every page succeeded
    pages : sources to render, from `root`; all of `_quarto.yml` when None. Only then do files
        that nothing gives any more leave the site: it is rebuilt, nothing is kept in it by hand.
    inputs : files that any page with cells depends upon; a page names others under `inputs:` in
        its header
    progress : called with pages done, pages to do and the source just run

    Raises
    ------
    SurveyError : a source leaves the declared subset, a cell fails, a reference has no figure
    """
    project = load_project(root.resolve())
    known = page_sources(project)
    wanted = known if pages is None else list(pages)
    _check_known(wanted, known)
    stamps = read_stamps(root / STAMPS)
    stale = _stale(Grounds(project, tuple(inputs)), wanted, stamps, output)
    _check_subset(stale)
    with tempfile.TemporaryDirectory(prefix="rendu-", dir=_working_folder(root)) as folder:
        written = _render(project, stale, Path(folder), progress)
        _publish_files(Path(folder), output)
    carried = _publish_assets(project, output)
    if pages is None:
        _remove_strays(output, carried | {output / page_address(path) for path in known})
        stamps = {path: stamp for path, stamp in stamps.items() if path in known}
    write_stamps(root / STAMPS, stamps | {page.path: page.stamp for page in stale})
    return [output / path for path in written]


def _check_known(wanted: Sequence[str], known: Sequence[str]) -> None:
    unknown = [path for path in wanted if path not in known]
    if unknown:
        raise SurveyError(
            f"{unknown[0]} n’est pas une page du site. Pages connues\u202f: {', '.join(known)}."
        )


def _stale(
    grounds: Grounds, wanted: Sequence[str], stamps: dict[str, Stamp], output: Path
) -> list[Page]:
    return [
        _page(grounds, path)
        for path in wanted
        if not _is_fresh(grounds, path, stamps.get(path))
        or not (output / page_address(path)).is_file()
    ]


def _is_fresh(grounds: Grounds, path: str, last: Stamp | None) -> bool:
    if last is None or digest(grounds.project.root / path) != last.source:
        return False
    return page_stamp(grounds, path, last.reads) == last.stamp


def _page(grounds: Grounds, path: str) -> Page:
    source = read_source(grounds.project.root, path)
    metadata = page_metadata(grounds.project, path, source.front_matter)
    reads = Reads.of(source, metadata)
    own = digest(grounds.project.root / path)
    return Page(source, metadata, Stamp(own, reads, page_stamp(grounds, path, reads)))


def _check_subset(pages: Iterable[Page]) -> None:
    faults = [str(fault) for page in pages for fault in source_faults(page.source)]
    if faults:
        raise SurveyError(
            "Ces pages sortent de la partie de Quarto que l’observatoire sait rendre\u202f:\n  "
            + "\n  ".join(faults)
        )


def _render(
    project: Project, pages: Sequence[Page], folder: Path, progress: Progress | None
) -> list[str]:
    """Run the cells one page after the other while pandoc makes the pages already run."""
    with ExitStack() as stack:
        client = None
        if any(page.source.needs_kernel for page in pages):
            from reports.rendering.cells import kernel, run_page

            client = stack.enter_context(kernel(project.root))
        pool = stack.enter_context(ThreadPoolExecutor())
        made: list[Future[Path]] = []
        for page in pages:
            if client is not None and page.source.needs_kernel:
                execute = page.metadata.get("execute") or {}
                markdown = run_page(client, page.source, project.root, execute)
            else:
                markdown = "\n".join(line.text for line in page.source.lines) + "\n"
            made.append(pool.submit(page_html, project, page.path, markdown, page.metadata, folder))
            if progress:
                progress(len(made), len(pages), page.path)
        for future in made:
            future.result()
    return [page_address(page.path) for page in pages]


def _working_folder(root: Path) -> Path:
    folder = root / STAMPS.parent
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _publish_files(folder: Path, output: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            target = output / path.relative_to(folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)


def _publish_assets(project: Project, output: Path) -> set[Path]:
    """Copy style, scripts and resources; the resources' places in the site."""
    library = output / LIBRARY
    _copy_changed(ensure_bundle(project.root), library / "vega.js")
    for path in [*ASSETS.glob("*.css"), *ASSETS.glob("*.js"), *ASSETS.glob("fonts/*.woff2")]:
        _copy_changed(path, library / path.relative_to(ASSETS))
    _copy_changed(ASSETS / "fonts" / "OFL.txt", library / "fonts" / "OFL.txt")
    carried = set()
    for pattern in project.resources:
        for path in sorted(project.root.glob(pattern)):
            if path.is_file() and not path.is_relative_to(output.resolve()):
                carried.add(output / path.relative_to(project.root))
                _copy_changed(path, output / path.relative_to(project.root))
    return carried


def _copy_changed(path: Path, target: Path) -> None:
    if target.is_file() and filecmp.cmp(path, target):
        return
    replace_file(target, lambda file: shutil.copy2(path, file))


def _remove_strays(output: Path, kept: set[Path]) -> None:
    libraries = output / Path(LIBRARY).parts[0]
    for path in output.rglob("*"):
        if path.is_file() and path not in kept and not path.is_relative_to(libraries):
            path.unlink()
