"""Cases and their columns, while a cohort is put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...imaging.errors import AnalysisError
from ..texts import listed
from ..values import Variable, known
from .columns import SEX, SEX_TITLES, plain, understand

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class CaseTable:
    """Cases and their columns.

    Attributes
    ----------
    frame : pandas.DataFrame
        From `frame_of`: one row a case, whose name is the index; a column is float64 with NaN for
        missing, or text that is empty for missing.
    variables : tuple of Variable
        What the columns are, as many.
    left_out : mapping of str to str
        Why columns of the file are not among them, by their titles.
    read_as : mapping of str to str
        Title and unit as which columns of known quantities were read, by key.
    identifying : frozenset of str
        Keys of identifying columns, kept on the user's request.
    """

    frame: pd.DataFrame
    variables: tuple[Variable, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    read_as: Mapping[str, str] = field(default_factory=dict)
    identifying: frozenset[str] = frozenset()

    def __len__(self) -> int:
        """How many cases."""
        return len(self.frame)

    @cached_property
    def cases(self) -> tuple[str, ...]:
        """Names of the cases."""
        return tuple(self.frame.index)

    @cached_property
    def columns(self) -> dict[str, np.ndarray]:
        """(n,) each, by key: float64 with NaN for missing, or object (str, empty for missing)."""
        return {str(key): column.to_numpy() for key, column in self.frame.items()}

    def select(self, keep: np.ndarray) -> CaseTable:
        """Those cases for which `keep`, (n,) bool, says so."""
        return replace(self, frame=self.frame[keep])

    def with_column(self, variable: Variable, values: np.ndarray) -> CaseTable:
        """Add a column at the end, or replace the one of that key where it is."""
        variables = {each.key: each for each in self.variables} | {variable.key: variable}
        return replace(
            self,
            frame=self.frame.assign(**{variable.key: values}),
            variables=tuple(variables.values()),
        )

    def variable(self, name: str, use: str) -> Variable:
        """Find a column by its key, its title in the file or any title of the same quantity.

        Parameters
        ----------
        name : str
            As the user wrote it.
        use : str
            What for, for the message.

        Raises
        ------
        AnalysisError
            There is none.
        """
        found = self.find(name)
        if found is None:
            for title, reason in self.left_out.items():
                if plain(title) == plain(name):
                    raise AnalysisError(
                        f"Column {title} was left out, as {reason}; name another one {use}."
                    )
            keys = [each.key for each in self.variables]
            raise AnalysisError(f"There is no column {name!r} {use}; there are {listed(keys, 30)}.")
        return found

    def find(self, name: str) -> Variable | None:
        """Like `variable`, but returns None if no column matches."""
        by_name = {plain(each.title): each for each in self.variables}
        by_name |= {plain(each.name): each for each in reversed(self.variables)}
        by_name |= {plain(each.key): each for each in self.variables}
        key = SEX if plain(name) in SEX_TITLES else understand(name).key
        return by_name.get(plain(name)) or by_name.get(plain(key))

    def is_number(self, variable: Variable) -> bool:
        """Whether a column holds numbers and not text."""
        return self.columns[variable.key].dtype != object

    def is_known(self, variable: Variable) -> np.ndarray:
        """(n,) bool: which cases have a value."""
        return known(self.columns[variable.key])


def frame_of(cases: Sequence[str], columns: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Columns of cases as a data frame.

    Parameters
    ----------
    cases : sequence of str
        n names, the index.
    columns : mapping of str to numpy.ndarray
        (n,) each: float64 with NaN for missing, or object (str, empty for missing).
    """
    import pandas as pd

    return pd.DataFrame(dict(columns), index=list(cases))
