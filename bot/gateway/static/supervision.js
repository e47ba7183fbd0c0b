// Keys of the pages of the supervision, their help, and the search of fiches without leaving the page.

const help = document.getElementById("aide-clavier");
const wanted = document.getElementById("raccourcis");
const KEPT = "equipier-raccourcis";

// Keys of one letter get in the way of those who dictate: they can be turned off (WCAG 2.1.4).
function shortcuts() {
  try {
    return localStorage.getItem(KEPT) !== "non";
  } catch {
    return true;
  }
}

for (const element of document.querySelectorAll(".sv-scripts")) {
  element.hidden = false;
}

if (help) {
  wanted.checked = shortcuts();
  wanted.addEventListener("change", () => {
    try {
      localStorage.setItem(KEPT, wanted.checked ? "oui" : "non");
    } catch {
      // This browser keeps nothing: the choice lasts as long as the page.
    }
  });
  for (const button of document.querySelectorAll("[data-help]")) {
    button.addEventListener("click", () => help.showModal());
  }
}

// Lists: j and k go from one item to the next.
const items = [...document.querySelectorAll("[data-item]")];

function current() {
  return items.findIndex((item) => item.contains(document.activeElement));
}

function focusItem(place) {
  const item = items[Math.max(0, Math.min(place, items.length - 1))];
  (item.querySelector("[data-open]") || item).focus();
  item.scrollIntoView({ block: "nearest" });
}

if (document.querySelector("[data-focus-first]") && items.length && !document.querySelector("[data-summary]")) {
  items[0].focus();
}

function typing(target) {
  return target.closest("input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable]");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target) || (help && help.open)) {
    return;
  }
  if (event.key === "?" && help) {
    event.preventDefault();
    help.showModal();
    return;
  }
  if (help && !wanted.checked) {
    return;
  }
  const key = event.key.toLowerCase();
  if (key === "/" && document.getElementById("texte")) {
    event.preventDefault();
    document.getElementById("texte").focus();
  } else if (items.length && (key === "j" || key === "k")) {
    event.preventDefault();
    const here = current();
    focusItem(here < 0 ? 0 : here + (key === "j" ? 1 : -1));
  } else if (/^[a-z]$/.test(key)) {
    const within = items.length ? items[Math.max(0, current())] : document;
    const button = within.querySelector(`[data-key="${key}"]`);
    if (button && !event.repeat) {
      event.preventDefault();
      button.click();
    }
  }
});

for (const button of document.querySelectorAll("[data-copy]")) {
  const told = document.querySelector("[data-copied]");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      told.textContent = "Le lien est copié.";
    } catch {
      told.textContent = "Le navigateur refuse de copier : sélectionnez le lien.";
    }
  });
}

// The fiche of a correction: the same part of the page as the server would send again, put in place.
const search = document.querySelector("[data-fiches]");
if (search) {
  const found = document.getElementById("fiches-trouvees");
  const parts = document.getElementById("passages");
  const field = search.querySelector("input");
  const button = search.querySelector("button");
  let asked = 0;

  async function put(where, address) {
    const mine = ++asked;
    where.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { headers: { accept: "text/html" } });
      if (answer.ok && mine === asked) {
        where.innerHTML = await answer.text();
      }
    } catch {
      where.textContent = "La recherche n'a pas répondu : réessayez.";
    } finally {
      where.removeAttribute("aria-busy");
    }
  }

  function look() {
    return put(found, `${search.dataset.fiches}?texte=${encodeURIComponent(field.value)}`);
  }

  button.addEventListener("click", (event) => {
    event.preventDefault();
    look();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      look();
    }
  });
  found.addEventListener("change", (event) => {
    if (event.target.name === "fiche") {
      put(parts, `${search.dataset.fiches}/passages?fiche=${encodeURIComponent(event.target.value)}`);
    }
  });
}
