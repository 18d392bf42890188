// A chart over time. All charts of a page share one cursor.

import { h } from "preact";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { clock, moment } from "./words";

export interface Line { name: string; t: number[]; v: (number | null)[]; low?: (number | null)[]; high?: (number | null)[] }

const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const sync = uPlot.sync("time");

/** Chart draws one line, with its interval where it has one. Where nothing came for longer than gap (milliseconds) the line breaks. */
export function Chart({ line, from, to, low, high, height, digits, unit, dots, gap, dark }: {
  line: Line; from: number; to: number; low?: number; high?: number; height: number; digits: number; unit: string; dots: boolean; gap: number; dark: string;
}) {
  const at = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const range = useRef({ from, to });
  const banded = line.low !== undefined;
  useEffect(() => {
    const host = at.current!;
    const ink = colour("--ink"), faint = colour("--line"), stroke = colour(banded ? "--risk" : "--signal");
    const axis = { stroke: ink, grid: { stroke: faint, width: 1 }, ticks: { stroke: faint, width: 1 }, font: "12px system-ui, sans-serif" };
    const hidden = { show: true, stroke: "transparent", width: 0, points: { show: false } };
    const p = new uPlot({
      width: Math.max(host.clientWidth, 200), height, ms: 1, tzDate: (t) => uPlot.tzDate(new Date(t), "UTC"), legend: { show: false },
      cursor: { sync: { key: sync.key }, drag: { x: true, y: false }, points: { size: 6 } },
      scales: { x: { time: true, range: (_u, a, b) => (a === null ? [range.current.from, range.current.to] : [a, b]) }, y: { range: (_u, a, b) => [low ?? Math.floor(a - (b - a) * 0.1 - 1), high ?? Math.ceil(b + (b - a) * 0.1 + 1)] } },
      axes: [
        { ...axis, values: (_u, ts) => ts.map((t, i) => (i === 0 || new Date(ts[i - 1]).getUTCDate() !== new Date(t).getUTCDate() ? `${clock(t)}\n${moment(t).slice(0, 6)}` : clock(t))), space: 70, size: 42 },
        { ...axis, size: 54, space: 24, values: (_u, vs) => vs.map((v) => v.toFixed(Number.isInteger(v) ? 0 : Math.max(digits, 1)) + unit) },
      ],
      series: [
        {},
        { stroke, width: 2, spanGaps: false, points: { show: dots, size: 4, fill: stroke }, gaps: (_u: uPlot, _i: number, i0: number, i1: number, gaps: any[]) => gaps },
        ...(banded ? [hidden, hidden] : []),
      ],
      bands: banded ? [{ series: [3, 2], fill: colour("--band") }] : [],
      hooks: {
        setSelect: [(u) => { // a drag has chosen a stretch; a double click goes back
          if (u.select.width > 0) sync.plots.forEach((o) => o !== u && o.setScale("x", { min: u.posToVal(u.select.left, "x"), max: u.posToVal(u.select.left + u.select.width, "x") }));
        }],
      },
    } as uPlot.Options, data(line, gap) as uPlot.AlignedData, host);
    sync.sub(p);
    plot.current = p;
    const sized = new ResizeObserver(() => p.setSize({ width: Math.max(host.clientWidth, 200), height }));
    sized.observe(host);
    return () => { sized.disconnect(); sync.unsub(p); p.destroy(); };
  }, [banded, dark, height]);
  useEffect(() => {
    range.current = { from, to };
    plot.current?.setData(data(line, gap) as uPlot.AlignedData, false);
    plot.current?.setScale("x", { min: from, max: to });
  }, [line, from, to]);
  const last = line.v.findLast((v) => v !== null);
  return <div class="chart" ref={at} role="img" aria-label={`${line.name}: ${line.t.length} values${last === undefined || last === null ? "" : ", the last " + last.toFixed(digits) + unit}`} />;
}

/** data puts a hole into a line wherever nothing came for too long. */
function data(line: Line, gap: number): (number | null)[][] {
  const t: number[] = [], v: (number | null)[] = [], low: (number | null)[] = [], high: (number | null)[] = [];
  for (let i = 0; i < line.t.length; i++) {
    if (i > 0 && gap > 0 && line.t[i] - line.t[i - 1] > gap) {
      t.push(line.t[i - 1] + 1); v.push(null); low.push(null); high.push(null);
    }
    t.push(line.t[i]); v.push(line.v[i]); low.push(line.low?.[i] ?? null); high.push(line.high?.[i] ?? null);
  }
  return line.low ? [t, v, low, high] : [t, v];
}

/** usual is how far apart values usually are. */
export function usual(t: number[]): number {
  const gaps = t.slice(1).map((x, i) => x - t[i]).sort((a, b) => a - b);
  return gaps.length ? gaps[gaps.length >> 1] : 0;
}
