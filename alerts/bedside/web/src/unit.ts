// What this page knows of the unit: the stream fills it, and every view reads it.

import type { Alert, Bed, Session } from "./types";

export interface Place { view: string; key: string; query: URLSearchParams }

/** Pending is an answer that can still be taken back. */
export interface Pending { alert: Alert; verb: string; body: object; due: number; timer: number }

export const undoFor = 5000;
const frozenAfter = 5000;

class Unit {
  beds = new Map<string, Bed>();
  order: string[] = [];
  alerts = new Map<string, Alert>();
  session: Session = { who: "", role: "none", units: [], login: false };
  title = "";
  replay = false;
  speed = 1;
  heard = performance.now(); // when the server was heard last
  connected = false;
  pending = new Map<string, Pending>();
  said = ""; // what happened last, for people
  saidAt = 0;
  news = { polite: "", assertive: "" }; // for screen readers
  private listeners = new Set<() => void>();
  private due = false;
  private source: EventSource | null = null;
  private last = "";

  subscribe(f: () => void): () => void {
    this.listeners.add(f);
    return () => this.listeners.delete(f);
  }

  /** changed redraws, at most once a frame. */
  changed() {
    if (this.due) return;
    this.due = true;
    const draw = () => { this.due = false; this.listeners.forEach((f) => f()); };
    if (document.hidden) setTimeout(draw, 250); else requestAnimationFrame(draw);
  }

  frozen(): number {
    const silent = performance.now() - this.heard;
    return silent > frozenAfter ? silent : 0;
  }

  /** now is a patient's time: it goes on between two messages as fast as the patient's time goes. */
  now(bed: Bed): number {
    const since = Math.min(performance.now(), this.heard + 1500) - bed.received;
    return Date.parse(bed.now) + Math.max(0, since) * this.speed;
  }

  listen() {
    const source = new EventSource("/api/v1/stream" + (this.last ? "?last=" + encodeURIComponent(this.last) : ""));
    this.source = source;
    const on = (kind: string, f: (data: any) => void) => source.addEventListener(kind, (e) => {
      const message = e as MessageEvent;
      if (message.lastEventId) this.last = message.lastEventId;
      this.heard = performance.now();
      this.connected = true;
      f(JSON.parse(message.data));
      this.changed();
    });
    on("beat", (b) => { this.speed = b.speed; });
    on("unit", (all) => {
      this.beds.clear();
      this.alerts.clear();
      all.beds.forEach((b: Bed) => this.take(b));
      this.order = all.beds.map((b: Bed) => b.key);
      all.alerts.forEach((a: Alert) => this.alerts.set(a.id, a));
    });
    on("bed", (b: Bed) => this.take(b));
    on("gone", (g) => { this.beds.delete(g.key); });
    on("alert", (a: Alert) => this.takeAlert(a));
    source.onerror = () => {
      this.connected = false;
      this.changed();
      if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
      setTimeout(() => this.again(), 2000);
    };
  }

  private async again() {
    try {
      const r = await fetch("/api/v1/session");
      this.session = await r.json();
      this.changed();
      if (this.session.role === "none") return; // log in first
    } catch { /* still away */ }
    this.listen();
  }

  close() { this.source?.close(); }

  private take(b: Bed) {
    b.received = performance.now();
    this.beds.set(b.key, b);
    b.alerts.forEach((a) => this.alerts.set(a.id, a));
  }

  private takeAlert(a: Alert) {
    const known = this.alerts.get(a.id);
    this.alerts.set(a.id, a);
    if (!a.open || known && known.revision >= a.revision || known && known.severity === a.severity) return;
    const text = `${a.severity} alert, ${a.bed || a.patient}: ${a.reason}`;
    if (a.severity === "high") this.news.assertive = text; else this.news.polite = text;
  }

  say(text: string) {
    this.said = text;
    this.saidAt = performance.now();
    this.changed();
  }

  /** answer sends an answer after a while in which it can be taken back. */
  answer(alert: Alert, verb: string, body: object) {
    this.undo(alert.id);
    const timer = window.setTimeout(() => this.send(alert.id), undoFor);
    this.pending.set(alert.id, { alert, verb, body, due: performance.now() + undoFor, timer });
    this.changed();
  }

  undo(id: string) {
    const p = this.pending.get(id);
    if (!p) return;
    clearTimeout(p.timer);
    this.pending.delete(id);
    this.changed();
  }

  /** flush sends what waits, since the page goes away. */
  flush() { [...this.pending.keys()].forEach((id) => this.send(id)); }

  private async send(id: string) {
    const p = this.pending.get(id);
    if (!p) return;
    clearTimeout(p.timer);
    this.pending.delete(id);
    const where = p.alert.bed || p.alert.patient;
    this.say(`Sending the answer to the alert of ${where}.`);
    try {
      const r = await fetch(`/api/v1/alerts/${encodeURIComponent(id)}/${p.verb}`, {
        method: "POST", keepalive: true, headers: { "Content-Type": "application/json" }, body: JSON.stringify(p.body),
      });
      if (!r.ok) throw new Error((await r.json()).error);
      this.say(`Done: ${words[p.verb]} (${where}).`);
    } catch (e) {
      this.say(`Not sent (${where}): ${e instanceof Error ? e.message : "Vigil does not answer"}`);
    }
  }
}

/** words are what a verb did. */
export const words: Record<string, string> = { acknowledge: "acknowledged", snooze: "snoozed", verdict: "verdict given" };

export const unit = new Unit();

/** ask asks the API. */
export async function ask<T>(path: string): Promise<T> {
  let r: Response, body: any;
  try {
    r = await fetch("/api/v1" + path);
    body = await r.json();
  } catch {
    throw new Error("Vigil does not answer.");
  }
  if (!r.ok) throw new Error(body.error);
  return body;
}

/** place is the view that the address names, so that a colleague who is sent it sees the same. */
export function place(): Place {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, key] = path.split("/");
  return { view: view || "unit", key: key ?? "", query: new URLSearchParams(query ?? "") };
}

/** go changes the query of the address; empty takes a key out. */
export function go(change: Record<string, string>) {
  const p = place();
  for (const [k, v] of Object.entries(change)) if (v === "") p.query.delete(k); else p.query.set(k, v);
  const q = p.query.toString();
  location.replace("#/" + p.view + (p.key ? "/" + p.key : "") + (q ? "?" + q : ""));
}
