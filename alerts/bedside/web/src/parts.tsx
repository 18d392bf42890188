// Parts that several views have.

import { h, type ComponentChildren } from "preact";
import { useEffect, useReducer, useState } from "preact/hooks";
import type { Alert, Bed, Point, Vital } from "./types";
import { go, place, unit, undoFor } from "./unit";
import { age, clock, label, modality, moment, percent, stars, unitOf } from "./words";

/** useUnit draws the view anew when the unit changes, and each second, since ages grow. */
export function useUnit() {
  const [, again] = useReducer((n: number) => n + 1, 0);
  useEffect(() => unit.subscribe(() => again(0)), []);
  useEffect(() => {
    const t = setInterval(() => again(0), 1000);
    return () => clearInterval(t);
  }, []);
}

/** Number is a vital with its age: hatched where it is older than twice its usual period, a dash beyond four times. */
export function Number({ bed, vital, brief }: { bed: Bed; vital: Vital; brief?: boolean }) {
  const old = unit.now(bed) - Date.parse(vital.at);
  const slack = 3000 * unit.speed; // what a message may take on its way
  const gone = old > 4000 * vital.period_s + slack;
  const stale = vital.stale || old > 2000 * vital.period_s + slack;
  const text = gone ? "—" : vital.value.toFixed(vital.digits);
  return (
    <span class={"vital" + (stale && !gone ? " stale" : "")} title={gone ? `last: ${vital.value.toFixed(vital.digits)}` : undefined}>
      <span class="what">{label(vital.channel)}</span>
      <b>{text}</b>
      {!brief && <span class="unit">{unitOf(vital.unit)}</span>}
      <span class="age">{age(old)}{stale || gone ? " old" : ""}</span>
    </span>
  );
}

/** shown are the vitals of a tile: one of each kind, the arterial line before the cuff. */
export function shown(bed: Bed): Vital[] {
  const wanted = [["heart_rate"], ["spo2"], ["respiratory_rate"], ["systolic_arterial", "systolic_cuff"], ["temperature"]];
  return wanted.flatMap((names) => names.map((n) => bed.vitals.find((v) => v.channel === n)).find((v) => v) ?? []);
}

/** RiskNumber is the risk with its interval and its change, or says why there is none. */
export function RiskNumber({ bed }: { bed: Bed }) {
  if (bed.indeterminate) return <span class="risk"><b>—</b> indeterminate: the model knows too little, or nothing like it</span>;
  const r = bed.risk;
  if (!r) return <span class="risk"><b>—</b> no number</span>;
  const c = bed.change_6h;
  const points = c === null ? 0 : Math.round(100 * c);
  return (
    <span class="risk">
      <span class="what">Risk</span>
      <b>{percent(r.value)} %</b>
      {r.low !== null && r.high !== null && <span class="interval">{percent(r.low)}–{percent(r.high)}</span>}
      {c !== null && <span class="change">{points > 0 ? "▲" : points < 0 ? "▼" : "▬"} {points > 0 ? "+" : points < 0 ? "−" : ""}{Math.abs(points)} in 6 h</span>}
      {!r.trained && <span class="change">untrained model: means nothing</span>}
    </span>
  );
}

/** Spark is the risk of the last 24 hours, from 0 to 100 %. */
export function Spark({ points, now }: { points: Point[]; now: number }) {
  const known = points.filter((p) => p.risk !== null);
  if (known.length < 2) return <svg class="spark" viewBox="0 0 240 36" aria-hidden="true"><line x1="0" y1="35" x2="240" y2="35" /></svg>;
  const day = 24 * 3600e3;
  const x = (t: number) => (240 * (t - now + day)) / day;
  const y = (r: number) => 35 - 34 * r;
  const path = known.map((p) => `${x(p.t).toFixed(1)},${y(p.risk!).toFixed(1)}`).join(" ");
  return (
    <svg class="spark" viewBox="0 0 240 36" preserveAspectRatio="none" role="img" aria-label={`risk in the last 24 hours, from ${percent(known[0].risk!)} to ${percent(known[known.length - 1].risk!)} %`}>
      <line x1="0" y1="35" x2="240" y2="35" />
      <polyline points={path} />
    </svg>
  );
}

/** Severity is the mark of an alert: colour, asterisks and word, so that colour is never the only carrier. */
export function Severity({ alert }: { alert: Alert }) {
  return <span class={"severity " + (alert.kind === "technical" ? "technical" : alert.severity)}>{alert.kind === "technical" ? "◇ TECHNICAL" : `${stars(alert.severity)} ${alert.severity.toUpperCase()}`}</span>;
}

/** AlertLine is an alert with what people may answer. */
export function AlertLine({ alert, now, brief, more, children }: { alert: Alert; now: number; brief?: boolean; more?: string; children?: ComponentChildren }) {
  const began = Date.parse(alert.started);
  return (
    <div class={"alert" + (alert.acknowledged || alert.snoozed ? " seen" : "")}>
      <p>
        <Severity alert={alert} /> {alert.reason}
        <span class="since">since {clock(began)} ({age(now - began)})</span>
        {!alert.open && <span class="since">ended {clock(Date.parse(alert.as_of))}</span>}
        {alert.answer !== "" ? <span class="answer">✓ {alert.answer}</span> : alert.acknowledged && <span class="answer">✓ acknowledged</span>}
      </p>
      {children}
      <Answers alert={alert} brief={brief} more={more} />
    </div>
  );
}

/** Answers are the buttons of an alert. An answer can be taken back for five seconds before it is sent. */
function Answers({ alert, brief, more }: { alert: Alert; brief?: boolean; more?: string }) {
  const [asking, ask] = useState("");
  const [reason, setReason] = useState("");
  const [minutes, setMinutes] = useState("30");
  const rest = more ? <span class="more">{more}</span> : null;
  if (place().query.get("at")) return rest; // what was open then may be over: people answer what is open now
  if (unit.session.role !== "clinician" && unit.session.role !== "admin") return rest;
  const waits = unit.pending.get(alert.id);
  const where = alert.bed || alert.patient;
  if (waits) {
    const left = Math.ceil((waits.due - performance.now()) / 1000);
    return (
      <p class="answers" role="status">
        <span>{waits.verb === "acknowledge" ? "Acknowledging" : waits.verb === "snooze" ? "Snoozing" : "Verdict"} in {Math.min(Math.max(left, 0), undoFor / 1000)} s</span>
        <button type="button" class="undo" onClick={() => unit.undo(alert.id)}>Undo</button>
        {rest}
      </p>
    );
  }
  const send = (verb: string, body: object) => { unit.answer(alert, verb, body); ask(""); setReason(""); };
  if (asking === "snooze") {
    return (
      <form class="answers" onSubmit={(e) => { e.preventDefault(); send("snooze", { reason, minutes: parseInt(minutes, 10) }); }}>
        <label>Reason <input required maxLength={500} value={reason} onInput={(e) => setReason(e.currentTarget.value)} /></label>
        <label>for <select value={minutes} onChange={(e) => setMinutes(e.currentTarget.value)}>
          {["15", "30", "60", "120", "240"].map((m) => <option key={m} value={m}>{m} min</option>)}
        </select></label>
        <button type="submit">Snooze</button>
        <button type="button" onClick={() => ask("")}>Cancel</button>
      </form>
    );
  }
  if (asking === "verdict") {
    return (
      <p class="answers">
        {["useful", "not useful", "known"].map((v) => <button type="button" key={v} onClick={() => send("verdict", { reason: v })}>{v}</button>)}
        <button type="button" onClick={() => ask("")}>Cancel</button>
      </p>
    );
  }
  return (
    <p class="answers">
      {alert.open && !alert.acknowledged && <button type="button" class="ack" aria-label={`Acknowledge the alert of ${where}`} onClick={() => send("acknowledge", {})}>Acknowledge</button>}
      {!brief && alert.open && <button type="button" aria-label={`Snooze the alert of ${where}`} onClick={() => ask("snooze")}>Snooze…</button>}
      {!brief && <button type="button" aria-label={`Verdict on the alert of ${where}`} onClick={() => ask("verdict")}>Verdict…</button>}
      {rest}
    </p>
  );
}

/** Drivers are what the model used. */
export function Drivers({ alert }: { alert: Alert }) {
  if (alert.drivers.length === 0) return null;
  const most = Math.max(...alert.drivers.map((d) => Math.abs(d.effect)), 0.001);
  return (
    <details class="drivers" open>
      <summary>What the model used (not why the patient is ill){alert.change !== null && Math.round(100 * alert.change) !== 0 && `; the risk changed by ${Math.round(100 * alert.change)} points since the score before`}</summary>
      <table>
        <thead><tr><th scope="col">What</th><th scope="col">Risk without it</th></tr></thead>
        <tbody>
          {alert.drivers.map((d) => (
            <tr key={d.kind + d.name}>
              <td>{d.kind === "modality" ? "all of " + modality(d.name) : label(d.name)}{d.new ? " (new)" : ""}</td>
              <td><svg class="bar-of" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width={(100 * Math.abs(d.effect)) / most} height="10" /></svg> {percent(Math.abs(d.effect))} points {d.effect > 0 ? "lower" : "higher"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}

/** Past says that a view is of the past. */
export function Past({ at, cut }: { at: number; cut?: boolean }) {
  return (
    <p class="then" role="status">
      <b>As it was known at {moment(at)}.</b> What came later is left out. {cut && "The log is long: what lies further back was not read. "}
      <button type="button" onClick={() => go({ at: "" })}>Back to now</button>
    </p>
  );
}

/** Then goes back in time. */
export function Then({ from, to, at }: { from: number; to: number; at: number | null }) {
  if (!isFinite(from)) return null;
  const minutes = Math.max(1, Math.floor((to - from) / 60e3));
  return (
    <label class="travel">Known at <input type="range" min={0} max={minutes} value={at === null ? minutes : Math.round((at - from) / 60e3)}
      aria-valuetext={clock(at ?? to)}
      onChange={(e) => { const m = parseInt(e.currentTarget.value, 10); go({ at: m >= minutes ? "" : new Date(from + m * 60e3).toISOString() }); }} /> {at === null ? "now" : clock(at)}</label>
  );
}

/** useAnswer asks the API again and again; the last answer stands while the next one is on its way. */
export function useAnswer<T>(load: () => Promise<T>, every: number, on: unknown[]): [T | null, string] {
  const [state, set] = useState<{ value: T | null; error: string }>({ value: null, error: "" });
  useEffect(() => {
    let over = false;
    let timer = 0;
    const turn = async () => {
      try {
        const value = await load();
        if (!over) set({ value, error: "" });
      } catch (e) {
        if (!over) set((s) => ({ value: s.value, error: e instanceof Error ? e.message : "Vigil does not answer" }));
      }
      if (!over && every > 0) timer = window.setTimeout(turn, every);
    };
    turn();
    return () => { over = true; clearTimeout(timer); };
  }, on);
  return [state.value, state.error];
}
