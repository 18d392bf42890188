// What the API tells; /api/v1/openapi.json describes it.

export interface Risk { task: string; value: number; low: number | null; high: number | null; trained: boolean }
export interface NEWS2 { value: number; partial: boolean; missing: string[]; stale: string[] }
export interface Vital { channel: string; value: number; unit: string; digits: number; at: string; period_s: number; points: number; stale: boolean; flags: string[] }
export interface Modality { state: string; at: string | null }
export interface Point { t: number; risk: number | null; low: number | null; high: number | null; news2: number }
export interface Driver { task: string; kind: string; name: string; effect: number; new?: boolean }

export interface Alert {
  id: string; revision: number; key: string; bed: string; unit: string; patient: string; open: boolean; phase: string; kind: string; task: string;
  severity: string; as_of: string; started: string; value: number; threshold: number; reason: string; answer: string; acknowledged: boolean;
  snoozed: boolean; change: number | null; drivers: Driver[]; flags: string[]; model: string; policy: string
}

export interface Bed {
  key: string; bed: string; unit: string; patient: string; stay: string; now: string; as_of: string | null; news2: NEWS2 | null; risk: Risk | null;
  change_6h: number | null; indeterminate: boolean; vitals: Vital[]; modalities: Record<string, Modality>; alerts: Alert[]; trend: Point[]; flags: string[]
  received: number // by this page's clock
}

export interface UnitThen { beds: Bed[]; alerts: Alert[]; as_of: string; cut: boolean }

export interface Series { name: string; group: string; unit: string; digits: number; thinned: boolean; t: number[]; v: (number | null)[] }
export interface Finding { concept: string; polarity: string; count: number }
export interface Item { modality: string; at: string; known: string; state: string; label: string; ref: string; findings: Finding[] }
export interface Stay {
  key: string; bed: string; unit: string; patient: string; stay: string; admitted: string | null; statics: { age_years?: number; sex?: string };
  as_of: string; from: string; channels: Series[]; items: Item[]; cursor: number; cut: boolean
}
export interface Trajectory { key: string; task: string; points: Point[]; cut: boolean }
export interface Strip { at: string; rate_hz: number; gain: number; leads: string[]; samples: string[] }

export interface Health {
  notice: string; version: string; title: string; replay: boolean; time: string; clock: string; patients: number; scores: number;
  alert_revisions: Record<string, number>; dead_letters: Record<string, number>; streams: number; dropped_streams: number; broker: string; store: string;
  partitions: { partition: number; owned: boolean; here: boolean; waiting: Record<string, number> }[]; status: string
}
export interface DeadLetter { at: number; place: string; source: string; reason: string; field: string; expected: string; partial: boolean; found: string; payload: string }
export interface Session { who: string; role: string; units: string[]; login: boolean }
