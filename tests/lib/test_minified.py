from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.base import ContentFile

from hafiportrait.lib.minified import MinifiedStaticFilesStorage, minify_script, minify_sheet

SHEETS = sorted((Path(settings.BASE_DIR) / "static" / "css").glob("*.css"))


SCRIPTS = [
    *sorted((Path(settings.BASE_DIR) / "static" / "js").glob("*.js")),
    Path(settings.BASE_DIR) / "templates" / "sw.js",
]
# A parser's words of each text that it is given: the minifier is none, and must change no word.
TOKENS = """
import { tokenizer } from "acorn";
import { readFileSync } from "node:fs";
const options = { ecmaVersion: "latest", sourceType: "module" };
const read = (text) => [...tokenizer(text, options)].map((t) => [t.type.label, t.value ?? ""]);
console.log(JSON.stringify(JSON.parse(readFileSync(0)).map(read)));
"""


def tokens(texts: list[str]) -> list[list[list[Any]]]:
    """Return the tokens of some JavaScript, in pairs of kind and value."""
    root = Path(settings.BASE_DIR)
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", TOKENS],
        input=json.dumps(texts),
        cwd=root,
        env=os.environ | {"PATH": f"{os.environ['PATH']}:{root / '.venv' / 'bin'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[list[list[Any]]] = json.loads(done.stdout)
    return found


@pytest.fixture
def storage(tmp_path: Path) -> StaticFilesStorage:
    return MinifiedStaticFilesStorage(location=tmp_path)


def save(storage: StaticFilesStorage, name: str, text: str) -> str:
    storage.save(name, ContentFile(text.encode()))
    return Path(storage.path(name)).read_text()


def test_our_scripts_lose_comments_and_indentation(storage: StaticFilesStorage) -> None:
    assert save(storage, "js/a.js", "// why\nlet a = `b  c`;\n  a += 1;\n") == "let a=`b  c`;a+=1;"


def test_our_sheets_lose_comments_and_indentation(storage: StaticFilesStorage) -> None:
    text = save(storage, "css/a.css", "/* why */\na {\n  width: calc(1px + 2px);\n}\n")

    assert text == "a{width:calc(1px + 2px)}"


def test_a_file_that_was_read_before_is_saved_whole(storage: StaticFilesStorage) -> None:
    content = ContentFile(b"let a = 1;")
    content.read()
    storage.save("js/a.js", content)

    assert Path(storage.path("js/a.js")).read_text() == "let a=1;"


@pytest.mark.parametrize("name", ["vendor/x/x.js", "admin/js/x.js", "rest/x.css", "js/x.txt"])
def test_files_of_others_stay_as_they_are(storage: StaticFilesStorage, name: str) -> None:
    assert save(storage, name, "/* licence */\na  b\n") == "/* licence */\na  b\n"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_script_says_the_same_as_before(path: Path) -> None:
    source = path.read_text()

    before, after = tokens([source, minify_script(source)])

    assert len(before) > 10
    assert after == before


def test_what_the_minifier_would_spoil_is_found() -> None:
    source = "let a = `${f(`${b} ${c}`)}`;"

    before, after = tokens([source, minify_script(source)])

    assert after != before


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_every_sheet_keeps_its_rules(path: Path) -> None:
    minified = minify_sheet(path.read_text())

    assert minified.count("{") == minified.count("}") == path.read_text().count("{")
