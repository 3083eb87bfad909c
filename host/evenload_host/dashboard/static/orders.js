// What a page asks the server to do: a POST with this server's token, and the reason where it is refused.
const CSRF_KIND = "urn:evenload:problem:csrf";
const TIMEOUT_MS = 3000;
let token = document.querySelector("meta[name=csrf-token]").content;

// Returns null when accepted, else the reason. A server that was restarted has a new token; it is fetched once.
export async function send(path, order, isSecond = false) {
  const response = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json", "X-CSRF-Token": token },
    body: JSON.stringify(order), signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.ok) return null;
  const problem = await response.json();
  if (problem.type !== CSRF_KIND || isSecond) return problem.detail;
  const page = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
  token = page.querySelector("meta[name=csrf-token]").content;
  return send(path, order, true);
}
