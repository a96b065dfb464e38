// Lets a test use an unmodified Node client: a line of JSON on stdin is an order, a line
// on stdout its outcome. Arguments: the directory with node_modules, and the package.
//
// Orders are carried out one after another. What a subscription gives meanwhile waits
// until it is asked for.

import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [, , directory, name] = process.argv;
const library = createRequire(join(directory, "package.json"))(name);
const Client = library.KurrentDBClient ?? library.EventStoreDBClient;
const held = new Map();
let last = 0;

function hold(thing) {
  last += 1;
  held.set(last, thing);
  return last;
}

class Inbox {
  #items = [];
  #waiting = [];

  put(item) {
    const waiting = this.#waiting.shift();
    if (waiting) waiting(item);
    else this.#items.push(item);
  }

  take() {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

function written({ id, type, data }) {
  return library.jsonEvent({ id, type, data });
}

function read({ event }) {
  return {
    id: event.id,
    type: event.type,
    data: event.data,
    stream: event.streamId,
    revision: event.revision,
  };
}

async function collected(events) {
  const found = [];
  for await (const each of events) if (each.event) found.push(read(each));
  return found;
}

function subscribed(subscription) {
  const inbox = new Inbox();
  return new Promise((resolve, reject) => {
    subscription.on("confirmation", () => resolve(hold({ subscription, inbox })));
    subscription.on("data", (each) => inbox.put({ event: each }));
    subscription.on("error", (error) => {
      inbox.put({ error });
      reject(error);
    });
    subscription.on("end", () => inbox.put({ error: new Error("it ended") }));
  });
}

const orders = {
  open: ({ uri }) => hold(Client.connectionString(uri)),
  append: async ({ client, stream, events, expect, options }) => {
    const done = await held
      .get(client)
      .appendToStream(stream, events.map(written), {
        ...(library.KurrentDBClient ? { streamState: expect } : { expectedRevision: expect }),
        ...options,
      });
    return done.nextExpectedRevision;
  },
  append_to_streams: async ({ client, streams }) => {
    const requests = Object.entries(streams).map(([streamName, events]) => ({
      streamName,
      events: events.map(written),
      expectedState: "any",
    }));
    await held.get(client).multiStreamAppend(requests);
  },
  read: ({ client, stream, options }) =>
    collected(held.get(client).readStream(stream, { ...options })),
  read_all: ({ client }) =>
    collected(held.get(client).readAll({ filter: library.excludeSystemEvents?.() })),
  subscribe: ({ client, stream }) =>
    subscribed(
      stream === null
        ? held.get(client).subscribeToAll()
        : held.get(client).subscribeToStream(stream),
    ),
  next: async ({ subscription }) => {
    const { event, error } = await held.get(subscription).inbox.take();
    if (error) throw error;
    return read(event);
  },
  unsubscribe: ({ subscription }) => held.get(subscription).subscription.unsubscribe(),
  close: ({ client }) => held.get(client).dispose(),
};

function plain(_key, value) {
  return typeof value === "bigint" ? Number(value) : value;
}

function described(error) {
  const { metadata: _metadata, stack: _stack, ...fields } = error;
  return { type: error.constructor.name, message: String(error.message), fields };
}

// The clients start some work that nobody waits for; a test judges what it can see.
process.on("unhandledRejection", (error) => console.error("not waited for:", error));

for await (const line of createInterface({ input: process.stdin })) {
  const { order, ...given } = JSON.parse(line);
  let outcome;
  try {
    outcome = { gave: (await orders[order](given)) ?? null };
  } catch (error) {
    outcome = { failed: described(error) };
  }
  process.stdout.write(`${JSON.stringify(outcome, plain)}\n`);
}
process.exit(0);
