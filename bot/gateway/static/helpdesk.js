// The help desk, live: lists and threads follow what happens, with a badge in the title and, if wanted, a sound.

const list = document.querySelector('[data-help="liste"]');
const thread = document.querySelector('[data-help="fil"]');
const scroller = thread?.parentElement;
const title = document.title;
const SOUND = "equipier-signal";
const POLL_EVERY = 5000; // milliseconds, where events do not come

let before = null; // the last state told by the server
let unread = 0;
let audio = null;

// Sound: a browser lets a page be heard once someone has touched it.

const sound = document.querySelector("[data-sound]");
const wantsSound = () => localStorage.getItem(SOUND) === "oui";

function wakeAudio() {
  if (!wantsSound()) return;
  audio ??= new AudioContext();
  if (audio.state === "suspended") void audio.resume();
}

function beep() {
  if (!wantsSound() || !audio) return;
  for (const [at, pitch] of [[0, 660], [0.16, 880]]) {
    const note = audio.createOscillator();
    const volume = audio.createGain();
    const start = audio.currentTime + at;
    note.frequency.value = pitch;
    volume.gain.setValueAtTime(0.12, start);
    volume.gain.exponentialRampToValueAtTime(0.001, start + 0.14);
    note.connect(volume).connect(audio.destination);
    note.start(start);
    note.stop(start + 0.15);
  }
}

function showSound() {
  if (!sound) return;
  sound.hidden = false;
  sound.setAttribute("aria-pressed", String(wantsSound()));
  sound.querySelector("[data-sound-state]").textContent = wantsSound() ? "activé" : "désactivé";
}

sound?.addEventListener("click", () => {
  localStorage.setItem(SOUND, wantsSound() ? "non" : "oui");
  wakeAudio();
  showSound();
  beep();
});
for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, wakeAudio);
showSound();

// What the server tells.

function show(now) {
  const was = before;
  before = now;
  for (const [tab, count] of Object.entries(now.counts)) {
    const shown = document.querySelector(`[data-count="${tab}"]`);
    if (shown) shown.textContent = count;
  }
  if (was) tell(was, now);
  badge(now);
  if (list && (!was || JSON.stringify(was.requests) !== JSON.stringify(now.requests))) void refreshList();
  if (thread) follow(was, now);
}

function tell(was, now) {
  const fresh = Object.keys(now.requests).filter((id) => now.requests[id].tab === "attente" && !was.requests[id]);
  const heard = Object.keys(now.requests).filter(
    (id) => now.requests[id].tab === "miennes" && was.requests[id] && was.requests[id].heard !== now.requests[id].heard,
  );
  if (!fresh.length && !heard.length) return;
  if (document.hidden) unread += heard.length;
  beep();
  const news = document.querySelector("[data-news]");
  if (news) news.textContent = fresh.length ? "Nouvelle demande en attente." : "Nouveau message dans une de vos demandes.";
}

function badge(now) {
  const count = now.counts.attente + unread;
  document.title = count ? `(${count}) ${title}` : title;
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unread = 0;
  if (before) badge(before);
});

async function fragment(path) {
  const response = await fetch(path, { headers: { Accept: "text/html" } });
  if (response.redirected) return ended();
  if (!response.ok) return null;
  const holder = document.createElement("template");
  holder.innerHTML = await response.text(); // our own page, where everything is escaped
  return holder.content;
}

async function refreshList() {
  const content = await fragment(`/aide/liste?etat=${list.dataset.tab}`);
  if (!content) return;
  const focused = list.contains(document.activeElement) ? document.activeElement.id : "";
  list.replaceChildren(content);
  if (focused) document.getElementById(focused)?.focus();
}

function follow(was, now) {
  const id = thread.dataset.request;
  if ("closed" in thread.dataset) return;
  const mine = now.requests[id];
  if (!mine || mine.mark.split(" ")[0] !== thread.dataset.holder) moved();
  if (mine && (!was || was.requests[id]?.mark !== mine.mark)) void refreshThread(id);
}

let leaving = false; // a form was sent: the page that answers it is on its way
addEventListener("submit", (event) => {
  leaving = !event.defaultPrevented;
});
addEventListener("pageshow", () => {
  leaving = false;
});

/** The page itself is out of date: it is loaded again, unless something is being written. */
function moved() {
  if (leaving) return;
  const written = [...document.querySelectorAll("textarea")].some((area) => area.value !== area.defaultValue);
  if (written) document.querySelector("[data-moved]").hidden = false;
  else location.replace(location.pathname);
}

async function refreshThread(id) {
  const { since } = thread.dataset;
  const content = await fragment(`/aide/${id}/fil${since ? `?depuis=${since}` : ""}`);
  if (!content) return;
  const atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  const known = new Map([...thread.children].map((item) => [item.dataset.key, item]));
  let place = thread.firstElementChild;
  for (const item of [...content.children]) {
    const shown = known.get(item.dataset.key);
    known.delete(item.dataset.key);
    if (shown && shown === place) place = place.nextElementSibling;
    else thread.insertBefore(shown ?? item, place);
  }
  for (const gone of known.values()) gone.remove();
  if (atEnd) scroller.scrollTop = scroller.scrollHeight;
}

// The session: what a page asks by itself does not prolong it, what a person does there does.

const soon = document.querySelector("[data-soon]");
const WARNED = 300; // seconds before the end
const TOUCHED_EVERY = 120_000; // milliseconds: the session is not prolonged at each key
let over = false;
let looking = 0;
let touched = Date.now(); // the page itself has just prolonged it

function plan(left, { last = false } = {}) {
  clearTimeout(looking);
  if (soon.hidden && left <= WARNED) beep();
  soon.hidden = left > WARNED;
  soon.querySelector("[data-soon-idle]").hidden = last;
  soon.querySelector("[data-soon-last]").hidden = !last;
  soon.querySelector("[data-stay]").hidden = last;
  looking = setTimeout(look, 1000 * (left > WARNED ? left - WARNED + 1 : 30));
}

async function asked(path) {
  const response = await fetch(path).catch(() => null); // the network is away: it is asked again
  if (response?.redirected) return void ended();
  return response?.ok ? response.json() : null;
}

async function look() {
  if (over) return;
  const state = await asked("/aide/etat");
  if (state) plan(state.session, { last: !soon.querySelector("[data-soon-last]").hidden });
  else if (!over) looking = setTimeout(look, 30_000);
}

async function stay() {
  touched = Date.now();
  const state = await asked("/aide/presence");
  if (state) plan(state.session, { last: state.session <= WARNED }); // only its longest duration ends it so soon
}

for (const kind of ["pointerdown", "keydown"]) {
  addEventListener(kind, (event) => {
    if (event.isTrusted && !over && (Date.now() - touched > TOUCHED_EVERY || !soon.hidden)) void stay();
  });
}
soon.querySelector("[data-stay]").addEventListener("click", () => void stay());
looking = setTimeout(look, 60_000);

function ended() {
  over = true;
  soon.hidden = true;
  document.querySelector("[data-ended]").hidden = false;
  document.title = `Session terminée – ${title}`;
  beep();
  return null;
}

async function poll() {
  if (over) return;
  try {
    const response = await fetch("/aide/etat");
    if (response.redirected) return void ended();
    if (response.ok) show(await response.json());
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // the network is away: it is tried again
  }
  setTimeout(poll, POLL_EVERY);
}

function listen() {
  if (!("EventSource" in window)) return void poll();
  const events = new EventSource("/aide/evenements");
  events.onmessage = (event) => show(JSON.parse(event.data));
  events.onerror = () => {
    if (events.readyState === EventSource.CLOSED) void poll();
  };
}

listen();
if (scroller) scroller.scrollTop = scroller.scrollHeight;

// What may be put in an answer.

const answer = document.getElementById("reponse");

function insert(text) {
  const from = answer.selectionStart;
  const gap = from && !/\s$/.test(answer.value.slice(0, from)) ? "\n" : "";
  answer.setRangeText(gap + text, from, answer.selectionEnd, "end");
  answer.focus();
}

if (answer) {
  document.querySelector("[data-inserts]").hidden = false;
  const canned = document.querySelector("[data-canned]");
  canned?.addEventListener("change", () => {
    if (canned.value) insert(canned.value);
    canned.value = "";
  });
  const search = document.querySelector("[data-fiche]");
  const found = document.querySelector("[data-fiche-list]");
  const count = document.querySelector("[data-fiche-count]");
  let wanted = 0;
  let pause = 0;

  const choose = (fiche) => {
    insert(`[${fiche.title}](${fiche.url})`);
    found.hidden = true;
    search.value = "";
  };

  const look = async () => {
    const turn = ++wanted;
    const response = await fetch(`/aide/fiches?q=${encodeURIComponent(search.value)}`);
    if (response.redirected) return void ended();
    const fiches = response.ok ? await response.json() : [];
    if (turn !== wanted) return; // something else was typed meanwhile
    found.replaceChildren(
      ...fiches.map((fiche) => {
        const item = document.createElement("li");
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = `${fiche.title} (${fiche.id})`;
        button.addEventListener("click", () => choose(fiche));
        item.append(button);
        return item;
      }),
    );
    found.hidden = !fiches.length;
    count.textContent = search.value.trim() ? `${fiches.length || "Aucune"} fiche${fiches.length > 1 ? "s" : ""}.` : "";
  };

  search.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(look, 200);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") found.hidden = true;
    if (event.key === "Enter") {
      event.preventDefault();
      found.querySelector("button")?.focus();
    }
  });
}
