"""The rules of an identity file, row by row. Pure: lines in, judged rows out.

The first column is ``user_id``; ``stripe_id`` and ``email_address`` follow in any order, other columns are
ignored. A row needs a ``user_id`` and at least one of the two.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice

from connector.errors import InvalidInputError

BATCH_ROWS = 20_000
MAX_USER_ID = 512
DELIMITERS = ",;\t"

CUSTOMER_ID = r"cus_[A-Za-z0-9_-]{1,251}"
_EMAIL = r"[^@\s\0]{1,255}@[^@\s\0]{1,255}"
_is_customer_id = re.compile(CUSTOMER_ID).fullmatch
_is_email = re.compile(_EMAIL).fullmatch
_is_good = re.compile(
    rf"[^\0]{{1,{MAX_USER_ID}}}\0(?:{CUSTOMER_ID}\0(?:{_EMAIL})?|\0{_EMAIL})", re.DOTALL
).fullmatch
"""The rules of ``find_fault`` in one step, for rows joined with NUL: what it takes has no fault."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class FileError(InvalidInputError):
    """The file as a whole cannot be read; ``details`` says where (``line`` or ``byte_offset``)."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns are; every row must have ``width`` cells; the header ends on line ``lines``."""

    delimiter: str
    width: int
    stripe_id: int | None
    email_address: int | None
    ignored: tuple[str, ...]
    lines: int

    @property
    def columns(self) -> list[str]:
        """The names of our columns in the file's order."""
        positions = {0: "user_id", self.stripe_id: "stripe_id", self.email_address: "email_address"}
        return [positions[position] for position in sorted(p for p in positions if p is not None)]


@dataclass(frozen=True, slots=True)
class Problem:
    """A row that was skipped, or kept with a remark. ``line`` is where the row starts, counted from 1."""

    line: int
    code: str
    message: str
    row: str = ""


@dataclass(slots=True)
class Batch:
    """Good rows as ``(line, user_id, stripe_id, email_address)``, empty string where there is none."""

    rows: list[tuple[int, str, str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_header(lines: Iterator[str]) -> Header:
    """Read the lines up to the header's end; raises ``FileError``."""
    leading = list(_up_to_first_text(lines))
    if not leading or not leading[-1].strip():
        raise FileError("empty_file", "The file is empty. The first line must name the columns.")
    delimiter = max(DELIMITERS, key=leading[-1].count)
    reader = csv.reader(chain(leading, lines), delimiter=delimiter, strict=True)
    try:
        names = next(row for row in reader if any(row))
    except csv.Error as error:
        raise FileError("bad_header", f"The header cannot be read: {error}.", details={"line": 1}) from error
    return _judge_header([name.strip().casefold() for name in names], delimiter, reader.line_num)


def _up_to_first_text(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if line.strip():
            return


def _judge_header(names: list[str], delimiter: str, line: int) -> Header:
    where = {"line": line, "columns": names}
    if names[0] != "user_id":
        raise FileError("bad_header", f"The first column must be user_id; it is “{names[0][:80]}”.", details=where)
    positions = {}
    for wanted in ("user_id", "stripe_id", "email_address"):
        found = [position for position, name in enumerate(names) if name == wanted]
        if len(found) > 1:
            raise FileError("bad_header", f"The column {wanted} is there {len(found)} times.", details=where)
        positions[wanted] = found[0] if found else None
    if positions["stripe_id"] is None and positions["email_address"] is None:
        raise FileError(
            "bad_header", "A column stripe_id or email_address is needed beside user_id.", details=where
        )
    ignored = tuple(name for name in names if name not in positions)
    return Header(delimiter, len(names), positions["stripe_id"], positions["email_address"], ignored, line)


def judge_rows(header: Header, reader: Iterator[list[str]], line: int) -> Iterator[Batch]:
    """Judge every row, in batches of ``BATCH_ROWS`` good rows and problems together.

    ``reader`` is a ``csv.reader`` whose first line follows the file's line ``line``.
    """
    judged = _judged(header, reader, line)
    while chunk := list(islice(judged, BATCH_ROWS)):
        batch = Batch()
        for item in chunk:
            if type(item) is tuple:
                batch.rows.append(item)
            else:
                batch.problems.append(item)  # type: ignore[arg-type]
        yield batch


def _judged(
    header: Header, reader: Iterator[list[str]], offset: int
) -> Iterator[tuple[int, str, str, str] | Problem]:
    """This loop sees every row of every file: what it does not do here, it does a million times less."""
    width, stripe_at, email_at = header.width, header.stripe_id, header.email_address
    last_line = offset
    while True:
        try:
            for row in reader:
                line, last_line = last_line + 1, offset + reader.line_num  # type: ignore[attr-defined]
                if len(row) != width:
                    if any(row):
                        message = f"The row has {len(row)} columns, the header {width}."
                        yield _problem(line, "column_count", message, row)
                    continue
                user_id = row[0].strip()
                stripe_id = row[stripe_at].strip() if stripe_at is not None else ""
                email = row[email_at].strip() if email_at is not None else ""
                if _is_good(f"{user_id}\0{stripe_id}\0{email}"):
                    yield line, user_id, stripe_id, email
                elif (wrong := find_fault(user_id, stripe_id, email)) and any(row):
                    yield _problem(line, *wrong, row)
        except csv.Error as error:
            line, last_line = last_line + 1, offset + reader.line_num  # type: ignore[attr-defined]
            if "unexpected end of data" in str(error):  # the quote has swallowed all that follows it
                raise cut_off(line) from error
            yield Problem(line, "unreadable", f"The quotes of this row do not match ({error}).")
        else:
            return


def cut_off(line: int) -> FileError:
    """The file ends in the middle of the row that starts on ``line``: whatever came after it is missing."""
    return FileError(
        "truncated_file",
        f"The file ends in the middle of line {line}: it was cut off, or a quote there is never closed. "
        "Send the whole file again.",
        details={"line": line},
    )


def find_fault(user_id: str, stripe_id: str, email_address: str) -> tuple[str, str] | None:
    """The ``(code, message)`` of what is wrong with one link, None where nothing is."""
    if not user_id:
        return "no_user_id", "user_id is empty."
    if len(user_id) > MAX_USER_ID:
        return "user_id_too_long", f"user_id has {len(user_id)} characters, more than {MAX_USER_ID}."
    if "\0" in user_id:
        return "nul_character", "user_id contains a NUL character."
    if not stripe_id and not email_address:
        return "no_link", "stripe_id and email_address are both empty; one is needed."
    if stripe_id and not _is_customer_id(stripe_id):
        return "bad_stripe_id", "stripe_id is not a Stripe customer id (cus_…)."
    if email_address and not _is_email(email_address):
        return "bad_email_address", "email_address is not an email address."
    return None


def _problem(line: int, code: str, message: str, row: list[str]) -> Problem:
    return Problem(line, code, message, ",".join(row).replace("\0", "�")[:500])


def write_problems(problems: Iterable[Problem]) -> Iterator[str]:
    """The problems as CSV lines. A cell that a spreadsheet would run as a formula is quoted with an apostrophe.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    writer = csv.writer(_Echo())
    yield writer.writerow(("line", "code", "message", "row"))
    for problem in problems:
        cells = (str(problem.line), problem.code, problem.message, problem.row)
        yield writer.writerow([_defused(cell) for cell in cells])


def _defused(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


class _Echo:
    """A file that hands back what is written, so that rows can be streamed."""

    def write(self, text: str) -> str:
        return text
