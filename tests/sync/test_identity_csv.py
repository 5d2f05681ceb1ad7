"""The rules of identity files, without a database."""

import csv
import gzip
import io
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sync import identity_rows
from sync.identity_csv import FileError, Header, Problem, find_fault, judge_rows, read_header, write_problems
from sync.identity_files import text_lines
from sync.identity_rows import PlainRows, judge

GoodRow = tuple[int, str, str, str]


def read(content: bytes) -> tuple[Header, list[GoodRow], list[Problem]]:
    """The file's header, good rows and problems, however the rows are recognised."""
    good: list[GoodRow] = []
    problems: list[Problem] = []
    with text_lines(io.BytesIO(content)) as lines:
        header = read_header(lines)
        for judged in judge(header, lines, header.lines):
            if isinstance(judged, PlainRows):
                good += as_rows(header, judged)
            else:
                good += judged.rows
                problems += judged.problems
    return header, good, problems


def as_rows(header: Header, plain: PlainRows) -> list[GoodRow]:
    """What COPY makes of plain rows."""
    rows = []
    for offset, cells in enumerate(csv.reader(io.StringIO(plain.text), delimiter=header.delimiter)):
        named = dict(zip(header.columns, cells, strict=True))
        rows.append((plain.first_line + offset, named["user_id"], named.get("stripe_id", ""),
                     named.get("email_address", "")))  # fmt: skip
    assert len(rows) == plain.count
    return rows


def read_row_by_row(content: str) -> tuple[list[GoodRow], list[Problem]]:
    lines = io.StringIO(content, newline="")
    header = read_header(lines)
    batches = list(judge_rows(header, csv.reader(lines, delimiter=header.delimiter, strict=True), header.lines))
    return [row for b in batches for row in b.rows], [problem for b in batches for problem in b.problems]


def good(content: str) -> list[tuple[str, str, str]]:
    return [row[1:] for row in read(content.encode())[1]]


def codes(content: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.code) for problem in read(content.encode())[2]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_it_detects_the_delimiter(delimiter: str) -> None:
    content = "user_id,stripe_id,email_address\nu1,cus_1,a@b.c\n".replace(",", delimiter)
    assert good(content) == [("u1", "cus_1", "a@b.c")]


def test_it_takes_columns_in_any_order_and_lists_the_others() -> None:
    header, rows, _ = read(b"user_id,plan,Email_Address, stripe_id\nu1,gold,a@b.c,cus_1\n")
    assert rows == [(2, "u1", "cus_1", "a@b.c")]
    assert header.ignored == ("plan",)


@pytest.mark.parametrize(
    "header",
    ["stripe_id,user_id", "user_id", "user_id,plan", "user_id,stripe_id,stripe_id", "user_id,user_id,stripe_id"],
)
def test_it_refuses_a_header_that_cannot_be_right(header: str) -> None:
    with pytest.raises(FileError) as caught:
        read(f"{header}\nu1,cus_1,x\n".encode())
    assert caught.value.code == "bad_header"


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_it_refuses_an_empty_file(content: bytes) -> None:
    with pytest.raises(FileError) as caught:
        read(content)
    assert caught.value.code == "empty_file"


def test_it_takes_a_repeated_column_that_it_does_not_use() -> None:
    assert good("user_id,x,x,stripe_id\nu1,1,2,cus_1\n") == [("u1", "cus_1", "")]


def test_it_keeps_line_numbers_over_empty_lines_and_quoted_line_breaks() -> None:
    content = '\nuser_id,stripe_id,note\n\nu1,cus_1,"one\ntwo"\n\nu2,,x\nu3,cus_3,\n'
    assert [row[0] for row in read(content.encode())[1]] == [4, 8]
    assert codes(content) == [(7, "no_link")]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (",cus_1,", "no_user_id"),
        ("u1,,", "no_link"),
        ("u1,sub_1,", "bad_stripe_id"),
        ("u1,cus_,", "bad_stripe_id"),
        ("u1,,nobody", "bad_email_address"),
        ("u1,cus_1,nobody", "bad_email_address"),
        ("u1,,a@b@c", "bad_email_address"),
        ("u1,cus_1", "column_count"),
        ("u1,cus_1,,", "column_count"),
        ('"u1"x,cus_1,', "unreadable"),
        (f"{'u' * 513},cus_1,", "user_id_too_long"),
        ("u\0,cus_1,", "nul_character"),
    ],
)
def test_it_says_what_is_wrong_with_a_row(row: str, code: str) -> None:
    content = f"user_id,stripe_id,email_address\nu0,cus_0,\n{row}\nu2,cus_2,\n"
    assert codes(content) == [(3, code)]
    assert [user_id for user_id, _, _ in good(content)] == ["u0", "u2"]


def test_it_refuses_a_file_whose_quote_is_never_closed() -> None:
    with pytest.raises(FileError) as refusal:
        codes('user_id,stripe_id\nu1,cus_1\n"u2,cus_2\nu3,cus_3\n')
    assert (refusal.value.code, refusal.value.details) == ("truncated_file", {"line": 3})


def test_it_trims_spaces_around_values() -> None:
    assert good("user_id,stripe_id\n u 1 , cus_1 \n") == [("u 1", "cus_1", "")]


cells = st.sampled_from(
    [
        "u1",
        "u 2",
        " u3",
        "",
        "cus_1",
        "cus_",
        "a@b",
        "a@@b",
        '"',
        '"q,r"',
        "ü",
        "x\u2028y",
        "\0",
        "=1",
        "\\.",
        "a\tb",
    ]
)
row_texts = st.lists(cells, min_size=1, max_size=4).map(",".join)
line_ends = st.sampled_from(["\n", "\r\n", "\r", "\n\n"])


headers = st.sampled_from(
    [
        "user_id,stripe_id,email_address",
        "user_id,email_address,stripe_id",
        "user_id,stripe_id",
        "user_id,email_address",
        "user_id,stripe_id,x",
    ]
)


def verdict(read_file: Callable[[], object]) -> object:
    """What was read, or why the whole file was refused."""
    try:
        return read_file()
    except FileError as error:
        return error.code, error.details


@given(header=headers, rows=st.lists(st.tuples(row_texts, line_ends), max_size=12), chunk=st.integers(1, 40))
def test_it_judges_chunks_as_it_judges_rows(header: str, rows: list[tuple[str, str]], chunk: int) -> None:
    content = f"{header}\n" + "".join(row + end for row, end in rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity_rows, "CHUNK", chunk)
        in_chunks = verdict(lambda: read(content.encode())[1:])
    assert in_chunks == verdict(lambda: read_row_by_row(content))


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_it_has_one_opinion_about_a_link(user_id: str, stripe_id: str, email: str) -> None:
    values = tuple(value.strip() for value in (user_id, stripe_id, email))
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    rows, problems = read_row_by_row("user_id,stripe_id,email_address\n" + buffer.getvalue())
    fault = find_fault(*values)
    if any(values):
        assert [row[1:] for row in rows] == ([] if fault else [values])
        assert [problem.code for problem in problems] == ([fault[0]] if fault else [])


CONTENT = b"user_id,stripe_id\nu1,cus_1\n"


@pytest.mark.parametrize(
    "content",
    [
        CONTENT,
        b"\xef\xbb\xbf" + CONTENT,
        gzip.compress(CONTENT),
        gzip.compress(CONTENT[:10]) + gzip.compress(CONTENT[10:]),
        zstandard.compress(CONTENT),
        zstandard.compress(CONTENT[:10]) + zstandard.compress(CONTENT[10:]),
        gzip.compress(b"\xef\xbb\xbf" + CONTENT),
    ],
    ids=[
        "plain",
        "mark",
        "gzip",
        "two gzip members",
        "zstd",
        "two zstd frames",
        "mark in gzip",
    ],  # no time in names
)
def test_it_reads_any_form_of_a_file(content: bytes) -> None:
    assert read(content)[1] == [(2, "u1", "cus_1", "")]


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_it_refuses_a_compressed_file_that_is_cut_off(compress) -> None:
    with pytest.raises(FileError) as caught:
        read(compress(CONTENT * 100)[:-6])
    assert caught.value.code == "broken_compression"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("rows", [0, 5000])
def test_it_names_the_byte_that_is_not_utf8(mark: bytes, rows: int) -> None:
    before = mark + CONTENT + b"".join(b"user%d,cus_%d\n" % (n, n) for n in range(rows)) + b"u"
    with pytest.raises(FileError) as caught:
        read(before + b"\xe9,cus_1\n")
    assert caught.value.details == {"byte_offset": len(before)}


def test_it_names_utf16() -> None:
    with pytest.raises(FileError, match="UTF-16"):
        read(CONTENT.decode().encode("utf-16"))


@pytest.mark.parametrize("start", list("=+-@\t\r"))
def test_it_defuses_formulas(start: str) -> None:
    written = "".join(write_problems([Problem(2, "no_link", "m", f"{start}1+1")]))
    (_, row) = csv.reader(io.StringIO(written, newline=""))
    assert row[3] == f"'{start}1+1"
