"""Stores on SQLite and on PostgreSQL (a cluster of the machine's own package), and the site."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from respondents import visitors
from web_forms import SHAPES

from survey.collection.settings import Settings, Stores, default_settings, open_stores, with_base

PROGRAMS = [*Path("/usr/lib/postgresql").glob("*/bin"), Path("/usr/local/bin"), Path("/usr/bin")]
MISSING = "PostgreSQL est absent (initdb, pg_ctl) : ces essais n’ont pas tourné sur PostgreSQL."


def programs() -> Path | None:
    """The folder of PostgreSQL's server programs, the newest version first."""
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(PROGRAMS, reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Address of the base of a cluster made for these tests; it does not run as root."""
    place = programs()
    if place is None:
        if os.environ.get("OBSERVATOIRE_REQUIRE_POSTGRES") == "1":
            pytest.fail(MISSING, pytrace=False)
        pytest.skip(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="observatoire-pg-"))
    demoted = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if demoted:
        shutil.chown(folder, "postgres", "postgres")

    def run(*command: str) -> None:
        subprocess.run([*demoted, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL)

    data, log = str(folder / "data"), str(folder / "log")
    run(str(place / "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync")
    options = f"-k {folder} -c listen_addresses="
    run(str(place / "pg_ctl"), "-D", data, "-l", log, "-o", options, "-w", "start")
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        run(str(place / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, tmp_path) -> Settings:
    """Settings of a collection that has a base of its own."""
    made = default_settings(f"essai_{uuid4().hex[:12]}", tmp_path / "collecte", environment={})
    if request.param == "postgresql":
        made = with_base(made, request.getfixturevalue("postgresql"))
    return replace(made, is_open=True)


@pytest.fixture
def local_settings(tmp_path) -> Settings:
    """Settings on SQLite alone, for what does not depend on the base."""
    made = default_settings("essai", tmp_path / "collecte", environment={})
    return replace(made, is_open=True)


@pytest.fixture
def stores(settings) -> Iterator[Stores]:
    """Both stores, empty, for the questionnaire of every shape."""
    opened = open_stores(settings, SHAPES)
    yield opened
    opened.close()


@pytest.fixture
def local_stores(local_settings) -> Iterator[Stores]:
    """Both stores on SQLite."""
    opened = open_stores(local_settings, SHAPES)
    yield opened
    opened.close()


@pytest.fixture
def visitor(settings, stores):
    """Opens respondents of the questionnaire of every shape, each with a browser of its own."""
    return visitors(settings, SHAPES, stores)


@pytest.fixture
def local_visitor(local_settings, local_stores):
    """The same, on SQLite alone."""
    return visitors(local_settings, SHAPES, local_stores)
