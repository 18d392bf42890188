// Views that are lists: alerts, health, what is to be known of the model.

import { h, Fragment } from "preact";
import type { DeadLetter, Health } from "./types";
import { ask, go, place, unit } from "./unit";
import { AlertLine, Drivers, useAnswer, useUnit } from "./parts";
import { age, modality, moment, natural, plain } from "./words";

export function Alerts() {
  useUnit();
  const all = place().query.get("all") === "1";
  const alerts = [...unit.alerts.values()].filter((a) => all || a.open).sort((a, b) => +b.open - +a.open || Date.parse(b.as_of) - Date.parse(a.as_of));
  return (
    <main>
      <h1>Alerts</h1>
      <div class="tools" role="group" aria-label="Which alerts">
        <button type="button" aria-pressed={!all} onClick={() => go({ all: "" })}>open</button>
        <button type="button" aria-pressed={all} onClick={() => go({ all: "1" })}>ended too</button>
      </div>
      {alerts.length === 0 && <p class="empty">{unit.connected ? "No alert is open." : "Not connected."}</p>}
      <ul class="alerts">
        {alerts.map((a) => {
          const bed = unit.beds.get(a.key);
          return (
            <li key={a.id}>
              <a class="bed" href={"#/bed/" + a.key}>{a.bed || "—"}</a> <span class="patient">{a.patient}</span>
              <AlertLine alert={a} now={bed ? unit.now(bed) : Date.parse(a.as_of)}><Drivers alert={a} /></AlertLine>
            </li>
          );
        })}
      </ul>
    </main>
  );
}

export function HealthView() {
  useUnit();
  const [health, error] = useAnswer<Health>(() => ask("/health"), 2000, []);
  const [letters] = useAnswer<DeadLetter[]>(() => ask("/deadletters"), 10000, []);
  const beds = [...unit.beds.values()].sort((a, b) => natural(a.bed, b.bed) || natural(a.patient, b.patient));
  const feeds = [...new Set(beds.flatMap((b) => Object.keys(b.modalities)))].sort();
  const waiting = (health?.partitions ?? []).map((p) => ({ ...p, sum: Object.values(p.waiting).reduce((a, b) => a + b, 0) }));
  const nobody = waiting.filter((p) => !p.owned);
  return (
    <main>
      <h1>Health</h1>
      {error !== "" && <p class="problem" role="alert">{error}</p>}
      {health && (
        <Fragment>
          <dl class="facts">
            <dt>Broker</dt><dd>{health.broker || "answers"}</dd>
            <dt>Store</dt><dd>{health.store || "answers"}</dd>
            <dt>Patients</dt><dd>{health.patients}</dd>
            <dt>Scores seen</dt><dd>{health.scores}</dd>
            <dt>Latest score</dt><dd>{moment(Date.parse(health.clock))}</dd>
            <dt>Records that wait</dt><dd>{waiting.reduce((n, p) => n + p.sum, 0)} in {waiting.length} partitions{nobody.length > 0 && `; ${nobody.length} have no worker`}</dd>
            <dt>Refused messages</dt><dd>{Object.entries(health.dead_letters).map(([r, n]) => `${n} ${r}`).join(", ") || "none"}</dd>
            <dt>Pages open</dt><dd>{health.streams}{health.dropped_streams > 0 && `, ${health.dropped_streams} dropped`}</dd>
            <dt>Version</dt><dd>{health.version}</dd>
          </dl>
          {health.status && <p class="hint">{health.status}</p>}
        </Fragment>
      )}
      <h2>Which feed is old</h2>
      <div class="wide" tabIndex={0} role="region" aria-label="Feeds">
        <table>
          <thead><tr><th scope="col">Bed</th>{feeds.map((f) => <th scope="col" key={f}>{modality(f)}</th>)}</tr></thead>
          <tbody>
            {beds.map((b) => (
              <tr key={b.key}>
                <th scope="row"><a href={"#/bed/" + b.key}>{b.bed || b.patient}</a></th>
                {feeds.map((f) => <Feed key={f} bed={b.key} name={f} />)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h2>Refused messages</h2>
      {letters && letters.length === 0 && <p class="empty">None.</p>}
      {letters && letters.length > 0 && (
        <div class="wide" tabIndex={0} role="region" aria-label="Refused messages">
          <table>
            <thead><tr><th scope="col">When</th><th scope="col">Why</th><th scope="col">Expected</th><th scope="col">Sender</th><th scope="col">Where</th></tr></thead>
            <tbody>{letters.slice(0, 50).map((d) => <tr key={d.place}><td>{moment(d.at)}</td><td>{d.reason}{d.field && ` (${d.field})`}{d.payload && <details><summary>bytes</summary><pre>{d.payload}</pre></details>}</td><td>{d.expected}</td><td>{d.source}</td><td>{d.place}</td></tr>)}</tbody>
          </table>
        </div>
      )}
    </main>
  );
}

/** beyond is from which age on a feed is told as old. */
const beyond: Record<string, number> = { numeric: 2 * 3600e3, ecg: 600e3 };

function Feed({ bed, name }: { bed: string; name: string }) {
  const b = unit.beds.get(bed);
  const m = b?.modalities[name];
  if (!b || !m || m.state === "absent") return <td class="absent">nothing</td>;
  const old = m.at ? unit.now(b) - Date.parse(m.at) : 0;
  const late = beyond[name] !== undefined && old > beyond[name];
  return <td class={late ? "stale" : ""}>{age(old)}{late && " old"}{m.state === "unusable" && ", cannot be used"}</td>;
}

export function Model() {
  const [facts, error] = useAnswer<Record<string, unknown>>(() => ask("/model"), 0, []);
  return (
    <main class="model">
      <h1>What is to be known of the model</h1>
      {error !== "" && <p class="problem">{error}</p>}
      {facts && <Facts of={facts} level={2} />}
    </main>
  );
}

/** Facts writes any object as headings and lists. */
function Facts({ of, level }: { of: Record<string, unknown>; level: number }) {
  const isObject = (v: unknown): v is Record<string, unknown> => typeof v === "object" && v !== null && !Array.isArray(v);
  const Heading = `h${Math.min(level, 4)}` as "h2";
  const flat = Object.entries(of).filter(([, v]) => !isObject(v));
  return (
    <Fragment>
      {flat.length > 0 && <dl class="facts">{flat.map(([k, v]) => <Fragment key={k}><dt>{plain(k)}</dt><dd>{Array.isArray(v) ? v.map((x) => (isObject(x) ? Object.entries(x).map(([a, b]) => `${plain(a).toLowerCase()} ${b}`).join(", ") : String(x))).join("; ") : String(v)}</dd></Fragment>)}</dl>}
      {Object.entries(of).filter(([, v]) => isObject(v)).map(([k, v]) => <section key={k}><Heading>{plain(k)}</Heading><Facts of={v as Record<string, unknown>} level={level + 1} /></section>)}
    </Fragment>
  );
}
