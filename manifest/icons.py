"""The app's two icons, drawn here: a statement (a speech bubble) that was approved (a tick).

Shapes are signed distances in pixels, negative inside; an edge half covers the pixel it crosses.
Sizes and the safe area: learn.microsoft.com, "Teams app icon for Teams Store and app bar".
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable

Shape = Callable[[float, float], float]
Colour = tuple[int, int, int]

ACCENT = "#4B53BC"
WHITE: Colour = (255, 255, 255)


def colour_icon(size: int = 192) -> bytes:
    """Return the PNG of the full-bleed colour icon; its glyph stays in the inner 120 of 192."""
    accent = _rgb(ACCENT)
    bubble, tick = _bubble(size, scale=0.60), _tick(size, scale=0.60, thickness=0.062)

    def pixel(x: float, y: float) -> tuple[int, int, int, int]:
        ground = _mixed(accent, WHITE, _cover(bubble(x, y)))
        return (*_mixed(ground, accent, _cover(tick(x, y))), 255)

    return _png(size, pixel)


def outline_icon(size: int = 32) -> bytes:
    """Return the PNG of the outline icon: white strokes on nothing."""
    bubble, tick = _bubble(size, scale=0.86), _tick(size, scale=0.86, thickness=0.075)
    stroke = size * 0.075

    def pixel(x: float, y: float) -> tuple[int, int, int, int]:
        edge = abs(bubble(x, y) + stroke / 2) - stroke / 2
        return (*WHITE, round(255 * max(_cover(edge), _cover(tick(x, y)))))

    return _png(size, pixel)


def _bubble(size: int, *, scale: float) -> Shape:
    """A rounded box with a tail at its lower left; `scale` is its width in the icon's."""
    half = size * scale / 2
    left, centre = size / 2 - half, size / 2
    height, middle = half * 0.80, size / 2 - half * 0.16
    radius = half * 0.34
    foot = middle + height
    tail = _triangle(
        (left + half * 0.34, foot - 1),
        (left + half * 0.98, foot - 1),
        (left + half * 0.34, foot + half * 0.40),
    )

    def distance(x: float, y: float) -> float:
        dx = abs(x - centre) - half + radius
        dy = abs(y - middle) - height + radius
        box = math.hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - radius
        return min(box, tail(x, y))

    return distance


def _tick(size: int, *, scale: float, thickness: float) -> Shape:
    half = size * scale / 2
    centre, middle = size / 2, size / 2 - half * 0.16
    start = (centre - half * 0.42, middle + half * 0.02)
    turn = (centre - half * 0.12, middle + half * 0.32)
    end = (centre + half * 0.44, middle - half * 0.30)

    def distance(x: float, y: float) -> float:
        line = min(_to_segment((x, y), start, turn), _to_segment((x, y), turn, end))
        return line - size * thickness / 2

    return distance


Point = tuple[float, float]


def _triangle(a: Point, b: Point, c: Point) -> Shape:
    sides = ((a, b), (b, c), (c, a))

    def distance(x: float, y: float) -> float:
        nearest = min(_to_segment((x, y), start, end) for start, end in sides)
        turns = [
            (end[0] - start[0]) * (y - start[1]) - (end[1] - start[1]) * (x - start[0])
            for start, end in sides
        ]
        inside = all(turn >= 0 for turn in turns) or all(turn <= 0 for turn in turns)
        return -nearest if inside else nearest

    return distance


def _to_segment(point: Point, start: Point, end: Point) -> float:
    along = (end[0] - start[0], end[1] - start[1])
    away = (point[0] - start[0], point[1] - start[1])
    share = (away[0] * along[0] + away[1] * along[1]) / (along[0] ** 2 + along[1] ** 2)
    share = min(max(share, 0), 1)
    return math.hypot(away[0] - along[0] * share, away[1] - along[1] * share)


def _cover(distance: float) -> float:
    return min(max(0.5 - distance, 0), 1)


def _mixed(under: Colour, over: Colour, cover: float) -> Colour:
    red, green, blue = (round(u + (o - u) * cover) for u, o in zip(under, over, strict=True))
    return red, green, blue


def _rgb(name: str) -> Colour:
    return int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16)


def _png(size: int, pixel: Callable[[float, float], tuple[int, int, int, int]]) -> bytes:
    """Return a square RGBA image of 8 bits a channel (PNG, ISO/IEC 15948)."""
    rows = bytearray()
    for y in range(size):
        rows.append(0)  # this row is not filtered
        for x in range(size):
            rows.extend(pixel(x + 0.5, y + 0.5))
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    check = zlib.crc32(name + body)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)
