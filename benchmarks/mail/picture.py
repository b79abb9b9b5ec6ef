"""Draws rates as bars, with their range."""

import statistics
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

ROW, LEFT, WIDTH, RIGHT = 34, 230, 430, 120


def draw(file: Path, rates: Mapping[str, Sequence[float]]) -> None:
    """A bar for each median; the line in it goes from the slowest run to the fastest."""
    longest = max(map(max, rates.values()))
    rows = [
        _row(number, name, values, WIDTH / longest) for number, (name, values) in enumerate(rates.items())
    ]
    width, height = LEFT + WIDTH + RIGHT, ROW * len(rates) + 30
    file.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        ' font-family="sans-serif" font-size="13">\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n'
        f'<text x="{LEFT}" y="18" fill="#555">mails a second, median and range</text>\n'
        + "".join(rows)
        + "</svg>\n",
        encoding="utf-8",
    )


def _row(number: int, name: str, values: Sequence[float], scale: float) -> str:
    top, middle = 30 + number * ROW, statistics.median(values)
    low, high, center = (LEFT + value * scale for value in (min(values), max(values), middle))
    line = top + 11
    return (
        f'<text x="{LEFT - 8}" y="{top + 16}" text-anchor="end">{escape(name)}</text>'
        f'<rect x="{LEFT}" y="{top}" width="{middle * scale:.1f}" height="22" fill="#4477aa"/>'
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{line}" y2="{line}" stroke="black" stroke-width="2"/>'
        f'<text x="{max(high, center) + 8:.1f}" y="{top + 16}">{middle:,.0f}</text>\n'
    )
