// State of the page lives in its address, so that a view can be shared and survives a reload.
export function readAddress(name, fallback) {
  return new URLSearchParams(location.search).get(name) ?? fallback;
}

export function writeAddress(name, value, fallback) {
  const parameters = new URLSearchParams(location.search);
  if (value === fallback) parameters.delete(name);
  else parameters.set(name, value);
  history.replaceState(null, "", `${location.pathname}${parameters.size ? `?${parameters}` : ""}${location.hash}`);
  for (const link of document.querySelectorAll("a[data-keep]")) {
    const kept = new URLSearchParams(parameters);
    const own = link.dataset.keep;
    kept.set(own, new URLSearchParams(link.search).get(own));
    link.search = kept;
  }
}
