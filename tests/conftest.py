"""A small campaign of two simulated editions, estimated once for every test that reads results."""

import shutil
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from reports import pipeline

# No example is timed: a busy machine fails no test.
settings.register_profile("observatoire", settings(), deadline=None)
settings.load_profile("observatoire")

ROOT = Path(__file__).parents[1]
SAMPLE = "taille_echantillon: 3000"


SAW_THE_SITE = {"test_accessibility.py", "test_layout.py", "test_network.py", "test_words.py"}


class OneVisit(LoadFileScheduling):
    """Each file stays on one process; those that ask for `seen` on one and the same.

    They share the one visit of every page, which keeps both processors busy.
    """

    def _split_scope(self, nodeid: str) -> str:
        name = nodeid.partition("::")[0].rpartition("/")[2]
        return "seen" if name in SAW_THE_SITE else name


def pytest_xdist_make_scheduler(config, log) -> OneVisit:
    """How tests are shared out when `--numprocesses` asks for several processes."""
    return OneVisit(config, log)


def copy_project(root: Path, editions: tuple[int, ...]) -> Path:
    """The files a campaign rests on, with a sample small enough for a test."""
    for name in ("survey", "data"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for decided in ROOT.glob("reports/*/_metadata.yml"):
        copy = root / decided.relative_to(ROOT)
        copy.parent.mkdir(parents=True)
        shutil.copyfile(decided, copy)
    for year in editions:
        place = Path("campaigns", str(year), "entreprises")
        (root / place).mkdir(parents=True)
        text = (ROOT / place / "campaign.yml").read_text(encoding="utf-8")
        assert "taille_echantillon: 7000" in text
        text = text.replace("taille_echantillon: 7000", SAMPLE)
        (root / place / "campaign.yml").write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def copied(tmp_path) -> Path:
    """A project of one edition, nothing done yet."""
    return copy_project(tmp_path / "projet", (2025,))


@pytest.fixture(scope="session")
def estimated(tmp_path_factory) -> Path:
    """A project whose two editions are estimated; to be read, never written."""
    root = copy_project(tmp_path_factory.mktemp("campagnes") / "projet", (2025, 2026))
    for campaign in pipeline.campaigns(root):
        for step in pipeline.STEPS.values():
            assert step(campaign)
    return root
