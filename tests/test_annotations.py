"""Signatures are typed: what ``tests/tools/annotations.py`` counts (``make lint`` asks mypy whether the types are right)."""

from pathlib import Path

from tools import annotations


def test_public_signatures_are_annotated():
    public = [each for each in annotations.signatures() if each.public]
    bare = [f"{each.name}: {', '.join(each.bare)}" for each in public if each.bare]
    assert len(public) > 1000
    assert not bare, "\n".join(bare)


def test_the_sheet_counts_arguments_and_results(tmp_path):
    module = tmp_path / "package" / "room" / "module.py"
    module.parent.mkdir(parents=True)
    module.write_text(
        "def public(a: int, b, *c, d: str = '') -> int: ...\n"
        "def _hidden(a): ...\n"
        "class Box:\n"
        "    def __init__(self, a: int): ...\n"
        "    @staticmethod\n"
        "    def of(a) -> int: ...\n"
    )
    found = {each.name.partition(":")[2]: each for each in annotations.signatures(tmp_path / "package")}
    assert found["public"].bare == ("b", "c") and found["public"].slots == 5 and found["public"].room == "room"
    assert found["_hidden"].bare == ("a", "return") and not found["_hidden"].public
    assert found["Box.__init__"].bare == ()
    assert found["Box.of"].bare == ("a",)
    assert annotations.share([found["public"]]) == 0.6


def test_types_are_shipped():
    package = Path(annotations.PACKAGE)
    assert (package / "py.typed").is_file()
