// Drives @kurrent/kurrentdb-client with its defaults: the orders of protocol.py.
// Takes the directory of the installed package as its argument.

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(`${process.argv[2]}/`);
const { KurrentDBClient, ANY, binaryEvent } = require("@kurrent/kurrentdb-client");

const nowNs = () => Number(process.hrtime.bigint());
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let client;
let writers;

const connect = (target) => {
  client = KurrentDBClient.connectionString(target);
};

const append = (stream, id, deadline_s) =>
  client.appendToStream(
    stream,
    binaryEvent({ id, type: "counted", data: Buffer.from("counted") }),
    { streamState: ANY, ...(deadline_s && { deadline: deadline_s * 1000 }) },
  );

class Writers {
  over = false;
  records = [];
  underWay = new Map();
  lastSuccessNs = 0;
  waiting = [];

  constructor(order) {
    this.order = order;
    this.tasks = Array.from({ length: order.callers }, (_, n) => this.write(n));
  }

  async write(number) {
    const { pause_s, repeat } = this.order;
    while (!this.over) {
      const id = randomUUID();
      while (!(await this.append(number, id)) && repeat) {
        await sleep(pause_s * 1000);
        if (this.over) return;
      }
      if (pause_s) await sleep(pause_s * 1000);
    }
  }

  async append(number, id) {
    const beganNs = nowNs();
    this.underWay.set(number, [id, beganNs, null, "hangs", ""]);
    let result = "ok";
    let text = "";
    try {
      await append(this.order.stream, id, this.order.deadline_s);
    } catch (error) {
      result = "unsaid";
      text = `${error?.constructor?.name}: ${error?.message}`;
    }
    const endedNs = nowNs();
    this.underWay.delete(number);
    this.records.push([id, beganNs, endedNs, result, text]);
    if (result === "ok") {
      this.lastSuccessNs = endedNs;
      for (const look of this.waiting) look();
    }
    return result === "ok";
  }

  awaitSuccess({ after_ns, timeout_s }) {
    if (this.lastSuccessNs >= after_ns) return { came: true };
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve({ came: false }), timeout_s * 1000);
      this.waiting.push(() => {
        if (this.lastSuccessNs < after_ns) return;
        clearTimeout(timer);
        resolve({ came: true });
      });
    });
  }

  async stop({ within_s }) {
    this.over = true;
    await Promise.race([Promise.all(this.tasks), sleep(within_s * 1000)]);
    return { calls: [...this.records, ...this.underWay.values()] };
  }
}

const connectAndAppend = async (target, stream, deadline_s) => {
  const beganNs = nowNs();
  try {
    connect(target);
    await append(stream, randomUUID(), deadline_s);
    return (nowNs() - beganNs) / 1e6;
  } finally {
    await client.dispose();
  }
};

const handlers = {
  // It connects with its first call only.
  connect: ({ target }) => (connect(target), { ms: 0 }),
  close: async () => (await client?.dispose(), {}),
  work: (order) => ((writers = new Writers(order)), {}),
  await: (order) => writers.awaitSuccess(order),
  stop: (order) => writers.stop(order),
  connect_and_append: async ({ target, deadline_s }) => ({
    ms: await connectAndAppend(target, "first", deadline_s),
  }),
  first_connect: async ({ target, rounds }) => {
    const library = [];
    for (let round = 0; round < rounds; round += 1) {
      library.push(await connectAndAppend(target, "first", undefined));
    }
    return { library };
  },
};

const lines = createInterface({ input: process.stdin });
lines.on("close", () => process.exit(0));
for await (const line of lines) {
  const order = JSON.parse(line);
  let answer;
  try {
    answer = await handlers[order.do](order);
  } catch (error) {
    console.error(error);
    answer = { failed: `${error?.constructor?.name}: ${error?.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
