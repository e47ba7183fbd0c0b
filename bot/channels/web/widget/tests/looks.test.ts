import assert from "node:assert/strict";
import { test } from "node:test";
import { palette } from "../src/colour";
import { clock, day, separator } from "../src/dates";

test("text on the colour of a host is white or black, whichever can be read", () => {
  assert.equal(palette("#000091")?.["--on-accent"], "#fff");
  assert.equal(palette("#fc0")?.["--on-accent"], "#161616");
  assert.equal(palette("#fc0")?.["--accent-text"], "#161616");
});

for (const wrong of ["", "red", "#12", "#12345g", "url(x)", "#000091; color: red"]) {
  test(`« ${wrong} » is no colour`, () => assert.equal(palette(wrong), null));
}

test("days are written as French people do", () => {
  assert.equal(day("2026-03-01"), "1er mars 2026");
  assert.equal(day("2026-03-21"), "21 mars 2026");
  const now = new Date(2026, 2, 2, 9);
  assert.equal(separator(new Date(2026, 2, 2, 8).toISOString(), now), "Aujourd'hui");
  assert.equal(separator(new Date(2026, 2, 1, 23).toISOString(), now), "Hier");
  assert.equal(separator(new Date(2026, 1, 1, 12).toISOString(), now), "dimanche 1er février 2026");
});

test("a duration is written in minutes and seconds", () => {
  assert.deepEqual([0, 7.9, 67, 120].map(clock), ["0:00", "0:07", "1:07", "2:00"]);
});
