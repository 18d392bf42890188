// The sweep of an ECG: 25 mm a second and 10 mm a millivolt, as on paper. It draws the last strip again and again.

import { h } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Strip } from "./types";
import { unit } from "./unit";
import { clock } from "./words";

const mm = 96 / 25.4; // pixels of CSS
const speed = 25 * mm; // pixels a second
const tall = 44 * mm;

/** samplesOf reads the samples of a lead in millivolt. */
function samplesOf(strip: Strip, lead: number): Float32Array {
  const bytes = Uint8Array.from(atob(strip.samples[lead]), (c) => c.charCodeAt(0));
  const raw = new Int16Array(bytes.buffer, 0, bytes.length >> 1); // little-endian, as all browsers' machines are
  return Float32Array.from(raw, (x) => x * strip.gain);
}

export function Sweep({ strip, dark }: { strip: Strip; dark: string }) {
  const at = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = at.current!;
    const g = canvas.getContext("2d")!;
    const css = getComputedStyle(document.documentElement);
    const ink = css.getPropertyValue("--signal").trim(), faint = css.getPropertyValue("--grid").trim(), ground = css.getPropertyValue("--ground").trim();
    const lead = samplesOf(strip, 0);
    const seconds = lead.length / strip.rate_hz;
    const middle = [...lead].sort((a, b) => a - b)[lead.length >> 1] ?? 0;
    const scale = Math.max(devicePixelRatio, 1);
    const wide = canvas.clientWidth;
    canvas.width = Math.round(wide * scale);
    canvas.height = Math.round(tall * scale);
    g.setTransform(scale, 0, 0, scale, 0, 0);
    const y = (mv: number) => tall * 0.6 - (mv - middle) * 10 * mm;
    const grid = (a: number, b: number) => {
      g.fillStyle = ground;
      g.fillRect(a, 0, b - a, tall);
      g.strokeStyle = faint;
      g.lineWidth = 1;
      g.beginPath();
      for (let x = Math.ceil(a / (5 * mm)) * 5 * mm; x <= b; x += 5 * mm) { g.moveTo(x, 0); g.lineTo(x, tall); }
      for (let v = 0; v <= tall; v += 5 * mm) { g.moveTo(a, v); g.lineTo(b, v); }
      g.stroke();
    };
    const trace = (fromSecond: number, toSecond: number) => { // of the sweep; the strip begins anew behind its end
      g.strokeStyle = ink;
      g.lineWidth = 1.6;
      g.lineJoin = "round";
      g.beginPath();
      let last = -1;
      for (let i = Math.max(0, Math.floor(fromSecond * strip.rate_hz) - 1); i <= toSecond * strip.rate_hz; i++) {
        const x = ((i / strip.rate_hz) * speed) % wide;
        const at = i % lead.length;
        const fresh = x < last || at === 0 || last < 0; // a new line of the screen, or a new round of the strip
        if (fresh) g.moveTo(x, y(lead[at])); else g.lineTo(x, y(lead[at]));
        last = x;
      }
      g.stroke();
    };
    grid(0, wide);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      trace(0, Math.min(seconds, wide / speed));
      return;
    }
    let frame = 0, done = 0;
    const began = performance.now();
    const draw = () => {
      const now = (performance.now() - began) / 1000;
      frame = requestAnimationFrame(draw);
      if (unit.frozen() > 0) return; // a line that goes on would look alive
      done = Math.max(done, now - (0.9 * wide) / speed); // after a pause a screen of it is drawn whole: a hole would look like a pause of the heart
      const a = (done * speed) % wide, b = (now * speed) % wide, gap = 24;
      if (b >= a) grid(a, Math.min(b + gap, wide)); else { grid(a, wide); grid(0, b + gap); }
      if (b + gap > wide) grid(0, b + gap - wide);
      trace(done, now);
      done = now;
    };
    frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, [strip, dark]);
  return (
    <figure class="ecg">
      <figcaption>ECG, lead {strip.leads[0]}, the last strip: {(atob(strip.samples[0]).length / 2 / strip.rate_hz).toFixed(0)} s of {clock(Date.parse(strip.at))}, drawn again and again. 25 mm/s, 10 mm/mV.</figcaption>
      <canvas ref={at} role="img" aria-label={`ECG of lead ${strip.leads[0]}`} />
    </figure>
  );
}
