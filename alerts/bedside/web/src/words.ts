// How numbers, times and names are written. Times are UTC, as the sender told them.

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const two = (n: number) => String(n).padStart(2, "0");

/** clock is the time of day: 03:10. */
export function clock(t: number): string {
  const d = new Date(t);
  return `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
}

/** moment is a time that nobody can misread: 23-Nov-2026 14:05:09. */
export function moment(t: number): string {
  const d = new Date(t);
  return `${two(d.getUTCDate())}-${months[d.getUTCMonth()]}-${d.getUTCFullYear()} ${clock(t)}:${two(d.getUTCSeconds())}`;
}

/** age is a stretch of time in its largest unit: 12 s, 5 min, 3 h, 4 d. */
export function age(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 100 * 3600) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

export const percent = (x: number) => (x > 0 && x < 0.01 ? "<1" : String(Math.round(100 * x)));

/** stars are the marks by which bedside monitors show the priority of an alarm. */
export const stars = (severity: string) => ({ high: "***", medium: "**" } as Record<string, string>)[severity] ?? "*";

const short: Record<string, string> = {
  heart_rate: "HR", spo2: "SpO₂", respiratory_rate: "RR", systolic_arterial: "SBP", systolic_cuff: "SBP", temperature: "Temp", gcs_total: "GCS", gcs_eye: "GCS eye", gcs_verbal: "GCS verbal", gcs_motor: "GCS motor",
  consciousness: "ACVPU", fio2: "FiO₂", oxygen_flow: "O₂", mean_arterial: "MAP", mean_cuff: "MAP", diastolic_arterial: "DBP", diastolic_cuff: "DBP",
};

/** label is what a channel is called at the bedside. */
export const label = (channel: string) => short[channel] ?? plain(channel);

/** modality is what a kind of data is called. */
export const modality = (name: string) => ({ ecg: "ECG", numeric: "Numbers", notes: "Notes", imaging: "Imaging", vital: "vital signs", lab: "laboratory", support: "support" } as Record<string, string>)[name] ?? plain(name);

/** plain writes a name of the data as words, also one of several words in one, as RegulatoryApproval. */
export const plain = (name: string) => { const s = name.replaceAll("_", " ").replace(/([a-z])([A-Z])(?=[a-z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`); return s.charAt(0).toUpperCase() + s.slice(1); };

/** signal is what a channel is called where several of its kind stand together. */
export const signal = (channel: string) => (channel.endsWith("_arterial") ? label(channel) + ", arterial line" : channel.endsWith("_cuff") ? label(channel) + ", cuff" : label(channel));

const units: Record<string, string> = { "/min": "/min", "mm[Hg]": "mmHg", Cel: "°C", "1": "", "%": "%", "{score}": "" };
export const unitOf = (ucum: string) => units[ucum] ?? ucum;

/** risk says of what a risk is. */
export const riskOf = (task: string) => (task === "mortality" || task === "" ? "Risk of death in hospital" : "Risk of " + task.replaceAll("_", " "));

/** natural puts names in the order in which people count: Bed 2 before Bed 10. No name comes last. */
export function natural(a: string, b: string): number {
  if (a === "" || b === "") return b.length - a.length;
  return a.localeCompare(b, "en", { numeric: true });
}
