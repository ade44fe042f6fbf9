"""A folder of products: which there are, whether they are whole, and whether they belong together.

Source: docs/method/hyp3.md, sections 1 and 3.
"""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stamps.errors import InputError
from stamps.frontends.hyp3.metadata import Metadata, read_metadata
from stamps.frontends.hyp3.names import GAMMA, ProductName, product_name

__all__ = ["Product", "all_names", "belonging", "found_products", "joined", "listed", "unused"]

_HALF_A_SCENE = 13.5  # s
_HALF_A_DAY = 43_200
_DAY = 86_400
_MOST_NAMED = 5
_LARGEST_TURN = 5.0  # degrees between headings of one track


@dataclass(frozen=True)
class Product:
    """A product on disk.

    Attributes
    ----------
    name : ProductName
    folder : Path
    metadata : Metadata
    """

    name: ProductName
    folder: Path
    metadata: Metadata

    def raster(self, tag: str) -> Path:
        """Path of a raster, whether it is there or not."""
        return self.folder / f"{self.name.text}_{tag}.tif"

    @property
    def bperp(self) -> float:
        """Baseline of the newer image minus the older one, m."""
        return -self.metadata.baseline if self.name.turned else self.metadata.baseline

    @property
    def sign(self) -> int:
        """What turns its phase into that of the newer image minus the older one."""
        return -1 if self.name.turned else 1

    @property
    def angle_tag(self) -> str:
        """The raster that gives the incidence angle: the look vector, else the ellipsoidal incidence."""
        return "lv_theta" if self.raster("lv_theta").is_file() else "inc_map_ell"


def listed(names: Iterable[str], most: int = _MOST_NAMED) -> str:
    """Names in a sentence; of very many the first ones."""
    names = list(names)
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def joined(wrong: Sequence[str]) -> str:
    """Several sentences as one; of very many the first ones."""
    more = len(wrong) - _MOST_NAMED
    text = "; ".join(sentence.rstrip(".") for sentence in wrong[:_MOST_NAMED])
    return text + (f"; and {more} more like these." if more > 0 else ".")


def all_names(folder: Path) -> list[ProductName]:
    """Names of all products of a folder.

    Raises
    ------
    InputError
        There are none.
    """
    return [name for name, _ in _names_in(folder)]


def found_products(folder: Path, keep: Callable[[ProductName], bool], extra_tags: Sequence[str] = ()) -> list[Product]:
    """The products of a folder, in the order of their dates.

    Parameters
    ----------
    folder : Path
    keep : callable
        ``keep(name)`` is False for products that are left out; nothing of these is read.
    extra_tags : sequence of str
        Rasters that are needed besides phase, coherence, heights and angles.

    Returns
    -------
    list of Product

    Raises
    ------
    InputError
        There are no products, some are not whole, or a pair is there twice.
    """
    names = _names_in(folder)
    products, wrong = [], []
    for name, place in names:
        if not keep(name):
            continue
        wrong += _missing(name, place, extra_tags)
        try:
            products.append(Product(name, place, read_metadata(place / f"{name.text}.txt", name)))
        except InputError as error:
            wrong.append(str(error))
        except OSError as error:
            wrong.append(f"{place / name.text}.txt cannot be read ({error.strerror})")
    if wrong:
        raise InputError(joined(wrong))
    products.sort(key=lambda product: (product.name.older, product.name.newer))
    _refuse_repeated(products)
    _refuse_lacking(products, "conncomp")
    return products


def _names_in(folder: Path) -> list[tuple[ProductName, Path]]:
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder: give the one that holds the unpacked products of HyP3.")
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror}).") from None
    names = [(name, path) for path in inside if path.is_dir() and (name := product_name(path.name))]
    folders = [path for path in inside if path.is_dir() and not _begun(path)]
    strange = [path.name for path in folders if not product_name(path.name) and _is_product(path)]
    if strange:
        raise InputError(
            f"{listed(strange)} in {folder} hold unwrapped phase under a name that is none of an interferometric product of "
            "HyP3: give them the names that they were delivered with, or take them away."
        )
    if not names:
        zipped = [path.name for path in inside if path.suffix == ".zip" and product_name(path.stem)]
        hint = f"unpack its {len(zipped)} zip files first" if zipped else "give the one that holds their folders"
        raise InputError(f"{folder} holds no unpacked interferometric product of HyP3: {hint}.")
    return names


def _is_product(path: Path) -> bool:
    return any(path.glob("*_unw_phase.tif"))


def _begun(path: Path) -> ProductName | None:
    """The product that a download is about to unpack there, or has left there when it was cut off."""
    name = path.name
    return product_name(name[1:].removesuffix(".part").removesuffix(".before")) if name.startswith(".") else None


def unused(folder: Path, keep: Callable[[ProductName], bool]) -> list[str]:
    """What to say of products of a folder that are not used because they do not lie in folders of their own.

    Parameters
    ----------
    folder : Path
        It holds products.
    keep : callable
        As for :func:`found_products`.

    Returns
    -------
    list of str
        Whole sentences; a product that is there as it should be, too, is not named.
    """
    found: dict[str, set[str]] = defaultdict(set)

    def note(why: str, name: ProductName | None) -> None:
        if name is not None and keep(name) and not (folder / name.text).is_dir():
            found[why].add(name.text)

    for path in folder.iterdir():
        if path.suffix == ".zip":
            note("they are zip files that were not unpacked", product_name(path.stem))
        elif path.name.endswith("_unw_phase.tif"):
            note(
                "their rasters do not lie in a folder of the name",
                product_name(path.name.removesuffix("_unw_phase.tif")),
            )
        elif path.is_symlink() and not path.exists():
            note("they are links that lead nowhere", product_name(path.name))
        elif path.is_dir():
            note("their download goes on or was cut off (stamps hyp3 download)", _begun(path))
            if not product_name(path.name):
                for inner in _inside(path):
                    note(f"they lie deeper, in {path}", product_name(inner.name) if inner.is_dir() else None)
    return [f"Not used are {listed(sorted(names))}: {why}." for why, names in sorted(found.items())]


def _inside(folder: Path) -> list[Path]:
    """What lies in a folder; nothing where that cannot be told."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _missing(name: ProductName, place: Path, extra_tags: Sequence[str]) -> list[str]:
    """A sentence about the files that a product lacks, if any."""
    tags = ["unw_phase", "corr", "dem", *extra_tags]
    absent = [tag for tag in tags if not (place / f"{name.text}_{tag}.tif").is_file()]
    angles = ["lv_theta", "inc_map_ell"] if name.type == GAMMA else ["lv_theta"]
    if not any((place / f"{name.text}_{tag}.tif").is_file() for tag in angles):
        absent.append(" or ".join(angles))
    if not absent:
        return []
    return [f"{place} lacks the raster{'s' if len(absent) > 1 else ''} {', '.join(absent)}: order or unpack it again"]


def _refuse_repeated(products: Sequence[Product]) -> None:
    """Refuse two products of one pair."""
    of_pairs = defaultdict(list)
    for product in products:
        of_pairs[product.name.pair].append(product.name.text)
    wrong = [f"{pair} ({', '.join(names)})" for pair, names in of_pairs.items() if len(names) > 1]
    same = [product.name.text for product in products if product.name.first == product.name.second]
    if same:
        raise InputError(
            f"{listed(same)}: both images are of one date, so there is nothing between them; take it away."
        )
    if wrong:
        raise InputError(f"There is more than one product of {listed(wrong)}: keep one of each.")


def _refuse_lacking(products: Sequence[Product], tag: str) -> None:
    """Refuse products without a raster that others have: they would be judged more mildly."""
    lacking = [product.name.text for product in products if not product.raster(tag).is_file()]
    if 0 < len(lacking) < len(products):
        raise InputError(f"{listed(lacking)} lack the raster {tag}, which the others have: order or unpack them again.")


def belonging(products: Sequence[Product]) -> None:
    """Refuse products that are not of one type, track and frame.

    Parameters
    ----------
    products : sequence of Product

    Raises
    ------
    InputError
        Naming the odd ones.
    """
    _all_same(products, "type", lambda product: product.name.type, "use products of one type, their signs may differ")
    _all_same(products, "polarisation", lambda product: product.name.polarisation, "use one polarisation")
    _all_same(products, "pixel spacing", lambda product: f"{product.name.spacing} m", "order them with one spacing")
    frames = "a project holds one frame; order multi-burst products, which span frames"
    _all_same(products, "track and bursts", lambda product: product.name.place, frames)
    directed = [product for product in products if product.metadata.direction]
    _all_same(directed, "pass", lambda product: product.metadata.direction, "use one track")
    _one_frame(products, frames)
    _one_heading(products)


def _all_same(products: Sequence[Product], what: str, of: Callable[[Product], Hashable], advice: str) -> None:
    counts = Counter(of(product) for product in products)
    if len(counts) < 2:
        return
    (usual, number), *others = counts.most_common()
    odd = [f"{product.name.text} ({of(product)})" for product in products if of(product) != usual]
    raise InputError(
        f"The products are not all of one {what}: {number} {'is' if number == 1 else 'are'} of {usual}, {len(odd)} of "
        f"{', '.join(str(value) for value, _ in others)}, {listed(odd)}: {advice}."
    )


def _one_frame(products: Sequence[Product], advice: str) -> None:
    """Scenes of a frame begin at one time of the day; half a scene earlier or later is another frame or track."""
    times = [time for product in products for time in product.name.times]
    if not times:
        return
    middle = statistics.median_low(times)
    odd = [p.name.text for p in products if any(_apart(time, middle) > _HALF_A_SCENE for time in p.name.times)]
    if odd:
        raise InputError(
            f"The scenes of {listed(odd)} do not begin at the time of the day of the others, so they are of another track "
            f"or frame: {advice}."
        )


def _apart(time: int, other: int) -> int:
    return abs((time - other + _HALF_A_DAY) % _DAY - _HALF_A_DAY)


def _one_heading(products: Sequence[Product]) -> None:
    first = products[0].metadata.heading
    turns = [(p.metadata.heading - first + 180) % 360 - 180 for p in products]
    middle = statistics.median(turns)
    odd = [p.name.text for p, turn in zip(products, turns, strict=True) if abs(turn - middle) > _LARGEST_TURN]
    if odd:
        raise InputError(f"The headings of {listed(odd)} are not those of the others: use products of one track.")
