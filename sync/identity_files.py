"""From the bytes of an identity file to lines of text: decompress by content, decode, name the wrong byte."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

import zstandard

from sync.identity_csv import FileError

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BLOCK = 1 << 16


@contextmanager
def text_lines(stream: IO[bytes]) -> Iterator[io.TextIOWrapper]:
    """Lines of the file, line ends kept, so that quoted line breaks survive. Raises ``FileError``.

    The byte offset of a wrong encoding counts from the start of the uncompressed file.
    """
    raw: io.BufferedReader = io.BufferedReader(cast("io.RawIOBase", stream), _BLOCK)
    content = _CountedReader(cast("io.RawIOBase", _decompressed(raw)), _BLOCK)
    try:
        skipped = _skip_byte_order_mark(content)
        yield io.TextIOWrapper(content, encoding="utf-8", newline="")
    except UnicodeDecodeError as error:
        offset = skipped + content.taken - len(error.object) + error.start
        raise FileError(
            "not_utf8",
            f"The file is not UTF-8: byte {offset} ({error.object[error.start]:#04x}) fits no character. "
            "Save it as UTF-8 and send it again.",
            details={"byte_offset": offset},
        ) from error
    except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
        raise FileError(
            "broken_compression", f"The compressed file is cut off or damaged: {error}. Send it again."
        ) from error


def _decompressed(raw: io.BufferedReader) -> io.RawIOBase | io.BufferedReader | gzip.GzipFile:
    magic = raw.peek(4)[:4]
    if magic[:2] == _GZIP:
        return gzip.GzipFile(fileobj=raw)
    return _ZstdReader(raw) if magic == _ZSTD else raw


def _skip_byte_order_mark(content: "_CountedReader") -> int:
    """Skip a UTF-8 BOM and return its length; UTF-16 is refused by name."""
    start = content.peek(3)[:3]
    if start[:2] in _UTF16:
        raise FileError(
            "not_utf8",
            "The file is UTF-16 (byte 0 starts its mark). Save it as UTF-8 and send it again.",
            details={"byte_offset": 0},
        )
    return len(content.read(3)) if start == _BOM else 0


class _CountedReader(io.BufferedReader):
    """Counts what the decoder took, so that its position inside a block becomes one inside the file.

    ``last`` is the last byte of it.
    """

    taken = 0
    last = b"\n"

    def read1(self, size: int = -1, /) -> bytes:
        data = super().read1(size)
        self.taken += len(data)
        self.last = data[-1:] or self.last
        return data


def ends_a_line(lines: io.TextIOWrapper) -> bool:
    """Whether what was read of ``text_lines`` so far ends with a line end."""
    return isinstance(lines.buffer, _CountedReader) and lines.buffer.last in {b"\n", b"\r"}


class _ZstdReader(io.RawIOBase):
    """One zstd frame after another. The library's own reader takes a cut-off frame for the end of the file."""

    def __init__(self, compressed: io.BufferedReader) -> None:
        self._compressed = compressed
        self._decompressor = zstandard.ZstdDecompressor()
        self._frame = self._decompressor.decompressobj()
        self._ready = b""
        self._inside_frame = True

    def readable(self) -> bool:
        return True

    def readinto(self, target: "memoryview | bytearray") -> int:  # type: ignore[override]
        while not self._ready:
            if not (block := self._compressed.read1(_BLOCK)):
                if self._inside_frame:
                    raise EOFError("the last zstd frame ends too early")
                return 0
            self._ready = self._decompress(block)
        size = min(len(target), len(self._ready))
        target[:size], self._ready = self._ready[:size], self._ready[size:]
        return size

    def _decompress(self, block: bytes) -> bytes:
        output = []
        while block:
            output.append(self._frame.decompress(block))
            block = b""
            self._inside_frame = not self._frame.eof
            if self._frame.eof:
                block = self._frame.unused_data
                self._frame = self._decompressor.decompressobj()
        return b"".join(output)
