"""Lazy collections: what a node computes is described first, and evaluated item by item when it is saved."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from topology_efficient_dl.collections.codecs import Codec
from topology_efficient_dl.collections.execution import SEQUENTIAL, run_all
from topology_efficient_dl.collections.fingerprint import fingerprint, method_identity
from topology_efficient_dl.collections.store import RECOMPUTE, ItemStore, Receipt
from topology_efficient_dl.errors import CellError, StorageError, did_you_mean
from topology_efficient_dl.params.training import ParallelParams

Value = TypeVar("Value")
Result = TypeVar("Result")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Item(Generic[Value]):
    """A value that can be had, and the fingerprint of all that it depends on."""

    fingerprint: str
    load: Callable[[], Value]
    method: str = "value"
    receipt: Receipt | None = None


class Collection(Mapping[str, Value], Generic[Value]):
    """Values by key, each loaded or computed only when it is asked for.

    Keys are paths such as ``"GunPoint"`` or ``"GunPoint/fcn/42"``.

    Examples
    --------
    >>> squares = Collection.of({"a": 2, "b": 3}).map(pow, 2)
    >>> squares["b"]
    9
    >>> list(squares.cross({"x": 10, "y": 20}))
    ['a/x', 'a/y', 'b/x', 'b/y']
    """

    def __init__(self, items: Mapping[str, Item[Value]], parallel: ParallelParams = SEQUENTIAL) -> None:
        self.items_by_key = dict(items)
        self.parallel = parallel

    @classmethod
    def of(cls, values: Mapping[str, Value]) -> Collection[Value]:
        """A collection of values at hand, each known by its content."""
        return cls({key: Item(fingerprint(value), _Constant(value)) for key, value in values.items()})

    def __getitem__(self, key: str) -> Value:
        """Load or compute one value.

        Raises
        ------
        KeyError : no such key
        """
        if key not in self.items_by_key:
            raise KeyError(f"no item '{key}'{did_you_mean(key, self.items_by_key) or '.'} There are {len(self)} items")
        return self.items_by_key[key].load()

    def __iter__(self) -> Iterator[str]:
        return iter(self.items_by_key)

    def __len__(self) -> int:
        return len(self.items_by_key)

    def __repr__(self) -> str:
        return f"Collection({len(self)} items: {', '.join(list(self)[:3])}{', ...' if len(self) > 3 else ''})"

    def map(self, function: Callable[..., Result], *arguments: Any, **how: Any) -> Collection[Result]:
        """Describe ``function(value, *arguments, **how)`` of every value.

        Positional arguments are part of what the results depend on; keyword arguments only say how to
        compute them (workers, progress bars) and do not enter the fingerprint.
        """
        method = _identity(function)
        return self._derive(
            {
                key: Item(
                    fingerprint(method, item.fingerprint, arguments),
                    _Call(function, item, arguments, how),
                    method,
                )
                for key, item in self.items_by_key.items()
            }
        )

    def cross(self, *axes: Mapping[str, Any]) -> Collection[tuple[Any, ...]]:
        """Every value with every combination of the axes' values, as tuples; keys are joined by '/'."""
        product: Collection[Any] = self.map(_as_tuple)
        for axis in axes:
            product = product._derive(
                {
                    f"{key}/{name}": Item(
                        fingerprint("cross", item.fingerprint, choice), _Call(_append, item, (choice,), {}), "cross"
                    )
                    for key, item in product.items_by_key.items()
                    for name, choice in axis.items()
                }
            )
        return product

    def join(self, other: Collection[Any], on: Callable[[str], str | None]) -> Collection[tuple[Any, ...]]:
        """Every tuple with one value of another collection appended: that at ``on(key)``, or None.

        Raises
        ------
        KeyError : ``on`` names a key that the other collection lacks
        """
        return self._derive({key: _joined(item, other, on(key)) for key, item in self.items_by_key.items()})

    def group(self, by: Callable[[str], str]) -> Collection[dict[str, Value]]:
        """Values with the same ``by(key)`` together, as dictionaries by their old keys."""
        groups: dict[str, dict[str, Item[Value]]] = {}
        for key, item in self.items_by_key.items():
            groups.setdefault(by(key), {})[key] = item
        return self._derive(
            {
                name: Item(fingerprint("group", {key: item.fingerprint for key, item in group.items()}), _Group(group))
                for name, group in groups.items()
            }
        )

    @classmethod
    def chain(cls, collections: Iterable[Collection[Value]]) -> Collection[Value]:
        """The items of several collections one after the other, evaluated as the last one says."""
        parts = list(collections)
        items = {key: item for part in parts for key, item in part.items_by_key.items()}
        return cls(items, parts[-1].parallel if parts else SEQUENTIAL)

    def suffixed(self, suffix: str) -> Collection[Value]:
        """The same items under ``<key>/<suffix>``."""
        return self._derive({f"{key}/{suffix}": item for key, item in self.items_by_key.items()})

    def renamed(self, name: Callable[[str], str]) -> Collection[Value]:
        """The same items under other keys.

        Examples
        --------
        >>> list(Collection.of({"a": 1}).renamed(str.upper))
        ['A']
        """
        return self._derive({name(key): item for key, item in self.items_by_key.items()})

    def filter(self, keep: Callable[[str], bool]) -> Collection[Value]:
        """The items whose key passes a test."""
        return self._derive({key: item for key, item in self.items_by_key.items() if keep(key)})

    def run_on(self, parallel: ParallelParams) -> Collection[Value]:
        """The same collection, evaluated in parallel when it is saved."""
        return Collection(self.items_by_key, parallel)

    def save(self, store: ItemStore, codec: Codec, *, name: str = "collection") -> Collection[Value]:
        """Compute what the store lacks, storing each item at once; return the stored collection.

        Items that are there but damaged are computed anew.

        Raises
        ------
        CellError : computing an item failed; names the item, and everything finished before it is kept
        StorageError : the store cannot be written
        """
        receipts = {key: _sound_receipt(item, store, codec) for key, item in self.items_by_key.items()}
        missing = {self.items_by_key[key].fingerprint: key for key, found in receipts.items() if found is None}
        logger.info("%s: %d cells, %d already done, %d to do", name, len(self), len(self) - len(missing), len(missing))
        work = [(key, self.items_by_key[key], store, codec, name) for key in missing.values()]
        done = {receipt.fingerprint: receipt for receipt in run_all(_compute, work, self.parallel, title=name)}
        return stored_collection(
            {key: found or done[self.items_by_key[key].fingerprint] for key, found in receipts.items()}, store, codec
        )

    def _derive(self, items: Mapping[str, Item[Any]]) -> Collection[Any]:
        return Collection(items, self.parallel)


def stored_collection(receipts: Mapping[str, Receipt], store: ItemStore, codec: Codec) -> Collection[Any]:
    """A collection of items that lie in a store."""
    return Collection(
        {
            key: Item(receipt.fingerprint, _Stored(receipt, store, codec), receipt.method, receipt)
            for key, receipt in receipts.items()
        }
    )


@dataclass(frozen=True)
class _Constant:
    value: Any

    def __call__(self) -> Any:
        return self.value


@dataclass(frozen=True)
class _Call:
    function: Callable[..., Any]
    item: Item[Any]
    arguments: tuple[Any, ...]
    how: Mapping[str, Any]

    def __call__(self) -> Any:
        return self.function(self.item.load(), *self.arguments, **self.how)


@dataclass(frozen=True)
class _Group:
    items: Mapping[str, Item[Any]]

    def __call__(self) -> dict[str, Any]:
        return {key: item.load() for key, item in self.items.items()}


@dataclass(frozen=True)
class _Pair:
    first: Item[Any]
    second: Item[Any]

    def __call__(self) -> tuple[Any, ...]:
        return (*self.first.load(), self.second.load())


@dataclass(frozen=True)
class _Stored:
    receipt: Receipt
    store: ItemStore
    codec: Codec

    def __call__(self) -> Any:
        data = self.store.read(self.receipt)
        try:
            return self.codec.decode(data)
        except Exception as error:  # any decoder, any damage: the item is named and can be made again
            raise StorageError(f"item {self.receipt.fingerprint} cannot be decoded: {error}; {RECOMPUTE}") from error


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _append(values: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    return (*values, value)


def _joined(item: Item[Any], other: Collection[Any], key: str | None) -> Item[tuple[Any, ...]]:
    if key is not None and key not in other:
        raise KeyError(f"no item '{key}'{did_you_mean(key, other)}")
    partner = Item("none", _Constant(None)) if key is None else other.items_by_key[key]
    return Item(fingerprint("join", item.fingerprint, partner.fingerprint), _Pair(item, partner), "join")


def _identity(function: Callable[..., Any]) -> str:
    try:
        return method_identity(function)
    except TypeError:  # builtins have no source
        return f"{function.__module__}:{function.__qualname__}"


def _sound_receipt(item: Item[Any], store: ItemStore, codec: Codec) -> Receipt | None:
    receipt = store.receipt(item.fingerprint)
    if receipt is None or receipt.suffix != codec.suffix:  # the same item in another format is another item
        return None
    try:
        store.read(receipt)
    except StorageError as error:
        logger.warning("%s", error)
        store.discard(receipt)
        return None
    return receipt


def _compute(key: str, item: Item[Any], store: ItemStore, codec: Codec, name: str) -> Receipt:
    started = time.perf_counter()
    try:
        data = codec.encode(item.load())
    except StorageError:
        raise
    except Exception as error:  # whatever a method raises, the cell it happened in must be named
        kind = "" if type(error).__module__.startswith("topology_efficient_dl") else f"{type(error).__name__}: "
        raise CellError(f"{name}, cell '{key}': {kind}{error}") from error
    seconds = time.perf_counter() - started
    return store.write(item.fingerprint, codec.suffix, data, seconds=seconds, method=item.method)
