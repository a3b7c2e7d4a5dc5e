"""Changed records: what `dataclasses.replace` does, in half the time.

A step changes records and does little else: `dataclasses.replace` took a third of a simulated roll. It asks each field
whether it may be set and calls the constructor, which sets one after the other through `object.__setattr__`; here the
slots are copied. A task with its 40 fields takes 2.9 µs and took 7.5 µs.
"""

from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import replace as replace  # whose arguments are checked by the type checker
else:

    def replace(record, /, **members):
        """The record with these members, all others as they are. Raises TypeError for a member it does not have.

        `record` is an instance of a frozen dataclass with slots, of two fields or more, and without `__post_init__`.
        """
        kind = type(record)
        values_of, setters, by_name = _slots(kind)
        changed = object.__new__(kind)
        for set_value, value in zip(setters, values_of(record), strict=True):
            set_value(changed, value)
        try:
            for name, value in members.items():
                by_name[name](changed, value)
        except KeyError as error:
            raise TypeError(f"{kind.__name__} has no member {error}") from None
        return changed


@cache
def _slots(kind: type[Any]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """What reads all fields of a class, what sets each, and the same by name."""
    names = [field.name for field in fields(kind)]
    assert len(names) > 1, f"{kind.__name__} has one field: construct it"
    assert not hasattr(kind, "__post_init__"), f"{kind.__name__} is checked when it is constructed"
    by_name = {name: getattr(kind, name).__set__ for name in names}
    return attrgetter(*names), tuple(by_name.values()), by_name
