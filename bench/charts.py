#!/usr/bin/env python3
"""Draws the charts of a results folder from its sweep.json, which `normkernels bench --sweep --json FILE` writes.

usage: bench/charts.py bench/results/CPU

Writes forward-cache.svg and forward-memory.svg (GB/s against columns, ours and every peer) and copy-share.svg (the rate of
ours as a share of the rate of a copy of the same bytes). Needs Python's standard library alone."""
import json
import math
import pathlib
import statistics
import sys

OURS = "NormKernels"
COLORS = {OURS: "#d6336c", "copy": "#868e96", "TensorPrimitives": "#1c7ed6", "one accumulator, AVX2": "#f08c00",
          "oneDNN": "#2f9e44", "PyTorch": "#7048e8", "RMSNorm": "#d6336c", "LayerNorm": "#7048e8"}
WIDTH, HEIGHT, LEFT, TOP, BOTTOM, LEGEND = 440, 330, 56, 40, 44, 200
BYTES = 8  # float32 is read once and written once


def color(name):
    return next((value for key, value in COLORS.items() if name.startswith(key)), "#212529")


def series_of(points, op, out_of_cache):
    """{name: [(columns, GB/s)]}, ours first: its rate is the median of those beside each peer."""
    ours, peers = {}, {}
    for point in points:
        if point["op"] != op or point["out_of_cache"] != out_of_cache or point["peer_nanoseconds"] is None:
            continue
        cols = point["cols"]
        ours.setdefault(cols, []).append(point["ours_nanoseconds"])
        peers.setdefault(point["peer"], []).append((cols, BYTES * cols / point["peer_nanoseconds"]))
    mine = [(cols, BYTES * cols / statistics.median(times)) for cols, times in sorted(ours.items())]
    return {OURS: mine, **{name: sorted(values) for name, values in peers.items()}}


def text(x, y, words, anchor="middle", size=12, fill="#212529", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{fill}"{extra}>{words}</text>'


def nice_step(top, steps=5):
    raw = top / steps
    power = 10 ** math.floor(math.log10(raw))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)


def legend(names, x):
    """What the colors of lines mean, from x on."""
    out = []
    for i, name in enumerate(names):
        y = TOP + 14 + 20 * i
        out.append(f'<line x1="{x}" x2="{x + 22}" y1="{y}" y2="{y}" stroke="{color(name)}" stroke-width="3"/>')
        out.append(text(x + 28, y + 4, name, "start"))
    return out


def panel(series, title, unit, x0, top_value=None):
    """One set of axes with its lines, its left edge at x0."""
    columns = sorted({cols for values in series.values() for cols, _ in values})
    top = top_value or 1.08 * max(value for values in series.values() for _, value in values)
    step = nice_step(top)
    inner_width, inner_height = WIDTH - LEFT - 12, HEIGHT - TOP - BOTTOM

    def x_of(cols):
        span = math.log2(columns[-1]) - math.log2(columns[0])
        return x0 + LEFT + inner_width * (math.log2(cols) - math.log2(columns[0])) / span

    def y_of(value):
        return TOP + inner_height * (1 - value / top)

    out = [text(x0 + LEFT + inner_width / 2, 22, title, size=14, extra=' font-weight="bold"')]
    value = 0.0
    while value <= top:
        out.append(f'<line x1="{x0 + LEFT}" x2="{x0 + LEFT + inner_width}" y1="{y_of(value):.1f}" y2="{y_of(value):.1f}" '
                   'stroke="#dee2e6"/>')
        out.append(text(x0 + LEFT - 6, y_of(value) + 4, f"{value:g}", "end", 11))
        value = round(value + step, 6)
    for cols in columns:
        out.append(text(x_of(cols), HEIGHT - BOTTOM + 18, f"{cols // 1024}k" if cols >= 1024 else cols, size=11))
    out.append(text(x0 + LEFT + inner_width / 2, HEIGHT - 8, "columns", size=11))
    out.append(text(x0 + 14, TOP + inner_height / 2, unit, size=11,
                    extra=f' transform="rotate(-90 {x0 + 14} {TOP + inner_height / 2:.0f})"'))
    for name, values in series.items():
        width = 3 if name == OURS or len(series) == 2 else 1.8
        dash = ' stroke-dasharray="6 4"' if name == "copy" else ""
        line = " ".join(f"{x_of(cols):.1f},{y_of(value):.1f}" for cols, value in values)
        out.append(f'<polyline fill="none" stroke="{color(name)}" stroke-width="{width}"{dash} points="{line}"/>')
        out += [f'<circle cx="{x_of(cols):.1f}" cy="{y_of(value):.1f}" r="{width}" fill="{color(name)}"/>'
                for cols, value in values]
    return out


def write(path, parts, width):
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" viewBox="0 0 {width} {HEIGHT}" '
            'font-family="system-ui, sans-serif">')
    path.write_text("\n".join([head, '<rect width="100%" height="100%" fill="#ffffff"/>', *parts, "</svg>"]) + "\n")
    print(path)


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
    points = json.loads((folder / "sweep.json").read_text())["points"]
    for name, out_of_cache, where in (("cache", False, "in cache (256 KiB)"), ("memory", True, "in memory (128 MiB)")):
        rms, layer = (series_of(points, op, out_of_cache) for op in ("rms_norm", "layer_norm"))
        if not out_of_cache:
            # A copy within the caches is many times as fast as anything that also adds up: it would flatten the rest.
            rms, layer = ({key: value for key, value in each.items() if key != "copy"} for each in (rms, layer))
        names = {**layer, **rms}
        top = 1.08 * max(value for each in (rms, layer) for values in each.values() for _, value in values)
        parts = panel(rms, f"RMSNorm forward, {where}", "GB/s", 0, top) + panel(
            {key: layer.get(key, []) for key in names}, f"LayerNorm forward, {where}", "GB/s", WIDTH, top) + legend(names, 2 * WIDTH + 8)
        write(folder / f"forward-{name}.svg", parts, 2 * WIDTH + LEGEND)
    parts = []
    for i, (out_of_cache, where) in enumerate(((False, "in cache"), (True, "in memory"))):
        shares = {}
        for op, name in (("rms_norm", "RMSNorm"), ("layer_norm", "LayerNorm")):
            series = series_of(points, op, out_of_cache)
            copies = dict(series.get("copy", []))
            shares[name] = [(cols, rate / copies[cols]) for cols, rate in series[OURS] if cols in copies]
        parts += panel(shares, f"share of a copy's rate, {where}", "share", i * WIDTH, 1.4)
    parts += legend(shares, 2 * WIDTH + 8)
    write(folder / "copy-share.svg", parts, 2 * WIDTH + LEGEND)


if __name__ == "__main__":
    main()
