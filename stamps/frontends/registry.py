"""Processors of interferograms whose data step 1 loads: the value of ``insar_processor`` -> its loaders and what they read.

Loaders are legacy scripts, which front ends do not import: they are named as text, ``module:function``, and the engine
(:mod:`stamps.run.engine`) looks them up.

Source: docs/method/conventions.md, section 7.5.
"""

from dataclasses import dataclass

from stamps.errors import ParameterError

__all__ = ["PROCESSORS", "Processor", "loader_of", "nothing_to_load", "processor_of"]


@dataclass(frozen=True)
class Processor:
    """Whose data they are and what loads them.

    Attributes
    ----------
    title : str
        Name for people.
    about : str
        What the loaders read, in words.
    single_master, small_baselines : str or None
        Loaders as ``module:function``, called with ``workdir``; None where there is none.
    big_endian : bool
        Whether candidate files have the byte order of Gamma's rasters instead of the machine's.
    takes_incidence : bool
        Whether the loaders take the incidence angles of the whole image first (an array, or None where there are none).
    merged : bool
        Whether projects begin with merged interferograms, so that there is nothing for steps 1 to 5 to do.
    """

    title: str
    about: str
    single_master: str | None
    small_baselines: str | None
    big_endian: bool = False
    takes_incidence: bool = False
    merged: bool = False


def _legacy(name: str) -> str:
    return f"stamps.legacy.{name}:{name}"


#: Value of ``insar_processor``, in lower case -> processor.
PROCESSORS = {
    "doris": Processor(
        "Doris", "text headers of the project (day.1.in …)", _legacy("ps_load_initial"), _legacy("sb_load_initial")
    ),
    "gamma": Processor(
        "Gamma",
        "headers .par and .base of the export",
        _legacy("ps_load_initial_gamma"),
        _legacy("sb_load_initial_gamma"),
        big_endian=True,
    ),
    "gsar": Processor("GSAR", "XML headers of the interferograms", _legacy("ps_load_initial_gsar"), None),
    "hyp3": Processor("HyP3", "nothing: its products come as interferograms", None, None, merged=True),
    "isce": Processor(
        "ISCE",
        "text headers of the project, inc_angle.raw, baselineGRID_*",
        _legacy("ps_load_initial_isce"),
        _legacy("sb_load_initial_isce"),
        takes_incidence=True,
    ),
    "snap": Processor(
        "SNAP",
        "headers .par and .base of the export, of Gamma's form",
        _legacy("ps_load_initial_gamma"),
        _legacy("sb_load_initial_gamma"),
        big_endian=True,
    ),
}


def processor_of(name: str) -> Processor:
    """The processor that a value of ``insar_processor`` names.

    Parameters
    ----------
    name : str
        Blanks around it and its case do not matter.

    Returns
    -------
    Processor

    Raises
    ------
    ParameterError
        No processor has this name.
    """
    known = PROCESSORS.get(name.strip().lower())
    if known is None:
        raise ParameterError(
            f"insar_processor is '{name}', which is no processor that step 1 can load; there are {', '.join(PROCESSORS)}: name "
            "the one that made the interferograms (setparm insar_processor NAME; processor.txt holds it for new projects)."
        )
    return known


def nothing_to_load(processor: Processor) -> str:
    """The sentence about steps 1 to 5 of a project that begins with merged interferograms."""
    return (
        f"{processor.title} delivers interferograms, and its projects begin with these, merged: there is nothing for steps 1 "
        "to 5 to do; go on with step 6 (stamps 6 8), or with step 7 where the unwrapped phase of the products was kept "
        "(stamps 7 8)."
    )


def loader_of(name: str, small_baselines: bool) -> str:
    """The loader of a processor's data.

    Parameters
    ----------
    name : str
        Value of ``insar_processor``.
    small_baselines : bool
        Pairs of images instead of a single master.

    Returns
    -------
    str
        ``module:function``.

    Raises
    ------
    ParameterError
        No processor has this name, or it has no loader, or none of small baselines.
    """
    processor = processor_of(name)
    if processor.single_master is None:
        raise ParameterError(nothing_to_load(processor))
    if not small_baselines:
        return processor.single_master
    if processor.small_baselines is None:
        raise ParameterError(
            f"insar_processor is '{name}', but there is no loader of small baselines for {processor.title} data: prepare a "
            "single-master stack, or the data of another processor."
        )
    return processor.small_baselines
