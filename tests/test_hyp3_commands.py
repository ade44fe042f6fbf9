"""``stamps hyp3`` as users type it: from an order to products, exit statuses, one sentence for what is wrong."""

import json
import subprocess
import sys

import pytest

from helpers.hyp3_orders import TOKEN, Orders, burst, days, feature, scene, write_search
from stamps.cli.program import run

DAYS = days(5)


@pytest.fixture
def orders(tmp_path, monkeypatch):
    pytest.importorskip("hyp3_sdk")
    made = Orders(tmp_path, monkeypatch)
    monkeypatch.chdir(tmp_path)
    write_search(tmp_path / "stack.geojson", [feature(scene(day), 10.0 * k) for k, day in enumerate(DAYS)])
    with made.server:
        yield made


def stamps(*words):
    return run("stamps", [*map(str, words)])


def order(orders, *words, action="submit"):
    return stamps("hyp3", action, "--granules", "stack.geojson", *words, "--api", orders.server.url)


def test_from_an_order_to_products(orders, capsys):
    assert stamps("hyp3", "list", "--granules", "stack.geojson", "--connections", 1) == 0
    assert "20200103_20200115     12 days      10.0 m" in capsys.readouterr().out
    assert order(orders, "--connections", 1, action="dry-run") == 0
    out = capsys.readouterr().out
    assert "4 of 4 pairs would be ordered." in out and '"job_type": "INSAR_GAMMA"' in out
    assert not (orders.folder / "jobs").exists()
    assert order(orders, "--connections", 1, "--no-water-mask", "--phase-filter", 0.3) == 0
    assert "4 of 8 tasks handed over to hyp3" in capsys.readouterr().out
    assert orders.server.job("ifg_20200103_20200115")["job_parameters"]["phase_filter_parameter"] == 0.3
    assert stamps("hyp3", "status") == 3 and stamps("jobs", "status") == 3 and stamps("hyp3", "refresh", "--json") == 3
    capsys.readouterr()
    assert stamps("jobs", "list") == 0 and capsys.readouterr().out.split() == ["hyp3", "hyp3", "not", "finished", "4/8"]
    assert stamps("hyp3", "download") == 0
    assert "4 products have come" in capsys.readouterr().out
    assert stamps("hyp3", "watch", "--interval", 0.01) == 0 and stamps("jobs", "watch", "--interval", 0.01) == 0
    assert stamps("hyp3", "save", "hyp3", "kept.json") == 0 and stamps("hyp3", "load", "kept.json", "--read-only") == 0
    assert stamps("hyp3", "cancel") == 0 and stamps("hyp3", "retry") == 0
    assert stamps("hyp3", "credits", "--json") == 0
    assert TOKEN not in capsys.readouterr().out


def test_submit_and_wait(orders, capsys, monkeypatch):
    monkeypatch.setattr("stamps.frontends.hyp3_jobs.processor.Hyp3Processor.wait_interval", 0.01)
    assert order(orders, "--connections", 1, "--wait") == 0
    assert "download               SUCCEEDED  4/4" in capsys.readouterr().out
    orders.server.credits["alice"] = 10
    assert order(orders, "--connections", 2, "--wait") == 3
    assert order(orders, "--connections", 2) == 1
    assert "do not suffice" in capsys.readouterr().out


def test_a_project_without_some_pairs_of_the_job_says_so(orders, capsys, tmp_path):
    from helpers import hyp3_products

    products = hyp3_products.simulated(tmp_path / "stack", n_images=4)
    pairs = {"_".join(word.split("T")[0] for word in path.name.split("_")[1:3]): path for path in products.iterdir()}
    orders.server.products, absent = pairs, max(pairs)
    orders.server.outcomes[f"ifg_{absent}"] = "FAILED"
    names = [scene(day) for day in sorted({day for pair in pairs for day in pair.split("_")})]
    write_search(tmp_path / "stack.geojson", [feature(name) for name in names])
    (tmp_path / "pairs.txt").write_text("".join(f"{pair}\n" for pair in pairs))
    assert order(orders, "--pairs-file", "pairs.txt") == 0
    orders.server.finish()
    assert stamps("hyp3", "download") == 1
    capsys.readouterr()
    assert stamps("hyp3", "prepare") == 0
    said = f"Warning: 1 of {len(pairs)} pairs of the job hyp3 were not downloaded ({absent}): stamps hyp3 status tells why."
    assert said in capsys.readouterr().out
    assert stamps("hyp3", "prepare", "hyp3", "--workdir", "two words") == 0
    assert "next: stamps 6 8 --workdir 'two words'" in capsys.readouterr().out


def test_credits_without_a_job(orders, capsys):
    assert stamps("hyp3", "credits", "--api", orders.server.url) == 0
    assert "alice: 1000 credits\nINSAR_GAMMA: 20x4 10 credits, 10x2 15 credits" in capsys.readouterr().out


def test_the_type_is_told_by_the_names(orders, capsys):
    write_search(orders.folder / "b.geojson", [feature(burst(day)) for day in DAYS])
    assert stamps("hyp3", "submit", "--granules", "b.geojson", "--connections", 1, "--api", orders.server.url) == 0
    assert {job["job_type"] for job in orders.server.jobs.values()} == {"INSAR_ISCE_MULTI_BURST"}
    words = ["--granules", "b.geojson", "--connections", 1, "--api", orders.server.url, "--name", "x"]
    assert stamps("hyp3", "submit", *words, "--no-dem") == 1
    assert "no setting 'include_dem'" in capsys.readouterr().err
    assert stamps("hyp3", "submit", *words, "--type", "gamma") == 1
    assert "(type burst)" in capsys.readouterr().err


def test_what_happens_elsewhere(orders, capsys):
    order(orders, "--connections", 1)
    assert stamps("hyp3", "cancel") == 1 and "HyP3 cannot cancel: 4 pairs" in capsys.readouterr().err
    assert stamps("jobs", "cancel") == 1
    assert stamps("hyp3", "retry", "--all") == 1 and "paid for again" in capsys.readouterr().err
    assert stamps("hyp3", "retry", "--engine", "slurm") == 1 and "own machines" in capsys.readouterr().err
    assert stamps("hyp3", "status", "--log", "20200103_20200115") == 1


def test_without_credentials_status_says_how_it_stood(orders, capsys, monkeypatch):
    order(orders, "--connections", 1)
    monkeypatch.delenv("EARTHDATA_TOKEN")
    capsys.readouterr()
    assert stamps("hyp3", "status") == 3
    assert "HyP3 was not asked, this is how it stood at last" in capsys.readouterr().out
    assert stamps("hyp3", "retry") == 1 and "EARTHDATA_TOKEN" in capsys.readouterr().err
    pool = orders.folder / "pool"
    pool.write_text("alice:a.b.c\n")
    assert stamps("hyp3", "status", "--credential-pool", pool) == 3 and "chmod 600" in capsys.readouterr().out
    pool.chmod(0o600)
    orders.server.users["a.b.c"] = "alice"
    assert stamps("hyp3", "status", "--credential-pool", pool) == 3
    assert "not asked" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status", "why"),
    [
        (["submit"], 1, "in one way"),
        (["submit", "--connections", "2"], 1, "list of granules is missing"),
        (["submit", "--connections", "x"], 2, "invalid int"),
        (["submit", "--granules", "none", "--connections", "1"], 1, "none cannot be read"),
        (["submit", "--pairs-file", "none"], 1, "none cannot be read"),
        (["submit", "--granules", "stack.geojson", "--connections", "1", "--looks", "7x7"], 1, "20x4 or 10x2"),
        (["submit", "--granules", "stack.geojson", "--connections", "1", "--chunk", "0"], 1, "1 to 200"),
        (["submit", "--granules", "stack.geojson", "--connections", "1", "--prefix", "a b"], 1, "name_prefix"),
        (["submit", "--granules", "stack.geojson", "--connections", "1", "--name", "../x"], 1, "cannot be called so"),
        (["submit", "--granules", "stack.geojson", "--connections", "1", "--api", "http://a.b"], 1, "not encrypted"),
        (
            ["submit", "--granules", "stack.geojson", "--connections", "1", "--area", "1", "2"],
            1,
            "2 numbers instead of four",
        ),
        (["submit", "--granules", "stack.geojson", "--connections", "1", "--phase-filter", "2"], 1, "from 0 to 1"),
        (["submit", "--granules", "stack.geojson", "--connections", "1", "--max-workers", "0"], 2, "positive"),
        (["submit", "--granules", "stack.geojson", "--max-days", "nan"], 1, "above 0"),
        (["submit", "--granules", "stack.geojson", "--connections", "1", "--exclude", "x"], 1, "list of dates"),
        (["submit", "--granules", "stack.geojson", "--connections", "1", "--type", "rtc"], 2, "invalid choice"),
        (["submit", "--engine", "slurm"], 2, "unrecognized"),
        (["list", "--granules", "stack.geojson"], 1, "in one way"),
        (["status"], 1, "There is no job of hyp3"),
        (["status", "x"], 1, "There is no job x"),
        (["download"], 1, "There is no job of hyp3"),
        (["retry"], 1, "There is no job of hyp3"),
        (["watch", "--interval", "-1"], 2, "no number of seconds"),
        (["prepare"], 1, "There is no folder"),
        (["prepare", "none"], 1, "There is no folder none"),
        (["prepare", ".", "--unwrap", "never"], 1, ""),
        (["order"], 2, "invalid choice"),
        ([], 2, "required"),
    ],
)
def test_wrong_usage(orders, capsys, words, status, why):
    try:
        found = stamps("hyp3", *words)
    except SystemExit as error:
        found = error.code
    said = capsys.readouterr().err
    assert found == status and why in said and "Traceback" not in said and orders.paid() == []
    assert not (orders.folder / "jobs").exists()


def test_nothing_of_it_is_loaded_by_others():
    code = "import sys, stamps; from stamps.cli.program import run; run('stamps', ['--help']); "
    code += "print([m for m in ('hyp3_sdk', 'requests', 'asf_search') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert said.stdout.splitlines()[-1] == "[]"


def test_without_the_extra_one_sentence_says_what_to_install(orders, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "hyp3_sdk", None)
    assert order(orders, "--connections", 1) == 1
    assert "pip install 'stamps-insar[hyp3]'" in capsys.readouterr().err


def test_a_pipe_hears_nothing_else(orders):
    order(orders, "--connections", 1)
    orders.server.finish()
    command = [sys.executable, "-m", "stamps", "hyp3", "watch", "--json", "--interval", "0.1"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert said.stderr == "" and json.loads(said.stdout)["exit_status"] == 0
