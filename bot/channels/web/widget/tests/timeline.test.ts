import assert from "node:assert/strict";
import { test } from "node:test";
import type { Line } from "../src/protocol";
import { type Pending, Timeline } from "../src/timeline";

function line(id: number, direction: "in" | "out", more: Partial<Line> = {}): Line {
  const at = "2026-03-01T10:00:00+01:00";
  return { id, direction, text: `${id}`, buttons: [], custom: null, at, channel: "web", rating: null, ...more };
}

function pending(messageId: string, more: Partial<Pending> = {}): Pending {
  const at = "2026-03-01T10:00:00+01:00";
  return { messageId, text: "?", message: "?", audio: null, at, after: 0, state: "waiting", error: "", ...more };
}

test("each message is there once, in order, whatever the order of their coming", () => {
  const timeline = new Timeline();
  timeline.merge([line(3, "out"), line(1, "in")]);
  const fresh = timeline.merge([line(2, "out"), line(3, "out", { rating: 1 })]);
  assert.deepEqual(timeline.lines.map(({ id }) => id), [1, 2, 3]);
  assert.deepEqual(fresh.map(({ id }) => id), [2]);
  assert.equal(timeline.lines[2]?.rating, 1);
});

test("a message that comes back from the server waits no longer", () => {
  const timeline = new Timeline();
  timeline.add(pending("a"));
  timeline.add(pending("b"));
  timeline.merge([line(1, "in", { message_id: "b" })]);
  assert.deepEqual(timeline.pending.map(({ messageId }) => messageId), ["a"]);
});

test("a message of another page settles nothing here", () => {
  const timeline = new Timeline();
  timeline.add(pending("a"));
  timeline.accept("a");
  timeline.merge([line(1, "in", { message_id: "ailleurs" }), line(2, "in", { channel: "telegram" })]);
  assert.equal(timeline.pending.length, 1);
});

test("a server that does not say whose message it is settles the oldest that it has", () => {
  const timeline = new Timeline();
  timeline.add(pending("a"));
  timeline.add(pending("b"));
  timeline.accept("a");
  timeline.merge([line(1, "in")]);
  assert.deepEqual(timeline.pending.map(({ messageId }) => messageId), ["b"]);
});

test("the line of a message may come before the word that it was taken", () => {
  const timeline = new Timeline();
  timeline.merge([line(1, "in")]);
  timeline.add(pending("a", { after: 1 }));
  timeline.merge([line(2, "in")]);
  timeline.accept("a");
  assert.deepEqual(timeline.pending, []);
});

test("only the answers after which nothing was said can still be pressed", () => {
  const timeline = new Timeline();
  timeline.merge([line(1, "out"), line(2, "in"), line(3, "out"), line(4, "out")]);
  assert.deepEqual([...timeline.open].sort(), [3, 4]);
  timeline.add(pending("a"));
  assert.equal(timeline.open.size, 0);
  timeline.change("a", { state: "failed" });
  assert.equal(timeline.open.size, 2);
});
