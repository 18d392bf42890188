// The unit: a tile for each bed.

import { h } from "preact";
import type { Bed, UnitThen } from "./types";
import { ask, go, place, unit } from "./unit";
import { AlertLine, Number, Past, RiskNumber, shown, Spark, Then, useAnswer, useUnit } from "./parts";
import { modality, natural, plain } from "./words";

const gravity = (b: Bed) => b.alerts.reduce((g, a) => Math.max(g, 1 + ["low", "medium", "high"].indexOf(a.severity)), 0);
const risk = (b: Bed) => (b.risk?.trained ? b.risk.value : 0);
const orders: Record<string, (a: Bed, b: Bed) => number> = {
  sickest: (a, b) => gravity(b) - gravity(a) || (b.news2?.value ?? -1) - (a.news2?.value ?? -1) || risk(b) - risk(a) || natural(a.bed, b.bed) || natural(a.patient, b.patient),
  bed: (a, b) => natural(a.bed, b.bed) || natural(a.patient, b.patient),
  risk: (a, b) => risk(b) - risk(a),
  change: (a, b) => (b.change_6h ?? -1) - (a.change_6h ?? -1),
};

export function Tiles() {
  useUnit();
  const query = place().query;
  const order = query.get("by") ?? "sickest";
  const wall = query.get("wall") === "1";
  const at = query.get("at") ?? "";
  const [past, error] = useAnswer<UnitThen | null>(() => (at ? unitThen(at) : Promise.resolve(null)), 0, [at]);
  const then = past && at && Date.parse(past.as_of) === Date.parse(at) ? past : null;
  const here = [...unit.beds.values()];
  const all = at ? then?.beds ?? [] : here;
  const wards = [...new Set(all.map((b) => b.unit))].sort();
  const ward = query.get("ward") ?? "";
  const beds = all.filter((b) => ward === "" || b.unit === ward).sort(orders[order] ?? orders.sickest);
  const open = beds.reduce((n, b) => n + b.alerts.length, 0);
  return (
    <main class={wall ? "wall" : ""}>
      <h1 class="count">{beds.length} {beds.length === 1 ? "bed" : "beds"}, {open} {open === 1 ? "alert" : "alerts"} open</h1>
      {at !== "" && <Past at={Date.parse(at)} cut={then?.cut} />}
      {error !== "" && <p class="problem" role="alert">{error}</p>}
      <div class="tools" role="group" aria-label="Order of the beds">
        <span>First:</span>
        {Object.keys(orders).map((o) => (
          <button type="button" key={o} aria-pressed={o === order} onClick={() => go({ by: o === "sickest" ? "" : o })}>{o === "sickest" ? "the sickest" : o === "bed" ? "by bed" : o === "risk" ? "highest risk" : "fastest rise"}</button>
        ))}
        {wards.length > 1 && <label>Unit <select value={ward} onChange={(e) => go({ ward: e.currentTarget.value })}><option value="">all</option>{wards.map((w) => <option key={w} value={w}>{w || "not known"}</option>)}</select></label>}
        <button type="button" aria-pressed={wall} onClick={() => go({ wall: wall ? "" : "1" })}>Wall</button>
        {!wall && <Then from={Math.min(...here.flatMap((b) => b.trend.slice(0, 1).map((p) => p.t)))} to={Math.max(...here.map((b) => unit.now(b)))} at={at ? Date.parse(at) : null} />}
      </div>
      {beds.length === 0 && <p class="empty">{at ? (then ? "Nobody had a score by then." : error ? "" : "Reading the log.") : unit.connected ? "Nobody yet: patients come with their first score." : "Not connected."}</p>}
      <ul class="tiles">{beds.map((b) => <li key={b.key}><Tile bed={b} wall={wall} at={at} /></li>)}</ul>
    </main>
  );
}

/** unitThen asks for the unit of the past, whose time does not go on. */
async function unitThen(at: string): Promise<UnitThen> {
  const then = await ask<UnitThen>("/unit?as_of=" + encodeURIComponent(at));
  then.beds.forEach((b) => { b.received = Infinity; });
  return then;
}

function Tile({ bed, wall, at }: { bed: Bed; wall: boolean; at: string }) {
  const now = unit.now(bed);
  const worst = bed.alerts[0];
  const absent = Object.entries(bed.modalities).filter(([, m]) => m.state === "unusable").map(([name]) => name);
  return (
    <article class={"tile" + (worst ? " alerting " + (worst.kind === "technical" ? "technical" : worst.severity) : "")} aria-label={"Bed " + (bed.bed || "not known")}>
      <header>
        <h2><a href={"#/bed/" + bed.key + (at ? "?at=" + encodeURIComponent(at) : "")}>{bed.bed || "—"}</a></h2>
        {!wall && <span class="patient">{bed.patient}</span>}
        <span class="news" title={bed.news2?.partial ? "never measured: " + bed.news2.missing.map(plain).join(", ") : undefined}><span class="what">NEWS2</span> <b>{bed.news2 ? bed.news2.value : "—"}{bed.news2?.partial ? "?" : ""}</b></span>
      </header>
      {worst && <AlertLine alert={worst} now={now} brief more={bed.alerts.length > 1 ? `+${bed.alerts.length - 1} more ${bed.alerts.length === 2 ? "alert" : "alerts"}` : ""} />}
      <p class="vitals">{shown(bed).map((v) => <Number key={v.channel} bed={bed} vital={v} brief />)}</p>
      <div class="course"><RiskNumber bed={bed} /><Spark points={bed.trend} now={now} /></div>
      {absent.length > 0 && <p class="absent">cannot be used: {absent.map(modality).join(", ")}</p>}
    </article>
  );
}
