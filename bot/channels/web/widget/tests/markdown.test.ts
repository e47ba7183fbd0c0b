import assert from "node:assert/strict";
import { test } from "node:test";
import { inline, parse, pasted, plain, safeUrl } from "../src/markdown";

test("bold, links and bullets are told apart, line by line", () => {
  assert.deepEqual(parse("Bonjour **à vous**\nla suite\n\n• un\n• [deux](https://example.org/)"), [
    {
      kind: "paragraph",
      lines: [
        [
          { kind: "text", text: "Bonjour " },
          { kind: "bold", text: "à vous" },
        ],
        [{ kind: "text", text: "la suite" }],
      ],
    },
    {
      kind: "list",
      items: [[{ kind: "text", text: "un" }], [{ kind: "link", text: "deux", url: "https://example.org/" }]],
    },
  ]);
});

for (const url of [
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:x",
  "//example.org",
  "/chemin",
  "mailto:a@example.org",
  "http://",
  "https://[",
]) {
  test(`« ${url} » is no link`, () => {
    assert.equal(safeUrl(url), null);
    assert.ok(inline(`[ici](${url})`).every((part) => part.kind === "text"));
  });
}

for (const [text, heard] of [
  ["<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
  ["&lt;b&gt;", "&lt;b&gt;"],
  ["* * *", "• * *"],
  ["****", "****"],
  ["** espace **", "** espace **"],
  ["[sans adresse]", "[sans adresse]"],
  ["**jamais fermé", "**jamais fermé"],
  ["Papiers - Citoyenneté", "Papiers - Citoyenneté"],
  ["2 * 3 * 4", "2 * 3 * 4"],
  ["un\r\ndeux", "un\ndeux"],
  ["", ""],
] as const) {
  test(`« ${text} » is read as « ${heard} »`, () => assert.equal(plain(text), heard));
}

test("an address may hold parentheses and separators", () => {
  assert.deepEqual(inline("[fiche](https://example.org/a_(b)?c=1&d=é)."), [
    { kind: "link", text: "fiche", url: "https://example.org/a_(b)?c=1&d=%C3%A9" },
    { kind: "text", text: "." },
  ]);
});

test("what is pasted elsewhere keeps the addresses, what is heard does not", () => {
  const text = "**Voir** [la fiche](https://example.org/)";
  assert.equal(pasted(text), "Voir la fiche (https://example.org/)");
  assert.equal(plain(text), "Voir la fiche");
});

test("a long line of markup is read in no time", () => {
  const text = "[".repeat(20_000) + "**".repeat(20_000) + "](".repeat(20_000);
  assert.ok(plain(text).length > 0);
});
