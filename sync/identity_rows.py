"""Judge the rows of an identity file in chunks. Pure.

Nearly all rows of nearly all files are plain: nothing quoted, nothing wrong. One regular expression recognises a
whole chunk of such rows, which PostgreSQL then reads as it is; everything else is judged row by row. Both ways take
the same rows for good.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TextIO

from sync.identity_csv import CUSTOMER_ID, MAX_USER_ID, Batch, Header, judge_rows

CHUNK = 1 << 18  # characters; while one is looked at nothing is sent, so larger ones keep PostgreSQL waiting
_LONGEST_LINE = 1 << 20  # a longer one is cut, and its parts are bad rows: memory has an end
_NEVER_PLAIN = r'"\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000'
"""Quotes, control characters, all spaces of Unicode. Ranges become a table; ``\\s`` asks for each character."""


@dataclass(frozen=True, slots=True)
class PlainRows:
    """Good rows as they are in the file, one a line from ``first_line`` on, columns in the header's order."""

    first_line: int
    count: int
    text: str


def judge(header: Header, lines: TextIO, line: int) -> Iterator[PlainRows | Batch]:
    """Judge everything below the header, which took ``line`` lines."""
    is_plain = _plain_rows(header)
    while chunk := lines.read(CHUNK):
        chunk += lines.readline(_LONGEST_LINE)
        if is_plain(chunk):
            count = chunk.count("\n") + (not chunk.endswith("\n"))
            yield PlainRows(line + 1, count, chunk)
            line += count
            continue
        # A quoted cell may go on in the next chunk, so from the first quote on the rest is read row by row.
        source: Iterator[str] = io.StringIO(chunk, newline="")
        quoted = '"' in chunk
        reader = csv.reader(chain(source, lines) if quoted else source, delimiter=header.delimiter, strict=True)
        yield from judge_rows(header, reader, line)
        line += reader.line_num


def _plain_rows(header: Header) -> Callable[[str], object]:
    """Tells whether all rows of a text are plain. A file with more columns than ours has none."""
    cell, part = f"[^{_NEVER_PLAIN}{header.delimiter}]", f"[^@{_NEVER_PLAIN}{header.delimiter}]{{1,255}}+"
    user_id, email = f"{cell}{{1,{MAX_USER_ID}}}+", f"{part}@{part}"
    links = {header.stripe_id: CUSTOMER_ID, header.email_address: email}
    if header.ignored or len(header.columns) != header.width:
        return lambda _: False
    first, *others = [links[position] for position in range(1, header.width)]
    between = header.delimiter
    either = rf"(?:{first}{between}(?:{others[0]})?|{between}{others[0]})" if others else first
    row = rf"{user_id}{between}{either}"
    return re.compile(rf"(?:{row}\r?\n)*+(?:{row})?+").fullmatch
