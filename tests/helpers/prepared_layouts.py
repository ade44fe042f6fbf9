"""Simulated stacks in the layouts of the processors, prepared for step 1."""

from stamps.legacy.mt_prep import mt_prep
from stamps.legacy.mt_prep_gamma import mt_prep_gamma
from stamps.legacy.mt_prep_isce import mt_prep_isce
from stamps.legacy.mt_prep_snap import mt_prep_snap

OPTIONS = ["--preset", "tiny", "--lines", "50", "--samples", "60", "--n-images", "6", "--quiet"]


def prepare(folder, layout, network, master):
    """Prepare a stack; returns the project directory."""
    stack = folder / layout
    if layout == "doris":
        project = stack / f"INSAR_{master}"
        project = project / "SMALL_BASELINES" if network == "sb" else project
        mt_prep(workdir=project)
        return project
    project = folder / f"project_{layout}"
    project.mkdir()
    if layout == "isce":
        if network == "sb":
            names = sorted(path.name for path in (folder / "clean" / "SMALL_BASELINES").iterdir())
            (project / "small_baselines.list").write_text("".join(f"{name.replace('_', ' ')}\n" for name in names))
        mt_prep_isce(master, stack, workdir=project)
    else:
        (mt_prep_snap if layout == "clean" else mt_prep_gamma)(master, stack, workdir=project)
    return project
