import assert from "node:assert/strict";
import { test } from "node:test";
import { read } from "../src/guidance";
import type { GuidanceData } from "../src/protocol";

const URL = "https://www.service-public.gouv.fr/particuliers/vosdroits/F1341";
const DATA: GuidanceData = {
  type: "guidance",
  fiches: [{ id: "F1341", title: "Carte d'identité", url: URL, updated: "2026-03-01" }],
  passage: { fiche: "F1341", section: "Pièces à fournir", text: "• Photo **récente**\n• Justificatif" },
  stale: false,
};
const QUOTE = "**Pièces à fournir**\n• Photo * * récente* * \n• Justificatif\n(Suite dans la fiche.)";
const LINKS = `[Fiche officielle](${URL}) · [Prendre rendez-vous](https://example.org/)`;
const SOURCE = "Source : service-public.gouv.fr, fiche F1341. Mis à jour le 1er mars 2026.";

test("each part of an answer finds its place in the card", () => {
  const reading = read(["Bonjour ! **Carte d'identité**", QUOTE, LINKS, SOURCE, "Mandat à prévoir."].join("\n\n"), DATA);
  assert.deepEqual(reading, {
    intro: "Bonjour !",
    parts: [
      {
        kind: "quote",
        title: "Pièces à fournir",
        text: "• Photo * * récente* * \n• Justificatif",
        more: true,
      },
      { kind: "text", text: "Mandat à prévoir." },
    ],
    official: { label: "Fiche officielle", url: URL },
    services: [{ label: "Prendre rendez-vous", url: "https://example.org/" }],
    source: SOURCE,
    warning: "",
  });
});

test("what is not expected stays, in its place", () => {
  const reading = read("**Carte d'identité**\nUne ligne de plus\n\nUn bloc inconnu", DATA);
  assert.deepEqual(reading?.parts, [
    { kind: "text", text: "Une ligne de plus" },
    { kind: "text", text: "Un bloc inconnu" },
  ]);
});

test("an old fiche warns, in the words of the answer if it has them", () => {
  const stale = { ...DATA, stale: true };
  assert.match(read("**Carte d'identité**", stale)?.warning ?? "", /plus de 12 mois/);
  assert.equal(read(`**Carte d'identité**\n\n${SOURCE}\n⚠ Attention.`, stale)?.warning, "⚠ Attention.");
});

test("several fiches to choose from are no card of one of them", () => {
  assert.equal(read("Plusieurs fiches peuvent répondre.", DATA), null);
  assert.equal(read("Je ne trouve pas.", { ...DATA, fiches: [] }), null);
});

test("an address that no browser may follow is left out", () => {
  const wrong = { ...DATA, fiches: [{ ...DATA.fiches[0]!, url: "javascript:alert(1)" }] };
  assert.equal(read("**Carte d'identité**", wrong)?.official, null);
});
