// SPDX-License-Identifier: Apache-2.0
// OpenAI's package: chat, responses and embeddings, whole and as streams, and 20 at once.

import OpenAI from "openai";
import * as said from "./said.js";

const client = new OpenAI({ maxRetries: 2 });
const ask = (model, content, more) => ({ model, messages: [{ role: "user", content }], ...more });
const whole = async (model, content) => {
	const answer = await client.chat.completions.create(ask(model, content));
	return [answer.choices[0].message.content, answer.usage.total_tokens];
};
const streamed = (model, content) =>
	said.pieces(
		client.chat.completions.create(ask(model, content, { stream: true, stream_options: { include_usage: true } })),
		(chunk) => chunk.choices[0]?.delta.content ?? chunk.usage?.total_tokens ?? null,
	);

for (const words of ["", "+gzip", "+br+chop=5", "+cached=3", "+slow=30ms", "+status=429*2+after=0.02", "+status=400", "+cut=40"])
	await said.of(`whole${words}`, () => whole(`gpt-4o${words}`, "whole"));
for (const words of ["", "+chop=9", "+gzip", "+br+chop=8", "+pace=3ms", "+error=4", "+cut=5"])
	await said.of(`stream${words}`, () => streamed(`gpt-4o${words}`, "stream"));
await said.of("responses", async () => (await client.responses.create({ model: "gpt-4o", input: "respond" })).output_text);
await said.of("responses, streamed", () =>
	said.pieces(client.responses.create({ model: "gpt-4o", input: "respond", stream: true }), (event) => event.type),
);
await said.of("embeddings", async () =>
	(await client.embeddings.create({ model: "text-embedding-3-small", input: ["one", "two"] })).data.length,
);
const numbers = [...Array(20).keys()];
const all = await Promise.all(numbers.map((n) => (n % 2 ? whole : streamed)("gpt-4o", `number ${n}`)));
all.forEach((got, n) => console.log(n, JSON.stringify(got)));
