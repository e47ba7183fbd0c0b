// The page of a mandate, one step at a time. Without this script the three steps follow one another in one long form.

import { signaturePad } from "./signature.js";

const form = document.querySelector("[data-prepare]");
const steps = [...form.querySelectorAll("[data-step]")];
const pad = form.querySelector("[data-pad]");

// ── Steps: the address says which one is shown, so that « back » works ──────────────────────────────────────────────

const stepOf = (id) => document.getElementById(id)?.closest("[data-step]");
const shown = () => steps.find((step) => !step.hidden);

function show(step) {
  for (const one of steps) {
    one.hidden = one !== step;
  }
}

function go(step) {
  if (step) {
    location.hash = step.id;
  }
}

function follow() {
  const id = location.hash.slice(1);
  const step = id ? stepOf(id) : steps[0];
  if (!step) {
    return;
  }
  show(step);
  const target = document.getElementById(id);
  (target && target !== step ? target : step.querySelector("h2")).focus();
  if (!target || target === step) {
    window.scrollTo(0, 0);
  }
}

// ── What is missing in a step is said before the next one ───────────────────────────────────────────────────────────

function isEmpty(field) {
  if (field.tagName === "FIELDSET") {
    return !field.querySelector("input:checked");
  }
  return field.type === "checkbox" ? !field.checked : !field.value.trim();
}

function tell(field, sentence) {
  const messages = document.getElementById(`${field.id}-erreur`);
  const group = field.closest(".fr-input-group, .fr-checkbox-group, .fr-fieldset");
  const kind = [...group.classList].find((name) => /^fr-(input-group|checkbox-group|fieldset)$/.test(name));
  messages.replaceChildren();
  group.classList.toggle(`${kind}--error`, Boolean(sentence));
  if (field.tagName !== "FIELDSET") {
    field.toggleAttribute("aria-invalid", false);
  }
  if (sentence) {
    const message = document.createElement("p");
    message.className = "fr-message fr-message--error";
    message.textContent = sentence;
    messages.append(message);
    if (field.tagName !== "FIELDSET") {
      field.setAttribute("aria-invalid", "true");
    }
  }
}

function isComplete(step) {
  const missing = [...step.querySelectorAll("[data-missing]")].filter(isEmpty);
  for (const field of missing) {
    tell(field, field.dataset.missing);
  }
  missing[0]?.focus();
  return missing.length === 0;
}

form.addEventListener("input", ({ target }) => {
  const field = target.type === "radio" ? target.closest("fieldset") : target;
  if (field.dataset.missing && !isEmpty(field)) {
    tell(field, "");
  }
});

// ── Moves ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function next() {
  const step = shown();
  if (isComplete(step)) {
    go(steps[steps.indexOf(step) + 1]);
  }
}

for (const button of form.querySelectorAll("[data-next]")) {
  button.addEventListener("click", next);
}
for (const button of form.querySelectorAll("[data-previous]")) {
  button.addEventListener("click", () => go(steps[steps.indexOf(shown()) - 1]));
}
form.addEventListener(
  "submit",
  (event) => {
    // The « enter » key sends a form from any of its fields: before the last step, it goes to the next one.
    if (shown() !== steps.at(-1)) {
      event.preventDefault();
      next();
    } else if (!isComplete(shown())) {
      event.preventDefault();
    }
  },
  { capture: true },
);
window.addEventListener("hashchange", follow);

// ── The name in the text is the one that was typed ──────────────────────────────────────────────────────────────────

const named = form.querySelector("[data-usager]");

function inWords(typed) {
  const match = /^(\d{1,2})\D+(\d{1,2})\D+(\d{4})$/.exec(typed) ?? /^(\d{2})(\d{2})(\d{4})$/.exec(typed);
  const born = match && new Date(Date.UTC(Number(match[3]), Number(match[2]) - 1, Number(match[1])));
  if (!born || born.getUTCDate() !== Number(match[1])) {
    return typed;
  }
  const rest = born.toLocaleDateString("fr-FR", { month: "long", year: "numeric", timeZone: "UTC" });
  return `${born.getUTCDate() === 1 ? "1er" : born.getUTCDate()} ${rest}`;
}

function name() {
  const [family, given, born, place] = ["family_name", "given_names", "birth_date", "birth_place"].map((id) =>
    document.getElementById(id).value.trim().replace(/\s+/g, " "),
  );
  if (family && given && born) {
    named.textContent = `${given} ${family}, né(e) le ${inWords(born)}${place ? ` à ${place}` : ""}`;
  }
}

if (named) {
  form.addEventListener("input", name);
  name();
}

// ── Signature ───────────────────────────────────────────────────────────────────────────────────────────────────────

const onScreen = document.getElementById("signed-screen");
const unfold = () => {
  pad.hidden = !onScreen.checked;
};
form.addEventListener("change", unfold);
signaturePad(pad);
unfold();

// ── At first ────────────────────────────────────────────────────────────────────────────────────────────────────────

for (const part of form.querySelectorAll("[data-stepped], [data-scripted]")) {
  part.hidden = false;
}
const wrong = form.querySelector('[aria-invalid="true"], .fr-fieldset--error');
show(wrong?.closest("[data-step]") ?? stepOf(location.hash.slice(1)) ?? steps[0]);
