"""The Python cells of many pages run in one kernel, each page in a clean namespace.

Follows Quarto: cells and inline code in order, working folder at the root of the project, inline
values written as Markdown when they have a Markdown form and as plain escaped text otherwise.
What a page leaves behind in modules (a registered theme, a setting) is not undone for the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports.rendering.source import INLINE, Block, Line, Source, blocks
from survey.errors import SurveyError

if TYPE_CHECKING:
    from nbclient import NotebookClient

CELL_SECONDS = 600
DEFAULTS = {"echo": True, "eval": True, "include": True, "output": True}
# What Quarto would show with a script of another host, or as a file this renderer does not write.
REFUSED_RESULTS = ("text/html", "image/png", "image/svg+xml", "application/javascript")
ESCAPED = re.compile(r"\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[nrt])")
MARKDOWN_MARKS = re.compile(r"([\\`*_{}\[\]()>#+-.!])")  # as Quarto writes it, `+-.` is a range
NOTHING_WRITTEN = "Corrigez la page puis relancez\u202f; rien n’a été publié."


@contextmanager
def kernel(root: Path) -> Iterator[NotebookClient]:
    """A running Python kernel of this very environment, its working folder at `root`."""
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_core.utils import run_sync

    class OwnKernel(KernelSpecManager):
        """Finds this environment's kernel, whatever kernels the user has declared elsewhere."""

        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return KernelSpec(**get_kernel_dict())

    manager = AsyncKernelManager(kernel_spec_manager=OwnKernel())
    # Its English notice on local connections is not for a study officer.
    run_sync(manager.start_kernel)(extra_arguments=["--IPKernelApp.log_level=40"], cwd=str(root))
    # The kernel starts while what speaks to it is imported, as long on a second core.
    from nbclient import NotebookClient
    from nbformat.v4 import new_notebook

    client = NotebookClient(new_notebook(), timeout=CELL_SECONDS, km=manager)
    with client.setup_kernel(cleanup_kc=True):
        yield client


def run_page(client: NotebookClient, source: Source, root: Path, execute: dict[str, Any]) -> str:
    """The Markdown of a page, its cells replaced by what they print and show.

    `execute` holds the default options of its cells. Raises SurveyError, with page and line, for a
    cell that fails or shows what the declared subset does not have.
    """
    reset = f"%reset -f\nimport os\nos.chdir({str(root)!r})\ndel os"
    _execute(client, reset)
    parts = []
    for block in blocks(source):
        if block.kind == "cell":
            parts.append(_run_cell(client, block, {**DEFAULTS, **execute, **block.options}))
        elif block.kind == "prose":
            parts.append(_run_inline(client, block))
        else:
            parts.append(block.text)
    return "\n".join(parts) + "\n"


def _run_cell(client: NotebookClient, block: Block, options: dict[str, Any]) -> str:
    outputs = _execute(client, block.text, block) if options["eval"] else []
    if not options["include"]:
        return ""
    parts = []
    if options["echo"]:
        code = "\n".join(line.text for line in block.body[len(block.option_lines) :])
        parts.append(f"```{{.python .cell-code}}\n{code}\n```")
    if options["output"]:
        asis = options["output"] == "asis"
        parts.extend(_shown(output, block, asis=asis) for output in outputs)
    return "\n" + "\n\n".join(parts) + "\n"


def _execute(client: NotebookClient, code: str, block: Block | None = None) -> list[Any]:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from nbformat.v4 import new_code_cell

    cell = new_code_cell(code)
    client.nb.cells.append(cell)
    try:
        client.execute_cell(cell, len(client.nb.cells) - 1)
    except CellExecutionError as error:
        last = f"{error.ename}: {error.evalue}".rstrip(": ")
        raise _failure(block, last, cell.outputs) from error
    except CellTimeoutError as error:
        raise _failure(block, f"plus de {CELL_SECONDS} secondes de calcul", ()) from error
    except DeadKernelError as error:
        raise _failure(block, "le noyau Python s’est arrêté (mémoire ?)", ()) from error
    return cell.outputs


def _failure(block: Block | None, last: str, outputs: Any) -> SurveyError:
    if block is None:
        return SurveyError(f"Le noyau Python ne répond pas comme attendu\u202f: {last}.")
    line = _failing_line(block, outputs)
    name = f" «\u202f{block.options['label']}\u202f»" if "label" in block.options else ""
    return SurveyError(
        f"{line.where}\u202f: la cellule{name} a échoué.\n  {last}\n  {NOTHING_WRITTEN}"
    )


def _failing_line(block: Block, outputs: Any) -> Line:
    """The line of the cell that IPython blames, the first of the cell when it blames none."""
    for output in outputs:
        trace = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(output.get("traceback", ())))
        blamed = re.search(r"Cell In\[\d+\], line (\d+)", trace)
        if blamed and int(blamed[1]) <= len(block.body):
            return block.body[int(blamed[1]) - 1]
    return block.lines[0]


def _shown(output: Any, block: Block, *, asis: bool) -> str:
    if output["output_type"] == "stream":
        if output["name"] != "stdout":
            return ""
        return output["text"] if asis else _cell_output(_fenced(output["text"]))
    data = output.get("data", {})
    if "text/markdown" in data:
        return data["text/markdown"] if asis else _cell_output(data["text/markdown"])
    if any(kind in data for kind in REFUSED_RESULTS):
        raise SurveyError(
            f"{block.lines[0].where}\u202f: cette cellule montre un objet HTML ou une image.\n"
            "  Affichez du Markdown\u202f: «\u202f#| output: asis\u202f» et un bloc ```{=html} "
            f"imprimé, ou IPython.display.Markdown.\n  {NOTHING_WRITTEN}"
        )
    return _cell_output(_fenced(data.get("text/plain", "")))


def _cell_output(markdown: str) -> str:
    return f"::: {{.cell-output}}\n{markdown}\n:::"


def _fenced(text: str) -> str:
    return f"```\n{text.rstrip()}\n```"


def _run_inline(client: NotebookClient, block: Block) -> str:
    text = block.text
    found = list(INLINE.finditer(text))
    if not found:
        return text
    expressions = {str(index): match[2] for index, match in enumerate(found)}
    request = client.kc.execute("", user_expressions=expressions)
    results = client.wait_for_reply(request)["content"]["user_expressions"]
    parts, end = [], 0
    for index, match in enumerate(found):
        line = block.lines[text.count("\n", 0, match.start(2))]
        parts += [text[end : match.end(1)], _inline_value(results[str(index)], match[2], line)]
        end = match.end()
    return "".join([*parts, text[end:]])


def _inline_value(result: dict[str, Any], expression: str, line: Line) -> str:
    where = f"{line.where}\u202f: le code en ligne «\u202f{expression.strip()}\u202f»"
    if result["status"] != "ok":
        last = f"{result['ename']}: {result['evalue']}"
        raise SurveyError(f"{where} a échoué.\n  {last}\n  {NOTHING_WRITTEN}")
    data = result["data"]
    if "text/markdown" in data:
        return data["text/markdown"]
    plain = data.get("text/plain", "")
    quoted = len(plain) > 1 and plain[0] == plain[-1] and plain[0] in "'\""
    if not quoted:
        return plain
    if ESCAPED.search(plain):
        # Quarto would print the escape itself: repr() writes U+202F as six characters.
        raise SurveyError(
            f"{where} contient une espace fine ou un autre signe que Quarto écrirait {plain}.\n"
            "  Appelez d’abord reports.inline.strings_as_markdown() dans la page.\n"
            f"  {NOTHING_WRITTEN}"
        )
    return MARKDOWN_MARKS.sub(r"\\\1", plain[1:-1].replace("\\", "\\\\"))
