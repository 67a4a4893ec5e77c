// SPDX-License-Identifier: Apache-2.0
// Anthropic's package: messages, whole and as streams.

import Anthropic from "@anthropic-ai/sdk";
import * as said from "./said.js";

const client = new Anthropic({ maxRetries: 2 });
const ask = (words, content, more) => ({
	model: `claude-sonnet-4-5${words}`, max_tokens: 400, messages: [{ role: "user", content }], ...more,
});
const tools = [{ name: "weather", input_schema: { type: "object" } }];

for (const words of ["", "+gzip", "+chop=5", "+cached=3", "+status=529*2+after=0.02", "+status=400"])
	await said.of(`whole${words}`, async () => {
		const message = await client.messages.create(ask(words, "whole"));
		return [message.content[0].text, message.usage.output_tokens];
	});
for (const words of ["", "+chop=6", "+gzip", "+pace=3ms", "+error=5", "+cut=6"])
	await said.of(`stream${words}`, () =>
		said.pieces(client.messages.create(ask(words, "stream", { stream: true })), (event) => event.delta?.text ?? event.type),
	);
await said.of("tool", async () => (await client.messages.create(ask("+tool=1", "tool", { tools }))).content);
await said.of("tool, streamed", () =>
	said.pieces(client.messages.create(ask("+tool=1", "tool", { tools, stream: true })), (event) => event.delta?.partial_json ?? event.type),
);
