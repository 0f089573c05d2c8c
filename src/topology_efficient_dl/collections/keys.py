"""Keys of cells: how a data set, a model, what was made of it, and a seed are joined to one path and told apart."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class CellKey:
    """One combination of data set, model and seed; of a compressed model also the variant that was made of it.

    Attributes
    ----------
    dataset : name of the data set
    model : name in the zoo, of a compressed model that of the dense one
    seed : of graphs the number of the draw, split or fold
    variant : name of the recipe that the model was made smaller by, None for a dense model

    Examples
    --------
    >>> key = CellKey.parse("GunPoint/inception_time.tucker/42")
    >>> key.model, key.variant, key.seed
    ('inception_time', 'tucker', 42)
    >>> str(key.dense)
    'GunPoint/inception_time/42'
    """

    dataset: str
    model: str
    seed: int
    variant: str | None = None

    @classmethod
    def parse(cls, key: str) -> CellKey:
        """The inverse of ``str``; also reads ``<dataset>/<model>/<seed>/<variant>``, as crossed with variants.

        Raises
        ------
        ValueError : it is no key of a cell
        """
        try:
            dataset, name, seed, *crossed = key.split("/")
            model, _, variant = name.rpartition(".") if "." in name and not crossed else (name, "", "")
            (variant,) = crossed or (variant,)
            return cls(dataset, model, int(seed), variant or None)
        except ValueError as error:
            raise ValueError(f"'{key}' is no key of a cell, expected <dataset>/<model>[.<variant>]/<seed>") from error

    def __str__(self) -> str:
        return f"{self.dataset}/{self.name}/{self.seed}"

    @property
    def name(self) -> str:
        """What tables and cards call the model: ``<model>``, or ``<model>.<variant>``."""
        return self.model if self.variant is None else compressed_name(self.model, self.variant)

    @property
    def dense(self) -> CellKey:
        """The cell of the dense model."""
        return replace(self, variant=None)


def compressed_name(model: str, variant: str) -> str:
    """How a compressed model is called: the dense model's name, a dot, the variant's.

    Examples
    --------
    >>> compressed_name("inception_time", "tucker")
    'inception_time.tucker'
    """
    return f"{model}.{variant}"


def dataset_of(key: str) -> str:
    """The data set of a key that begins with it.

    Examples
    --------
    >>> dataset_of("GunPoint/fcn/42"), dataset_of("GunPoint")
    ('GunPoint', 'GunPoint')
    """
    return key.partition("/")[0]


def dense_key(key: str) -> str:
    """The key of the dense model that a compressed one was made of.

    Examples
    --------
    >>> dense_key("GunPoint/inception_time.tucker/42")
    'GunPoint/inception_time/42'
    """
    return str(CellKey.parse(key).dense)


def variant_of(key: str) -> str | None:
    """The variant in the key of a compressed model, None in that of a dense one.

    Examples
    --------
    >>> variant_of("GunPoint/inception_time.tucker/42")
    'tucker'
    """
    return CellKey.parse(key).variant


def normal_key(key: str) -> str:
    """A key of a cell as ``str`` of `CellKey` writes it.

    Examples
    --------
    >>> normal_key("GunPoint/inception_time/42/tucker")
    'GunPoint/inception_time.tucker/42'
    """
    return str(CellKey.parse(key))
