// One patient: who it is, what is known, the risk, the signals behind it, the alerts.

import { h, Fragment } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Alert, Bed, Item, Modality, NEWS2, Series, Stay, Strip, Trajectory } from "./types";
import { ask, go, place, unit } from "./unit";
import { AlertLine, Drivers, Number, Past, RiskNumber, Then, useAnswer, useUnit } from "./parts";
import { Chart, usual, type Line } from "./chart";
import { Sweep } from "./ecg";
import { age, clock, modality, moment, percent, plain, riskOf, signal, unitOf } from "./words";

const usually = ["heart_rate", "spo2", "respiratory_rate", "systolic_arterial", "systolic_cuff", "temperature"];
const most = 12;

/** Bedside takes the patient from above: while the view is left, the address names another view already. */
export function Bedside({ dark, patient: key }: { dark: string; patient: string }) {
  useUnit();
  const { query } = place();
  const at = query.get("at") ?? "";
  const bed = unit.beds.get(key);
  const [stay, stayError] = useStay(key, at);
  const [scores] = useAnswer<Trajectory>(() => ask(`/patients/${key}/scores${at ? "?as_of=" + encodeURIComponent(at) : ""}`), at ? 0 : 30000, [key, at]);
  const risk = useRisk(bed, scores, at);
  const [then] = useAnswer<Alert[]>(() => (at ? ask(`/patients/${key}/alerts?as_of=${encodeURIComponent(at)}`) : Promise.resolve([])), 0, [key, at]);
  const strip = useStrip(key, stay?.items);
  if (!bed) return <main><h1>Bed</h1><p class="empty">{unit.connected ? "This patient is not in the unit, or not for you." : "Not connected."} <a href={"#/unit" + (at ? "?at=" + encodeURIComponent(at) : "")}>All beds</a></p></main>;

  const to = at ? Date.parse(at) : unit.now(bed);
  const begun = Math.min(stay?.admitted ? Date.parse(stay.admitted) : Infinity, ...risk.t.slice(0, 1), ...(stay?.channels ?? []).map((c) => c.t[0]));
  const hours = Math.min(48, parseFloat(query.get("hours") ?? "0") || 48);
  const from = Math.max(to - hours * 3600e3, Math.min(begun, to - 600e3));
  const names = (query.get("signals") ?? "").split(",").filter((n) => n);
  const channels = (stay?.channels ?? []).filter((c) => (names.length ? names : usually).includes(c.name)).slice(0, most);
  const alerts = (at ? then ?? [] : [...unit.alerts.values()].filter((a) => a.key === key)).sort((a, b) => +b.open - +a.open || Date.parse(b.started) - Date.parse(a.started));
  const open = alerts.filter((a) => a.open);
  const newest = scores?.points[scores.points.length - 1];
  return (
    <main class="bedside">
      <Banner bed={bed} stay={stay} now={to} />
      {at !== "" && <Past at={to} />}
      {stayError !== "" && <p class="problem" role="alert">{stayError}</p>}
      <div class="columns">
      <div class="data">
      <section aria-labelledby="s-now">
        <h2 id="s-now">What is known</h2>
        {at === "" ? <Known modalities={bed.modalities} news2={bed.news2} flags={bed.flags} now={to} cut={stay?.cut} /> : <Known modalities={by(stay)} news2={null} flags={[]} now={to} cut={stay?.cut} />}
        {at !== "" && newest && <p>NEWS2 {newest.news2}; risk {newest.risk === null ? "—" : percent(newest.risk) + " %"} at {clock(newest.t)}.</p>}
        {at === "" && <Fragment><p class="vitals">{bed.vitals.map((v) => <Number key={v.channel} bed={bed} vital={v} />)}</p><p><RiskNumber bed={bed} /></p></Fragment>}
      </section>
      <section aria-labelledby="s-risk">
        <div class="tools">
          <h2 id="s-risk">{riskOf(scores?.task ?? bed.risk?.task ?? "")}</h2>
          {[["6", "6 h"], ["24", "24 h"], ["", "48 h"]].map(([v, text]) => <button type="button" key={v} aria-pressed={(query.get("hours") ?? "") === v} onClick={() => go({ hours: v })}>{text}</button>)}
          <Then from={begun} to={unit.now(bed)} at={at ? to : null} />
        </div>
        {risk.t.length > 1 ? <Chart line={risk} from={from} to={to} low={0} high={100} height={200} digits={0} unit=" %" dots={false} gap={2 * 3600e3} dark={dark} /> : <p class="empty">No risk yet.</p>}
        <p class="hint">The band is where nine of ten such risks stay until the first 48 hours are known. Drag to zoom, double click to go back.</p>
      </section>
      {strip && at === "" && <section aria-label="ECG"><Sweep strip={strip} dark={dark} /></section>}
      <section aria-labelledby="s-signals">
        <h2 id="s-signals">Signals</h2>
        <Picker all={stay?.channels ?? []} chosen={channels.map((c) => c.name)} />
        {channels.map((c) => <Signal key={c.name} series={c} from={from} to={to} dark={dark} />)}
      </section>
      <section aria-labelledby="s-lanes">
        <h2 id="s-lanes">What came, and when</h2>
        {stay && <Lanes stay={stay} from={from} to={to} />}
      </section>
      <Notes items={stay?.items ?? []} />
      </div>
      <aside>
      <section aria-labelledby="s-alerts">
        <h2 id="s-alerts">Alerts</h2>
        {alerts.length === 0 && <p class="empty">No alert in this stay.</p>}
        {open.map((a) => <AlertLine key={a.id} alert={a} now={to}><Drivers alert={a} /></AlertLine>)}
        {alerts.length > open.length && (
          <details class="past"><summary>{alerts.length - open.length} that have ended</summary>
            {alerts.filter((a) => !a.open).map((a) => <AlertLine key={a.id} alert={a} now={to} />)}</details>
        )}
      </section>
      </aside>
      </div>
    </main>
  );
}

/** Banner says whom the page is about, and stays in sight. */
function Banner({ bed, stay, now }: { bed: Bed; stay: Stay | null; now: number }) {
  const years = stay?.statics.age_years;
  const band = years === undefined ? "" : years >= 90 ? "90 or older" : `${Math.floor(years / 10) * 10}–${Math.floor(years / 10) * 10 + 9} years`;
  const facts = [bed.patient, bed.unit, band, stay?.statics.sex ?? "", stay?.admitted ? `${age(now - Date.parse(stay.admitted))} in the unit` : ""].filter((f) => f);
  return <header class="banner"><h1>Bed {bed.bed || "—"}</h1><span>{facts.join(" · ")}</span><time>{moment(now)}</time></header>;
}

/** Known is the state of the data, which comes before any number of the model. */
function Known({ modalities, news2, flags, now, cut }: { modalities: Record<string, Modality>; news2: NEWS2 | null; flags: string[]; now: number; cut: boolean | undefined }) {
  return (
    <ul class="known">
      {Object.entries(modalities).sort().map(([name, m]) => (
        <li key={name} class={m.state}>{modality(name)}: {m.state === "present" ? `last ${m.at ? age(Math.max(0, now - Date.parse(m.at))) + " ago" : ""}` : m.state === "unusable" ? "came, cannot be used" : "nothing came"}</li>
      ))}
      {news2 && <li>NEWS2 {news2.value}{news2.partial && `, never measured: ${news2.missing.map((m) => m.replaceAll("_", " ")).join(", ")}`}</li>}
      {flags.length > 0 && <li>{flags.map((f) => f.replaceAll("_", " ")).join(", ")}</li>}
      {cut && <li>The log is long: what lies further back was not read.</li>}
    </ul>
  );
}

/** by is what of each modality a window holds. */
function by(stay: Stay | null): Record<string, Modality> {
  if (!stay) return {};
  const out: Record<string, Modality> = {};
  for (const name of ["ecg", "imaging", "notes"]) {
    const last = stay.items.filter((i) => i.modality === name).reduce<Item | null>((a, b) => (a && a.at > b.at ? a : b), null);
    out[name] = { state: last?.state ?? "absent", at: last?.at ?? null };
  }
  const last = stay.channels.reduce((t, c) => Math.max(t, c.t[c.t.length - 1]), 0);
  out.numeric = { state: last ? "present" : "absent", at: last ? new Date(last).toISOString() : null };
  return out;
}

/** Picker chooses the signals that are drawn. */
function Picker({ all, chosen }: { all: Series[]; chosen: string[] }) {
  const set = (name: string, on: boolean) => go({ signals: (on ? [...chosen, name] : chosen.filter((n) => n !== name)).join(",") });
  return (
    <details class="picker"><summary>Choose signals ({chosen.length} of at most {most})</summary>
      <div>{all.map((c) => <label key={c.name}><input type="checkbox" checked={chosen.includes(c.name)} disabled={!chosen.includes(c.name) && chosen.length >= most} onChange={(e) => set(c.name, e.currentTarget.checked)} /> {plain(c.name)}</label>)}</div>
    </details>
  );
}

function Signal({ series, from, to, dark }: { series: Series; from: number; to: number; dark: string }) {
  const every = usual(series.t);
  const line = useMemo<Line>(() => ({ name: plain(series.name), t: series.t, v: series.v }), [series]);
  return (
    <div class="signal">
      <h3>{signal(series.name)} <span class="unit">{unitOf(series.unit)}</span>{series.thinned && <span class="unit">lowest and highest of stretches</span>}</h3>
      <Chart line={line} from={from} to={to} height={110} digits={series.digits} unit="" dots={series.t.length < 200} gap={Math.max(4 * every, 120e3)} dark={dark} />
    </div>
  );
}

const lanes: [string, (s: Stay) => number[]][] = [
  ["Vital signs", (s) => times(s, ["vital"])],
  ["Laboratory", (s) => times(s, ["lab"])],
  ["Support", (s) => times(s, ["support", "drug", "ventilator", "fluid"])],
  ["Neurology", (s) => times(s, ["neuro"])],
  ["ECG", (s) => s.items.filter((i) => i.modality === "ecg").map((i) => Date.parse(i.at))],
  ["Notes", (s) => s.items.filter((i) => i.modality === "notes").map((i) => Date.parse(i.at))],
  ["Imaging", (s) => s.items.filter((i) => i.modality === "imaging").map((i) => Date.parse(i.at))],
];
const times = (s: Stay, groups: string[]) => s.channels.filter((c) => groups.includes(c.group)).flatMap((c) => c.t);

/** Lanes show when something of each kind was measured. Hatched is where nothing came for longer than usual. */
function Lanes({ stay, from, to }: { stay: Stay; from: number; to: number }) {
  const wide = 1000, high = 20;
  const x = (t: number) => (wide * (t - from)) / (to - from);
  return (
    <Fragment>
      <svg class="unseen" aria-hidden="true"><defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse"><path d="M0 8L8 0" class="hatch" /></pattern></defs></svg>
      <ul class="lanes">
        {lanes.map(([name, of]) => {
          const came = of(stay);
          const all = [...new Set(came.filter((t) => t >= from && t <= to).map((t) => Math.round(x(t))))].sort((a, b) => a - b);
          const step = Math.max(usual(all) * 4, 12);
          const holes = all.length === 0 ? [[0, wide]] : [...all, wide].flatMap((b, j) => (b - (all[j - 1] ?? 0) > step ? [[all[j - 1] ?? 0, b]] : []));
          const last = came.length === 0 ? "nothing" : `${came.length}, last ${age(to - came.reduce((a, b) => Math.max(a, b), 0))} ago`;
          return (
            <li key={name}>
              <span>{name} <span class="unit">{last}</span></span>
              <svg viewBox={`0 0 ${wide} ${high}`} preserveAspectRatio="none" aria-hidden="true">
                {holes.map(([a, b]) => <rect key={a} x={a} y="0" width={b - a} height={high} fill="url(#hatch)" />)}
                <path class="tick" d={all.map((a) => `M${a} 0V${high}`).join("")} />
              </svg>
            </li>
          );
        })}
      </ul>
      <p class="hint">From {moment(from)} to {moment(to)}. Hatched: nothing came for longer than usual. The model sees the last 48 hours.</p>
    </Fragment>
  );
}

/** Notes are what was found in notes and images. */
function Notes({ items }: { items: Item[] }) {
  const found = items.filter((i) => i.modality !== "ecg").slice(-12).reverse();
  if (found.length === 0) return null;
  return (
    <section aria-labelledby="s-notes">
      <h2 id="s-notes">Notes and images</h2>
      <ul class="notes">{found.map((i) => (
        <li key={i.ref}><time>{clock(Date.parse(i.at))}</time> {plain(i.label || i.modality)}{i.state !== "present" && ` (${i.state})`}: {i.findings.length === 0 ? "nothing that the reader knows" : i.findings.slice(0, 12).map((f) => (f.polarity === "present" ? "" : f.polarity === "absent" ? "no " : f.polarity + " ") + f.concept.replaceAll("_", " ")).join(", ")}</li>
      ))}</ul>
    </section>
  );
}

/** useStay reads the window and then what is new; at a moment of the past it reads once. */
function useStay(key: string, at: string): [Stay | null, string] {
  const known = useRef<Stay | null>(null);
  const last = useRef("");
  if (last.current !== key + at) { last.current = key + at; known.current = null; }
  const [, error] = useAnswer<Stay>(async () => {
    const path = `/patients/${key}/stay`;
    if (at) return (known.current = await ask<Stay>(`${path}?as_of=${encodeURIComponent(at)}`));
    const old = known.current;
    const more = await ask<Stay>(path + (old ? `?after=${old.cursor}` : ""));
    return (known.current = old && more.stay === old.stay ? merged(old, more) : more);
  }, at ? 0 : 3000, [key, at]);
  return [known.current, error];
}

/** merged puts what is new into what is known. */
function merged(old: Stay, more: Stay): Stay {
  const channels = new Map(old.channels.map((c) => [c.name, c]));
  for (const c of more.channels) {
    const was = channels.get(c.name);
    if (!was) { channels.set(c.name, c); continue; }
    const values = new Map(was.t.map((t, i) => [t, was.v[i]]));
    c.t.forEach((t, i) => { if (c.v[i] === null) values.delete(t); else values.set(t, c.v[i]); });
    const t = [...values.keys()].sort((a, b) => a - b).slice(-8000);
    channels.set(c.name, { ...was, t, v: t.map((x) => values.get(x)!) });
  }
  return {
    ...old, cursor: more.cursor, as_of: more.items.length || more.channels.length ? more.as_of : old.as_of, channels: [...channels.values()].filter((c) => c.t.length),
    items: more.items.length ? [...old.items, ...more.items].sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).slice(-4000) : old.items,
  };
}

/** useRisk is the trajectory with the points that came since. */
function useRisk(bed: Bed | undefined, scores: Trajectory | null, at: string): Line {
  const newest = bed?.trend[bed.trend.length - 1];
  return useMemo(() => {
    const points = [...(scores?.points ?? [])];
    if (!at && newest && (points.length === 0 || newest.t > points[points.length - 1].t)) points.push(newest);
    const hundred = (x: number | null) => (x === null ? null : 100 * x);
    return { name: "Risk", t: points.map((p) => p.t), v: points.map((p) => hundred(p.risk)), low: points.map((p) => hundred(p.low)), high: points.map((p) => hundred(p.high)) };
  }, [scores, newest?.t, at]);
}

/** useStrip is the newest strip that can be shown. */
function useStrip(key: string, items: Item[] | undefined): Strip | null {
  const ref = items?.findLast((i) => i.modality === "ecg" && i.state === "present")?.ref ?? "";
  const [strip, set] = useState<Strip | null>(null);
  const asked = useRef(0);
  useEffect(() => {
    const now = performance.now();
    if (!ref || strip && now - asked.current < 10000) return; // a strip is shown once before the next
    asked.current = now;
    ask<Strip>(`/patients/${key}/strip?ref=${encodeURIComponent(ref)}`).then(set, () => { /* it is kept no longer */ });
  }, [key, ref]);
  useEffect(() => set(null), [key]);
  return strip;
}
