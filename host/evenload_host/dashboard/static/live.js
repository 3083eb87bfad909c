// The live connection: one poll a period, the age of the data always known, and what is missed caught up.
const TIMEOUT_MS = 3000;
export const LATE_MS = 2500;
export const OFFLINE_MS = 5000;

export class Live {
  constructor(initial, { path, periodMs }, onSnapshot, onAge) {
    this.path = path;
    this.periodMs = periodMs;
    this.onSnapshot = onSnapshot;
    this.onAge = onAge;
    this.answers = true;
    this.timer = 0;
    this.take(initial);
    this.timer = setTimeout(() => this.poll(), periodMs);
    setInterval(() => this.tell(), 200);
    document.addEventListener("visibilitychange", () => document.hidden || this.poll());
    window.addEventListener("online", () => this.poll());
  }

  // When the snapshot was published, on this page's own monotonic clock.
  take(snapshot) {
    this.publishedMs = performance.now() - snapshot.age_ms;
    this.onSnapshot(snapshot);
    this.tell();
  }

  tell() {
    const ageMs = performance.now() - this.publishedMs;
    const state = ageMs > OFFLINE_MS ? "offline" : ageMs > LATE_MS ? "late" : "live";
    this.onAge(state, ageMs, this.answers);
  }

  async poll() {
    clearTimeout(this.timer);
    const startedMs = performance.now();
    try {
      const response = await fetch(this.path, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
      this.answers = response.ok;
      if (response.ok) this.take(await response.json());
    } catch {
      this.answers = false; // Offline is a designed state, told by the age; the next second tries again.
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.poll(), Math.max(100, this.periodMs - (performance.now() - startedMs)));
  }
}
