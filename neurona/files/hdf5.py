"""HDF5 files, examined before a number is read: kinds of links and objects, sizes, filters."""

import math
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5g, h5l, h5o, h5t, h5z  # pyright: ignore[reportAttributeAccessIssue]

from neurona.files.gate import Gate

_FILTERS = (h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32, h5z.FILTER_LZF)
_ATTRIBUTE = 64 * 1024  # bytes
_PIECES = 1000  # of a list that no single attribute holds


def open_hdf5(source: Any, gate: Gate) -> h5py.File:
    """Open a file for reading, after every object in it was examined.

    What lies in other files (external links and storage, virtual datasets), what has two names, and filters
    that would load a plug-in are refused; so are arrays that ask for more memory than the budget.

    Args:
        source: a path, or a binary stream.
        gate: of the file.

    Raises:
        FileNotFoundError: there is no such file.
        gate.error: it is not HDF5, is damaged, or holds any of these.
    """
    with gate.watching():
        file = h5py.File(source, "r")
        try:
            _examine(file.id, gate)
        except BaseException:
            file.close()
            raise
    return file


def _examine(root: Any, gate: Gate) -> None:
    """Walk over all objects, without following a link that is not a hard one."""
    waiting: list[tuple[Any, str, int]] = [(h5g.open(root, b"/"), "", 0)]
    met: set[int] = {h5o.get_info(waiting[0][0]).addr}
    while waiting:
        group, path, depth = waiting.pop()
        if depth > gate.budget.depth:
            raise gate.refusal(f"has groups nested deeper than {gate.budget.depth} levels.")
        gate.count(len(met) + group.get_num_objs(), "members", "objects")
        links: list[tuple[bytes, Any]] = []
        group.links.iterate(lambda name, link, links=links: links.append((name, link.type)), info=True)
        for name, kind in links:
            place = f"{path}/{name.decode('utf-8', 'replace')}"
            if kind != h5l.TYPE_HARD:
                raise gate.refusal("is a link to somewhere else. Links are not followed.", place)
            member = h5o.open(group, name)
            address = h5o.get_info(member).addr
            if address in met:
                raise gate.refusal("is a second name of another object. Links are not followed.", place)
            met.add(address)
            if isinstance(member, h5g.GroupID):
                waiting.append((member, place, depth + 1))
            elif isinstance(member, h5d.DatasetID):
                _examine_dataset(member, place, gate)
            else:
                raise gate.refusal("is neither a group nor an array.", place)


def _examine_dataset(dataset: Any, place: str, gate: Gate) -> None:
    """Check where an array's numbers lie and how they are stored."""
    properties = dataset.get_create_plist()
    layout = properties.get_layout()
    if layout not in (h5d.COMPACT, h5d.CONTIGUOUS, h5d.CHUNKED):
        raise gate.refusal("is a virtual dataset: its numbers lie in other files, which are not read.", place)
    if properties.get_external_count():
        raise gate.refusal("keeps its numbers in another file, which is not read.", place)
    for index in range(properties.get_nfilters()):
        number = properties.get_filter(index)[0]
        if number not in _FILTERS:
            raise gate.refusal(f"is packed by filter {number}, which is not read.", place)
    size = math.prod(dataset.shape) * dataset.get_type().get_size()
    stored = dataset.get_storage_size()
    gate.stored += stored
    if layout == h5d.CHUNKED:
        chunk = math.prod(properties.get_chunk()) * dataset.get_type().get_size()
        if chunk > gate.left:
            raise gate.refusal(f"is stored in chunks of {chunk} bytes.", place)
    elif stored < size:
        raise gate.refusal(f"says it has {dataset.shape} values, {size} bytes. It holds {stored}.", place)
    gate.spend(size, place)


def array_of(dataset: Any, gate: Gate) -> np.ndarray:
    """The numbers of a dataset that was examined.

    Raises:
        gate.error: it holds texts, records or objects, or is damaged.
    """
    with gate.watching(dataset.name):
        kind = dataset.dtype if isinstance(dataset, h5py.Dataset) else "a group"
        if not isinstance(kind, np.dtype) or kind.kind not in "biufc":
            raise gate.refusal(f"holds {kind} where an array of numbers is expected.", dataset.name)
        return np.asarray(dataset)


def attribute(owner: Any, name: str, gate: Gate) -> Any:
    """An attribute of a file, group or array: a text, a number, a list of texts, or None where there is none.

    Raises:
        gate.error: it is of another kind, damaged, or asks for more memory than the budget.
    """
    where = f"{owner.name}@{name}"
    with gate.watching(where):
        if not h5a.exists(owner.id, name.encode()):
            return None
        found = h5a.open(owner.id, name.encode())
        kind, count = found.get_type(), math.prod(found.shape)
        if count == 0:
            return []
        if len(found.shape) > 1 or not isinstance(kind, (h5t.TypeStringID, h5t.TypeIntegerID)):
            raise gate.refusal(f"holds {found.dtype} of shape {found.shape}, not a text or a number.", where)
        gate.count(count, "members", "texts", where)
        if isinstance(kind, h5t.TypeStringID) and kind.is_variable_str():
            # Each may be as long as all that the file holds beside its arrays, and one may stand for many.
            longest = max(0, owner.file.id.get_filesize() - gate.stored)
            gate.spend(count * longest, where)
            gate.left += count * longest
        else:
            if found.shape and kind.get_size() > _ATTRIBUTE:
                raise gate.refusal(f"holds names of {kind.get_size()} letters.", where)
            gate.spend(count * kind.get_size(), where)
        value = owner.attrs[name]
        return _plain(value) if np.ndim(value) == 0 else [_plain(item) for item in value]


def _plain(value: Any) -> Any:
    """A text or a number."""
    if isinstance(value, h5py.Empty):
        return ""
    if isinstance(value, bytes):
        return value.decode()
    return value if isinstance(value, str) else value.item()


def texts(owner: Any, name: str, gate: Gate) -> list[str] | None:
    """A list of texts among the attributes, which may be cut into `name0`, `name1`, ...; None without it."""
    found = attribute(owner, name, gate)
    if found is None:
        pieces: list[Any] = []
        while (piece := attribute(owner, f"{name}{len(pieces)}", gate)) is not None:
            pieces.append(piece)
            if len(pieces) > _PIECES:
                raise gate.refusal(f"is cut into more than {_PIECES} pieces.", f"{owner.name}@{name}")
        if not pieces:
            return None
        found = [text for piece in pieces for text in (piece if isinstance(piece, list) else [piece])]
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise gate.refusal("is not a list of texts.", f"{owner.name}@{name}")
    return found


def text_attribute(dataset: Any, name: str) -> str:
    """A short text among an object's attributes; empty where there is none."""
    raw = name.encode()
    if not h5py.h5a.exists(dataset.id, raw) or h5py.h5a.get_info(dataset.id, raw).data_size > _ATTRIBUTE:
        return ""
    value = dataset.attrs[name]
    return value if isinstance(value, str) else ""
