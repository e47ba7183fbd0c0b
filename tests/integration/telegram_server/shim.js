"use strict";
// A local Bot API server: telegram-test-api, completed and made as strict as the public description of the Bot API
// (core.telegram.org/bots/api). It keeps the users' messages, the bot's messages and the webhooks; what it lacks is
// here: is_bot, offsets and long polling, files and voice, the secret of webhooks, refusals on demand.

const http = require("node:http");
const { EventEmitter, once } = require("node:events");
const TelegramServer = require("telegram-test-api");

const server = new TelegramServer();
const arrivals = new EventEmitter().setMaxListeners(0);
const calls = []; // every method that the bot called, with its parameters
const pushes = []; // the status of every attempt to push an update to a webhook
const failures = []; // refusals asked for by the tests
const blocked = new Set();
const files = new Map();
const formatUpdate = TelegramServer.formatUpdate;

class Refused extends Error {
  constructor(code, description, parameters) {
    super(description);
    Object.assign(this, { code, parameters });
  }
}

TelegramServer.formatUpdate = (update) => {
  if ("raw" in update) return { update_id: update.updateId, ...update.raw };
  const formatted = formatUpdate(update);
  if (formatted.callback_query) formatted.callback_query.chat_instance = "1";
  return formatted;
};

server.addUserUpdate = async (update) => {
  server.updateId += 1;
  const webhook = server.webhooks[update.botToken];
  if (webhook) {
    push(webhook, TelegramServer.formatUpdate(update));
  } else {
    server.storage.userMessages.push(update);
    arrivals.emit("update");
  }
};

async function push(webhook, update) {
  const headers = { "content-type": "application/json" };
  if (webhook.secret_token) headers["x-telegram-bot-api-secret-token"] = webhook.secret_token;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const status = await fetch(webhook.url, { method: "POST", headers, body: JSON.stringify(update) }).then(
      (response) => response.status,
      () => 0,
    );
    pushes.push(status);
    if (status >= 200 && status < 300) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const bot = { id: 666, is_bot: true, first_name: "Équipier", username: "EquipierTestBot" };
const json = (value) => (typeof value === "string" ? JSON.parse(value) : value);

// What is left of a text once its markup is read; only the tags that we use are known.
function parsed(text, mode) {
  if (mode !== "HTML") return text;
  const open = [];
  const shown = text.replace(/<(\/?)([^<>]*)>/g, (_tag, slash, inside) => {
    const name = inside.split(" ")[0];
    if (!["b", "i", "a"].includes(name)) throw new Refused(400, `Bad Request: can't parse entities: tag "${name}"`);
    if (slash && open.pop() !== name) throw new Refused(400, "Bad Request: can't parse entities: unexpected end tag");
    if (!slash) open.push(name);
    return "";
  });
  if (open.length || /[<>]/.test(shown)) throw new Refused(400, "Bad Request: can't parse entities");
  return shown.replace(/&(lt|gt|quot|amp|#x?[0-9a-f]+);/gi, (_entity, name) => {
    const known = { lt: "<", gt: ">", quot: '"', amp: "&" };
    if (name in known) return known[name];
    return String.fromCodePoint(name[1] === "x" ? parseInt(name.slice(2), 16) : Number(name.slice(1)));
  });
}

function checkKeyboard(markup) {
  for (const button of (markup?.inline_keyboard ?? []).flat()) {
    const data = Buffer.byteLength(button.callback_data ?? "");
    if (data > 64) throw new Refused(400, "Bad Request: BUTTON_DATA_INVALID");
    const address = button.url ?? button.web_app?.url;
    if (address && ["127.0.0.1", "localhost"].includes(new URL(address).hostname)) {
      throw new Refused(400, "Bad Request: BUTTON_URL_INVALID");
    }
    if (button.web_app && !address.startsWith("https:")) throw new Refused(400, "Bad Request: BUTTON_URL_INVALID");
    if (!data && !address) throw new Refused(400, "Bad Request: BUTTON_TYPE_INVALID");
  }
}

function sent(token, params, more) {
  // The library keeps all that the bot sent; the bot gets back what Telegram would show, with dates in seconds.
  const { message_id, date, chat, reply_markup } = server.addBotMessage({ ...params, ...more }, token);
  return { message_id, date: Math.floor(date / 1000), chat, from: bot, reply_markup, text: more.shown, voice: more.voice };
}

const methods = {
  getMe: () => bot,
  setMyCommands: () => true,
  sendChatAction: () => true,
  answerCallbackQuery: () => true,
  leaveChat: () => true,
  setWebhook(token, params) {
    server.setWebhook(params, token);
    return true;
  },
  deleteWebhook(token) {
    server.deleteWebhook(token);
    return true;
  },
  async getUpdates(token, params, gone) {
    if (server.webhooks[token]) throw new Refused(409, "Conflict: can't use getUpdates method while webhook is active");
    const offset = Number(params.offset ?? 0);
    const mine = () => server.storage.userMessages.filter((update) => update.botToken === token);
    for (const old of mine()) if (old.updateId < offset) server.removeUserMessage(old.updateId);
    const wait = AbortSignal.any([AbortSignal.timeout(Number(params.timeout ?? 0) * 1000 + 1), gone]);
    while (!mine().length && !wait.aborted) await once(arrivals, "update", { signal: wait }).catch(() => {});
    return mine().slice(0, Number(params.limit ?? 100)).map(TelegramServer.formatUpdate);
  },
  sendMessage(token, params) {
    const shown = parsed(params.text ?? "", params.parse_mode).trim();
    if (!shown) throw new Refused(400, "Bad Request: message text is empty");
    if (shown.length > 4096) throw new Refused(400, "Bad Request: message is too long");
    checkKeyboard(json(params.reply_markup));
    return sent(token, params, { shown });
  },
  sendVoice(token, params) {
    const voice = { file_id: "voice", file_unique_id: "voice", duration: Number(params.duration ?? 0) };
    return sent(token, { ...params, heard: params.voice }, { voice });
  },
  editMessageText(token, params) {
    parsed(params.text ?? "", params.parse_mode);
    checkKeyboard(json(params.reply_markup));
    server.editMessageText({ ...params, shown: params.text });
    return true;
  },
  editMessageReplyMarkup(token, params) {
    const markup = json(params.reply_markup) ?? { inline_keyboard: [] };
    checkKeyboard(markup);
    server.editMessageReplyMarkup({ ...params, reply_markup: markup });
    return true;
  },
  getFile(token, params) {
    const file = files.get(params.file_id);
    if (!file) throw new Refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable");
    const { file_id } = params;
    return { file_id, file_unique_id: file_id, file_size: file.length, file_path: `voice/${file_id}.oga` };
  },
};

async function parameters(request, url) {
  const body = Buffer.concat(await request.toArray());
  const params = Object.fromEntries(url.searchParams);
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("application/json")) return { ...params, ...JSON.parse(body) };
  if (!type) return params;
  for (const [name, value] of await new Response(body, { headers: { "content-type": type } }).formData()) {
    params[name] = typeof value === "string" ? value : { name: value.name, size: value.size };
  }
  for (const [name, value] of Object.entries(params)) {
    if (typeof value === "string" && value.startsWith("attach://")) params[name] = params[value.slice(9)];
  }
  return params;
}

async function call(token, name, params, gone) {
  if (name !== "getUpdates") calls.push({ method: name, params });
  const fits = (failure) =>
    failure.method === name && (failure.chat_id === undefined || String(failure.chat_id) === String(params.chat_id));
  const index = failures.findIndex(fits);
  if (index >= 0 && failures[index].skip > 0) {
    failures[index].skip -= 1;
  } else if (index >= 0) {
    const { code, description, parameters: more } = failures[index];
    failures[index].times -= 1;
    if (failures[index].times <= 0) failures.splice(index, 1);
    throw new Refused(code, description, more);
  }
  if (name.startsWith("send") && blocked.has(String(params.chat_id))) {
    throw new Refused(403, "Forbidden: bot was blocked by the user");
  }
  if (!methods[name]) throw new Refused(404, "Not Found");
  return methods[name](token, params, gone);
}

// What the tests ask of the server itself.
const controls = {
  "/shim/fail": (failure) => failures.push(failure),
  "/shim/block": ({ chat_id: chat }) => blocked.add(String(chat)),
  "/shim/unblock": ({ chat_id: chat }) => blocked.delete(String(chat)),
  "/shim/calls": () => calls,
  "/shim/pushes": () => pushes,
  "/shim/waiting": () => server.storage.userMessages.map(TelegramServer.formatUpdate),
  "/shim/update": ({ token, update, again }) => {
    const number = again ?? server.updateId;
    server.addUserUpdate({ botToken: token, updateId: number, messageId: server.messageId, raw: update });
    return number;
  },
};

function answer(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function serve(request, response) {
  const url = new URL(request.url, "http://server");
  const method = /^\/bot([^/]+)\/(\w+)$/.exec(url.pathname);
  const file = /^\/file\/bot[^/]+\/voice\/(\w+)\.oga$/.exec(url.pathname);
  if (method) {
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    try {
      const result = await call(method[1], method[2], await parameters(request, url), gone.signal);
      answer(response, 200, { ok: true, result });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { code, message, parameters: more } = error;
      answer(response, code, { ok: false, error_code: code, description: message, parameters: more });
    }
  } else if (file) {
    const content = files.get(file[1]);
    response.writeHead(content ? 200 : 404).end(content);
  } else if (url.pathname === "/shim/file") {
    const id = `file${files.size + 1}`;
    files.set(id, Buffer.concat(await request.toArray()));
    answer(response, 200, id);
  } else if (url.pathname in controls) {
    answer(response, 200, controls[url.pathname](await parameters(request, url)) ?? null);
  } else {
    server.webServer(request, response); // the client's own calls
  }
}

const listener = http.createServer((request, response) => {
  serve(request, response).catch((error) => answer(response, 500, { ok: false, description: String(error) }));
});
listener.listen(0, "127.0.0.1", () => console.log(listener.address().port));
process.stdin.on("end", () => process.exit()).resume(); // it does not outlive the tests
