"""Whether an HDF5 file holds all of its data itself.

HDF5 can keep data in other files, which the reader then opens wherever they are: external storage of a dataset, virtual
datasets, links to objects of other files. MATLAB writes none of these, and a MAT file from elsewhere must not bring in what
is none of its business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stamps.errors import WorkspaceError

if TYPE_CHECKING:
    import h5py

    from stamps._typing import StrPath


__all__ = ["check_inside"]


def check_inside(path: StrPath) -> None:
    """WorkspaceError, which names the object and the other file, if a part of an HDF5 file is not in it."""
    import h5py

    with h5py.File(path) as file:
        waiting, seen = [file], set()
        while waiting:
            group = waiting.pop()
            address = h5py.h5o.get_info(group.id).addr
            if address in seen:
                continue
            seen.add(address)
            for name in group:
                waiting += _checked(path, group, name)


def _checked(path: StrPath, group: h5py.File | h5py.Group, name: str) -> list[h5py.Group]:
    """The groups to look into next: the member itself if it is one."""
    import h5py

    try:
        link = group.get(name, getlink=True)
    except TypeError:
        raise _refusal(path, group, name, "of a kind that a program defines") from None
    if isinstance(link, h5py.ExternalLink):
        raise _refusal(path, group, name, link.filename)
    if not isinstance(link, h5py.HardLink):
        return []  # to an object of this file, met under its own name
    member = group[name]
    if isinstance(member, h5py.Dataset):
        _check_dataset(path, group, name, member)
    return [member] if isinstance(member, h5py.Group) else []


def _check_dataset(path: StrPath, group: h5py.File | h5py.Group, name: str, dataset: Any) -> None:
    if dataset.external:
        raise _refusal(path, group, name, dataset.external[0][0])
    if dataset.is_virtual:
        sources = dataset.virtual_sources()
        raise _refusal(path, group, name, sources[0].file_name if sources else "nowhere")


def _refusal(path: StrPath, group: h5py.File | h5py.Group, name: str, where: str) -> WorkspaceError:
    whole = f"{group.name.rstrip('/')}/{name}".lstrip("/")
    return WorkspaceError(
        f"{path} keeps '{whole}' outside of itself ({where}): a MAT file must hold its data; load it where it comes from and "
        "save it again."
    )
