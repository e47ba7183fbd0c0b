// A plain client of Rasa's channel: what comes on standard input is emitted, what the server emits is printed.
"use strict";
const readline = require("node:readline");

const [address, library, ...transports] = process.argv.slice(2);
const { io } = require(library);
const socket = io(address, { transports, reconnectionDelay: 50 });
const print = (event, data) => process.stdout.write(`${JSON.stringify([event, data ?? null])}\n`);

socket.on("connect", () => print("connect", socket.io.engine.transport.name));
socket.on("disconnect", (reason) => print("disconnect", reason));
socket.on("connect_error", (error) => print("connect_error", error.message));
socket.onAny(print);

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [event, data] = JSON.parse(line);
  if (event === "cut") socket.io.engine.close();
  else socket.emit(event, data);
}).on("close", () => socket.close());
