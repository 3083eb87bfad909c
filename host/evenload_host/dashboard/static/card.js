// The line about the cluster on the site's page. It asks by itself: the site's snapshot knows nothing of the cluster.
import { say } from "./words.js";
import { setText, setTone } from "./marks.js";
import { stateView } from "./cluster_words.js";

const PERIOD_MS = 1000;
const TIMEOUT_MS = 3000;

export function watchCluster(card) {
  const part = (name) => card.querySelector(`#card-${name}`);
  const draw = (now) => {
    const { tone, word } = stateView(now);
    card.dataset.tone = tone;
    setTone(card.querySelector(".mark"), tone);
    setText(part("word"), word);
    setText(part("leader"), now.leader ? say("cluster.card.leader", { node: now.leader, term: now.term }) : say("cluster.card.none"));
    setText(part("nodes"), say("cluster.card.nodes", { alive: now.alive, voters: now.voters }));
  };
  const poll = async () => {
    try {
      const response = await fetch("/cluster/snapshot.json", { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
      if (response.ok) draw(await response.json());
    } catch {
      // The page itself says that it is offline; this line keeps what it knew.
    }
    setTimeout(poll, PERIOD_MS);
  };
  setTimeout(poll, PERIOD_MS);
}
