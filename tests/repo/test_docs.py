"""What the documents say of the repository is so: links, anchors, make targets, versions."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.makefile import missing_targets

ROOT = Path(__file__).resolve().parents[2]
MAX_PICTURE_BYTES = 200_000

FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^(?: {4}|\t).*$", re.MULTILINE)
COMMENT = re.compile(r"\s# .*$", re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?P<path>[^)#\s]*)#(?P<anchor>[^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(?P<text>.+?) *#*$", re.MULTILINE)
# Variables before it are fine; what ends in *, < or … stands for several targets.
MAKE = re.compile(r"(?:^|[;&|$] +)\s*(?:[A-Z_]+=\S+ )*make((?: [a-z][a-z-]*+(?![\w*<…/]))+)", re.MULTILINE)
DEBEZIUM = re.compile(r"\b\d+\.\d+\.\d+\.Final\b")
KAFKA = re.compile(
    r"(?:apache/kafka:|kafka_2\.13:|connect-runtime:|kafka-clients:)(?P<version>\d+\.\d+\.\d+)"
)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [file for file in files if file.is_file()]


DOCUMENTS = tracked("*.md")


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def code(text: str) -> Iterator[str]:
    """What a document shows as code: blocks, without comments, and what stands between backticks."""
    for block in FENCE.finditer(text):
        yield COMMENT.sub("", block.group())
    prose = FENCE.sub("", text)
    for part in (*INDENTED.finditer(prose), *INLINE.finditer(prose)):
        yield COMMENT.sub("", part.group()).strip("` ")


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to a document's headings."""
    found: set[str] = set()
    for heading in HEADING.finditer(FENCE.sub("", text)):
        kept = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading["text"]).lower())
        slug = kept.strip().replace(" ", "-")
        again = sum(1 for known in found if re.fullmatch(rf"{re.escape(slug)}(-\d+)?", known))
        found.add(f"{slug}-{again}" if again else slug)
    return found


def test_anchors_are_made_as_github_makes_them():
    text = "# A `code` heading, twice\n\n## Почта\n\n## Почта\n\n```sh\n# no heading\n```\n"
    assert anchors(text) == {"a-code-heading-twice", "почта", "почта-1"}


def test_anchors_in_links_exist():
    broken = [
        f"{document.relative_to(ROOT)}: {link['path']}#{link['anchor']}"
        for document in DOCUMENTS
        for link in LINK.finditer(FENCE.sub("", read(document)))
        if "://" not in link["path"]
        and link["anchor"] not in anchors(read(document.parent / link["path"] if link["path"] else document))
    ]
    assert broken == []


def test_targets_are_found_where_documents_name_them():
    text = (
        "Say `PORT=1 make up`, then\n\n    make lint test  # both; make it so\n\n"
        "or\n\n```sh\ngit pull && make down\n```\n`make logs-*`; to make sense of it.\n"
    )
    assert targets(text) == {"up", "lint", "test", "down"}


def targets(text: str) -> set[str]:
    return {target for part in code(text) for found in MAKE.finditer(part) for target in found[1].split()}


def test_every_make_target_that_a_document_names_exists():
    named = {target: document for document in DOCUMENTS for target in targets(read(document))}
    missing = missing_targets(named)
    assert sorted(f"{named[target].relative_to(ROOT)}: make {target}" for target in missing) == []


@pytest.mark.parametrize("picture", tracked("docs/pictures/*.png"), ids=lambda picture: picture.name)
def test_pictures_are_small(picture):
    assert picture.stat().st_size <= MAX_PICTURE_BYTES


def test_kafka_and_debezium_have_one_version_everywhere():
    """Compose, Kubernetes and the stack without Docker run the same (docs/upgrading.md raises it)."""
    files = [
        file
        for file in tracked("docker-compose*.yml", "debezium", "deploy", "docs/upgrading.md")
        if file.suffix != ".png"
    ]
    texts = [read(file) for file in files]
    assert len({found for text in texts for found in DEBEZIUM.findall(text)}) == 1
    assert len({found["version"] for text in texts for found in KAFKA.finditer(text)}) == 1
