// The page: what stands above every view, and which view it is.

import { h, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { unit, place, ask } from "./unit";
import { useUnit } from "./parts";
import { Tiles } from "./tiles";
import { Bedside } from "./bedside";
import { Alerts, HealthView, Model } from "./lists";
import type { Health } from "./types";
import { age } from "./words";

const themes = ["auto", "dark", "light", "contrast"];
const views: [string, string][] = [["unit", "Unit"], ["alerts", "Alerts"], ["health", "Health"], ["model", "Model"]];

function App() {
  useUnit();
  const [, move] = useState("");
  const [theme, setTheme] = useState(kept());
  useEffect(() => {
    const f = () => { move(location.hash); unit.changed(); };
    addEventListener("hashchange", f);
    return () => removeEventListener("hashchange", f);
  }, []);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    try { localStorage.setItem("vigil-theme", theme); } catch { /* it is forgotten with the page */ }
  }, [theme]);
  const { view, key } = place();
  useEffect(() => { scrollTo(0, 0); document.title = "Vigil: " + (views.find(([v]) => v === view)?.[1] ?? "bedside"); }, [view, key]);
  const frozen = unit.frozen();
  useEffect(() => { document.body.classList.toggle("frozen", frozen > 0); }, [frozen > 0]);
  const open = [...unit.alerts.values()].filter((a) => a.open).length;
  return (
    <div>
      <header>
      <p class="notice">{unit.replay && <b>REPLAY: recorded or invented patients. </b>}Research software, not a medical device. It must not be used to care for a patient.</p>
      {frozen > 0 && <p class="freeze" role="alert">Nothing heard from Vigil for {age(frozen)}. What stands here is old.</p>}
      <nav class="bar" aria-label="Views">
        <b class="name">Vigil</b>
        {views.map(([v, text]) => <a key={v} href={"#/" + v} aria-current={v === view ? "page" : undefined}>{text}{v === "alerts" && open > 0 ? ` (${open})` : ""}</a>)}
        <span class="title">{unit.title}</span>
        <label class="theme">Colours <select value={theme} onChange={(e) => setTheme(e.currentTarget.value)}>{themes.map((t) => <option key={t}>{t}</option>)}</select></label>
        {unit.session.login && unit.session.role !== "none" && <button type="button" onClick={logout}>Log out {unit.session.who}</button>}
      </nav>
      {unit.said !== "" && performance.now() - unit.saidAt < 10000 && <p class="said" role="status">{unit.said}</p>}
      <p class="unseen" aria-live="polite">{unit.news.polite}</p>
      <p class="unseen" aria-live="assertive">{unit.news.assertive}</p>
      </header>
      {unit.session.login && unit.session.role === "none" ? <Login /> : view === "bed" ? <Bedside dark={theme} patient={key} key={key} /> : view === "alerts" ? <Alerts /> : view === "health" ? <HealthView /> : view === "model" ? <Model /> : <Tiles />}
    </div>
  );
}

function Login() {
  const [token, setToken] = useState("");
  const [error, setError] = useState("");
  const send = async () => {
    try {
      const r = await fetch("/api/v1/session", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ token }) });
      const body = await r.json();
      if (!r.ok) throw new Error(body.error);
      unit.session = body;
      begin();
    } catch (e) { setError(e instanceof Error ? e.message : "Vigil does not answer"); }
  };
  return (
    <main>
      <h1>Log in</h1>
      <form class="login" onSubmit={(e) => { e.preventDefault(); send(); }}>
        <label>Token <input type="password" autocomplete="current-password" value={token} onInput={(e) => setToken(e.currentTarget.value)} /></label>
        <button type="submit">Log in</button>
        {error !== "" && <p class="problem" role="alert">{error}</p>}
      </form>
    </main>
  );
}

async function logout() {
  await fetch("/api/v1/session", { method: "DELETE" });
  location.reload();
}

function kept(): string {
  try { return themes.find((t) => t === localStorage.getItem("vigil-theme")) ?? "auto"; } catch { return "auto"; }
}

async function begin() {
  unit.heard = performance.now();
  const health = await ask<Health>("/health"); // first, so that nobody of a replay is seen without the word
  unit.title = health.title;
  unit.replay = health.replay;
  unit.listen();
  unit.changed();
}

addEventListener("pagehide", () => unit.flush());
fetch("/api/v1/session").then((r) => r.json()).then((s) => {
  unit.session = s;
  if (s.role !== "none") return begin();
  unit.heard = Infinity; // nothing is expected before the login
  unit.changed();
}).catch(() => unit.say("Vigil does not answer. Load the page again."));
const root = document.getElementById("page")!;
root.replaceChildren();
render(<App />, root);
