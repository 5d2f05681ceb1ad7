"""What the person at the terminal sees: steps, progress bars, findings, tables."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

LOG_WIDTH = 120
"""Columns where the output goes to a file or a CI log."""


class Screen:
    """One terminal; plain lines where it is none."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        if not self._console.is_terminal:
            self._console = Console(highlight=False, width=LOG_WIDTH)

    def step(self, number: int, title: str) -> None:
        self._console.rule(f"[bold]{number}  {title}", align="left")

    def say(self, text: str) -> None:
        self._console.print(text, markup=False)

    def found(self, label: str, value: object) -> None:
        self._console.print(f"  [green]✓[/] {label}: [bold]{value}[/]")

    def notice(self, text: str) -> None:
        self._console.print(f"  [yellow]![/] {text}")

    def failed(self, text: str) -> None:
        self._console.print(f"[bold red]✗[/] {text}")

    @contextmanager
    def progress(self, label: str, *, total: int | None = None) -> Iterator["Bar"]:
        columns = (TextColumn("  {task.description}"), BarColumn(30), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as progress:
            yield Bar(progress, label, total)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str = "") -> None:
        table = Table(*columns, title=title or None, title_justify="left", header_style="bold", pad_edge=True)
        for row in rows:
            table.add_row(*(str(cell) for cell in row))
        self._console.print(table)

    def compare(self, before: Mapping[str, object], after: Mapping[str, object], *, title: str) -> None:
        """A table of names with both values; what differs stands out by a mark as well as by weight."""
        table = Table("", "trait", "before", "after", title=title, title_justify="left", header_style="bold")
        for name, old in before.items():
            new = after[name]
            changed = old != new
            table.add_row("→" if changed else "", name, _show(old), _show(new), style="bold" if changed else "dim")
        self._console.print(table)


class Bar:
    """A progress bar that can be told how far it is."""

    def __init__(self, progress: Progress, label: str, total: int | None) -> None:
        self._progress = progress
        self._task = progress.add_task(label, total=total)

    def advance(self, count: int = 1) -> None:
        self._progress.advance(self._task, count)

    def reach(self, completed: int, *, total: int | None = None) -> None:
        self._progress.update(self._task, completed=completed, total=total)

    def follow(self, progress: Mapping[str, Any]) -> None:
        """Show what a run reports of itself: its step, its counts."""
        counts = progress.get("counts") or {}
        completed = progress.get("rows") or sum(counts.values())
        self._progress.update(self._task, completed=completed, description=f"  {progress['step']}")


def _show(value: object) -> str:
    return "none" if value is None else str(value)
