"""Skeletons of Sentinel-1 products for tests: small stacks, and products that are damaged on purpose."""

import zipfile
from pathlib import Path

from stamps.simulation.plan import plan_stack
from stamps.simulation.safe_files import ProductLayout, write_products
from stamps.simulation.settings import Settings

#: Around the centre of the simulator's scene, longitude latitude longitude latitude.
AREA = (14.1, 40.7, 14.3, 40.9)


def stack_settings(**changes):
    """Settings of a small stack; only its dates, place and baselines count."""
    return Settings.of_preset("tiny", "unused", **{"n_images": 6, **changes})


def dates_of(settings):
    """Dates of the simulator's acquisitions."""
    return plan_stack(settings).acquisitions.names


def made_products(folder, settings=None, **layout):
    """Write products; returns date to paths."""
    return write_products(folder, settings or stack_settings(), ProductLayout(**layout))


def changed_zip(source, target, change):
    """Copy a zip file; ``change(name, content)`` gives the new content of a member, or None to leave it out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = change(info.filename, old.read(info))
            if content is not None:
                new.writestr(info.filename, content)
    return Path(target)


def replaced(name_part, old, new):
    """A change for :func:`changed_zip`: text of the members whose names hold ``name_part``."""

    def change(name, content):
        if name_part not in name:
            return content
        assert old.encode() in content, f"{old} is not in {name}"
        return content.replace(old.encode(), new.encode(), 1)

    return change
