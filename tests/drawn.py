"""What a chart of the house draws, for tests: its rows, its words, and where they stand."""

from analysis.layout import SIZES
from analysis.lettering import text_width


def layers(chart):
    """Mark and rows of each layer."""
    for layer in chart.layers:
        yield layer.mark, layer.rows


def written(chart):
    """Rows of text."""
    return [row for mark, rows in layers(chart) if mark["type"] == "text" for row in rows]


def boxes(chart, form):
    """Left, right, top and bottom of every text, in pixels."""
    spec = chart.to_dict()
    scale = spec["encoding"]["x"]["scale"]
    (low, high), (left, right) = scale["domain"], scale["range"]
    for mark, rows in layers(chart):
        if mark["type"] != "text":
            continue
        for row in rows:
            size = mark["fontSize"]
            width = text_width(row["text"], size, bold=mark.get("fontWeight") == 700)
            x = left + (row["x"] - low) / (high - low) * (right - left)
            shift = {"left": 0, "center": width / 2, "right": width}[mark["align"]]
            yield (
                row["text"],
                x - shift,
                x - shift + width,
                row["y"] - size / 2,
                row["y"] + size / 2,
            )


def assert_readable(chart, form):
    """No text under 14 px, outside the chart, or over another text."""
    spec, placed = chart.to_dict(), list(boxes(chart, form))
    assert spec["width"] == SIZES[form].width
    assert min(mark["fontSize"] for mark, _ in layers(chart) if mark["type"] == "text") >= 14
    for i, (text, left, right, top, bottom) in enumerate(placed):
        assert left >= -1 and right <= spec["width"] + 1, text
        assert top >= -1 and bottom <= spec["height"] + 1, text
        for other, left2, right2, top2, bottom2 in placed[i + 1 :]:
            apart = right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top
            assert apart, (text, other)
