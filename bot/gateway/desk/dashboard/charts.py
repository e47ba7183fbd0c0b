"""A chart is a table first: what is drawn, read and downloaded is the same rows."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from starlette.responses import Response

from bot.calendar import short_day
from bot.gateway.desk.dashboard.numbers import count

Number = int | float | None
Kind = Literal["line", "bars", "stacked", "ranking"]
_MOST_BARS = 45
# A spreadsheet would run what begins like this.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        label: as it is read; *key* as it is in the file.
        more: an address to read more about it; empty when there is none.
    """

    label: str
    key: str
    values: tuple[Number, ...]
    more: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart, its table and its file.

    Attributes:
        topic: its name in addresses.
        summary: what it shows, in a sentence, for those who do not see it.
        subject: head of the first column.
        columns: heads of the others, one per series.
        shown: how a value is written.
        unit: of the values, as it is drawn; empty when they are counted.
    """

    topic: str
    title: str
    summary: str
    kind: Kind
    subject: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    shown: Callable[[float], str] = lambda value: count(round(value))
    unit: str = ""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for row in self.rows for value in row.values)

    def cell(self, value: Number) -> str:
        return "–" if value is None else self.shown(value)


def by_day(days: Iterable[tuple[date, tuple[Number, ...]]]) -> tuple[Row, ...]:
    """A row for each day."""
    return tuple(Row(short_day(day), day.isoformat(), values) for day, values in days)


def by_bar(days: Sequence[tuple[date, tuple[int, ...]]]) -> tuple[Row, ...]:
    """A row for each day; for each week, from its Monday, when so many bars could not be told apart."""
    if len(days) <= _MOST_BARS:
        return by_day(days)
    weeks: dict[date, tuple[int, ...]] = {}
    for day, values in days:
        monday = day - timedelta(days=day.weekday())
        weeks[monday] = tuple(map(sum, zip(weeks.get(monday, (0,) * len(values)), values, strict=True)))
    return tuple(Row(f"Semaine du {short_day(monday)}", monday.isoformat(), values) for monday, values in weeks.items())


def as_file(name: str, head: Sequence[str], rows: Iterable[Sequence[Number | str]]) -> Response:
    """A table for a spreadsheet in French: semicolons, decimal commas, and the mark of UTF-8 that it waits for."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow([_cell(one) for one in head])
    writer.writerows([_cell(one) for one in row] for row in rows)
    return Response(
        written.getvalue().encode("utf-8-sig"),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def file_of(chart: Chart, *, name: str) -> Response:
    """*chart* as a file called *name*."""
    head = (chart.subject, *(f"{one} ({chart.unit})" if chart.unit else one for one in chart.columns))
    return as_file(name, head, [(row.key, *row.values) for row in chart.rows])


def _cell(value: Number | str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return str(value).replace(".", ",")
