"""The page about HyP3, run as it is written: from the order to ``stamps 6 8``, with products of the simulator."""

import shlex

import pytest

from helpers import hyp3_products
from helpers.hyp3_orders import TOKEN, Orders, feature, scene, write_search
from helpers.page_snippets import blocks_of
from stamps import setparm
from stamps.cli.program import run
from stamps.frontends.hyp3_jobs import config
from stamps.workspace import Workspace

PAGE = "docs/howto/hyp3.md"


def lines():
    """Command lines of the page's blocks."""
    blocks = [block.text for block in blocks_of(PAGE) if block.language == "bash"]
    return [line for text in blocks for line in text.splitlines() if line.startswith("stamps ")]


def test_the_page_shows_the_whole_way():
    wanted = ("list", "dry-run", "submit", "watch", "status", "download", "retry", "credits", "prepare")
    assert all(any(line.startswith(f"stamps hyp3 {action}") for line in lines()) for action in wanted)
    assert lines()[-1] == "stamps 6 8"


@pytest.fixture
def orders(tmp_path, monkeypatch):
    pytest.importorskip("hyp3_sdk")
    made = Orders(tmp_path, monkeypatch)
    products = hyp3_products.simulated(tmp_path / "stack")
    made.server.products = {
        "_".join(one.split("T")[0] for one in path.name.split("_")[1:3]): path for path in products.iterdir()
    }
    names = [scene(day) for day in sorted({day for pair in made.server.products for day in pair.split("_")})]
    box = (14.0, 40.0, 15.0, 41.0)
    write_search(tmp_path / "stack.geojson", [feature(name, 10.0 * k, box) for k, name in enumerate(names)])
    (tmp_path / "granules.txt").write_text("\n".join(names))
    (tmp_path / "pairs.txt").write_text(f"{names[0]} {names[1]}\n{names[1]} {names[2]}\n")
    (tmp_path / "dates.txt").write_text("20180108 20180120\n20180120 20180201\n")
    (tmp_path / "accounts").write_text(f"alice:{TOKEN.replace('-', '.', 2).replace('-', '')}\n")
    (tmp_path / "accounts").chmod(0o600)
    made.server.users["token.of.alice"] = "alice"
    monkeypatch.setattr(config, "API", made.server.url)
    monkeypatch.chdir(tmp_path)
    with made.server:
        yield made


def test_the_page_runs_as_it_is_written(orders, capfd):
    for line in lines():
        command, *words = shlex.split(line)
        if words[:2] == ["6", "8"]:
            setparm("unwrap_grid_size", 80)  # the scene is 3 km wide
        assert run(command, words) == 0, (line, capfd.readouterr())
        if "submit" in words:
            orders.server.finish()
    assert len(orders.paid()) == len({*orders.paid()}) == 9
    assert Workspace(orders.folder).exists("scn_sb2") or Workspace(orders.folder).exists("scn2")
    assert not any(TOKEN.encode() in path.read_bytes() for path in (orders.folder / "jobs").rglob("*.json*"))
