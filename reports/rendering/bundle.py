"""The one script file that draws the interactive charts of the whole site."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from survey.files import write_text

BUNDLE = Path("_build/vega.js")


def ensure_bundle(root: Path) -> Path:
    """The file with Vega, Vega-Lite and Vega-Embed, made again when vl-convert changes."""
    path = root / BUNDLE
    header = f"/* Vega, Vega-Lite, Vega-Embed : vl-convert {version('vl-convert-python')} */\n"
    if not path.is_file() or not _starts_with(path, header):
        import vl_convert

        write_text(path, f"{header}(() => {{\n{vl_convert.javascript_bundle()}\n}})();\n")
    return path


def _starts_with(path: Path, header: str) -> bool:
    with path.open(encoding="utf-8") as content:
        return content.read(len(header)) == header
