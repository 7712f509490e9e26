"""Which unit each group stands for, which unit owns each host, and the order they carry out."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from controller.errors import InventoryError, Where
from controller.loading.fields import Fields
from controller.loading.groups import HostDraft, Tree
from controller.loading.nodes import Kind, Node
from controller.loading.variables import Layer
from controller.model.fleet import Order, Unit

_UNIT_KEYS: Final = (
    "id",
    "name",
    "name_lines",
    "kind",
    "parent",
    "order",
    "place",
    "signer_title",
    "headcount",
)
_ORDER_KEYS: Final = ("number", "date", "basis", "addressee", "deadline")
_ID: Final = re.compile(r"\w[\w.-]{0,63}")
_LARGEST: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Placed:
    """A unit, and the mapping that it was read from."""

    unit: Unit
    fields: Fields
    node: Node


class Units:
    """The units of an inventory; `own` holds, for each group, the variables that were set for it itself."""

    def __init__(self, tree: Tree, own: Mapping[str, Layer]) -> None:
        """Read all units and their parents.

        Raises:
            InventoryError: a unit cannot be read, stands twice, or has another parent than its group.

        """
        self._tree = tree
        self._depths = tree.depths()
        self._placed = _read_units(own)
        for group in self._placed:
            self._placed[group] = self._with_parent(group)

    @property
    def all(self) -> tuple[Unit, ...]:
        """Every unit, in the order in which their groups were first named."""
        return tuple(placed.unit for placed in self._placed.values())

    def owner(self, host: HostDraft) -> str:
        """Return the id of the deepest unit that holds a host, or empty.

        Raises:
            InventoryError: two units hold it and neither holds the other.

        """
        groups = self._tree.groups_of(host.name)
        deepest, rival = self._deepest(groups)
        if rival:
            where = next(at for group, at in reversed(host.groups.items()) if self._under(group, deepest, rival))
            both = f"'{self._placed[rival].unit.id}' and '{self._placed[deepest].unit.id}'"
            message = f"'{host.name}' belongs to the units {both}, neither of which holds the other; take it out of one"
            raise InventoryError(message, where=where)
        return self._placed[deepest].unit.id if deepest else ""

    def _under(self, group: str, *units: str) -> bool:
        return bool({group, *self._tree.above(group)} & set(units))

    def _deepest(self, groups: Iterable[str]) -> tuple[str, str]:
        """Return the deepest group with a unit, and one that does not hold it; empty when there is none."""
        having = sorted((name for name in groups if name in self._placed), key=lambda name: (self._depths[name], name))
        if not having:
            return "", ""
        deepest = having[-1]
        above = self._tree.above(deepest)
        return deepest, next((name for name in having[:-1] if name not in above), "")

    def _with_parent(self, group: str) -> _Placed:
        placed = self._placed[group]
        above, rival = self._deepest(self._tree.above(group))
        name = placed.unit.id
        if rival:
            both = f"'{self._placed[rival].unit.id}' and '{self._placed[above].unit.id}'"
            raise placed.node.refusal(f"the unit '{name}' lies in the units {both}; take it out of one")
        parent = self._placed[above].unit.id if above else ""
        if placed.unit.parent and placed.unit.parent != parent:
            lies = f"lies in the unit '{parent}'" if parent else "lies in no unit"
            message = f"the unit '{name}' has the parent '{placed.unit.parent}', but its group {lies}; mend one of them"
            raise placed.fields.refusal(message, "parent")
        return replace(placed, unit=replace(placed.unit, parent=parent))


def _read_units(own: Mapping[str, Layer]) -> dict[str, _Placed]:
    found: dict[str, _Placed] = {}
    first: dict[str, Where] = {}
    for group, layer in own.items():
        entry = layer.get("lamsach_unit")
        if entry is None or entry.value.kind is Kind.NOTHING:
            continue
        placed = _read_unit(entry.value)
        if other := first.get(placed.unit.id):
            message = f"the unit '{placed.unit.id}' stands here twice, first at {other}; give each its own id"
            raise placed.fields.refusal(message, "id")
        first[placed.unit.id] = placed.fields.need("id").where
        found[group] = placed
    return found


def _read_unit(node: Node) -> _Placed:
    fields = Fields(node, "lamsach_unit", _UNIT_KEYS, required=("id", "name"))
    unit = Unit(
        id=_identifier(fields),
        name=fields.text("name"),
        name_lines=fields.texts("name_lines"),
        kind=fields.text("kind"),
        parent=fields.text("parent"),
        order=fields.integer("order", 0, _LARGEST) or 0,
        place=fields.text("place"),
        signer_title=fields.text("signer_title"),
        headcount=fields.integer("headcount", 0, _LARGEST),
    )
    return _Placed(unit, fields, node)


def _identifier(fields: Fields) -> str:
    name = fields.text("id")
    if not _ID.fullmatch(name):
        raise fields.need("id").unexpected("id", "letters, digits, '-', '_' and '.', at most 64")
    return name


def read_order(own: Mapping[str, Layer]) -> Order | None:
    """Return the order of the campaign; it stands at one group, the Cục's.

    Raises:
        InventoryError: it cannot be read, or stands at two groups.

    """
    standing = [layer["lamsach_order"] for layer in own.values() if "lamsach_order" in layer]
    if len(standing) > 1:
        message = f"'lamsach_order' stands here twice, first at {standing[0].key.where}; keep one"
        raise standing[1].key.refusal(message)
    if not standing or standing[0].value.kind is Kind.NOTHING:
        return None
    fields = Fields(standing[0].value, "lamsach_order", _ORDER_KEYS)
    return Order(
        number=fields.text("number"),
        date=fields.text("date"),
        basis=fields.texts("basis"),
        addressee=fields.text("addressee"),
        deadline=fields.text("deadline"),
    )
