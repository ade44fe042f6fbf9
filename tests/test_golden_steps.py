"""Every step of ``ps_mini`` by itself, its second pass and its variants: every variable the reference wrote."""

import pytest

from stamps.errors import InputError
from stamps.verify import golden
from stamps.verify.file_comparison import WITHOUT_NODES, WITHOUT_SNAPHU
from stamps.verify.parity_jobs import NotThere, jobs_of, perform


def _jobs():
    try:
        jobs = jobs_of(golden.find_set("ps_mini", complete=True))
    except InputError:
        return []
    steps = [pytest.mark.essential]
    return [
        pytest.param(job, id=job.name, marks=steps if job.name.startswith("step") else [])
        for job in jobs
        if job.task != "chain"
    ]


def test_set_is_there(golden_dir):
    names = {parameter.id for parameter in _jobs()}
    assert golden_dir("ps_mini").is_dir()
    assert names >= {"prep", *(f"step {k}" for k in range(1, 9)), "pass2"}
    assert len(names) >= 35


@pytest.mark.parametrize("job", _jobs())
def test_agrees_with_reference(job, tmp_path, golden_dir):
    golden_dir("ps_mini")
    try:
        report = perform(job, tmp_path)
    except NotThere as error:
        pytest.skip(str(error))
    assert report.ok, report.text()
    skipped = [
        row for row in report.rows if row.status == "skipped" and row.detail not in (WITHOUT_SNAPHU, WITHOUT_NODES)
    ]
    assert not skipped or job.variant == "merge_resample", report.text()
