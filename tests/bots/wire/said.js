// SPDX-License-Identifier: Apache-2.0
// What a program says of its calls: a line each, of what it got or of what went wrong.

export async function of(name, work) {
	let got;
	try {
		got = await work();
	} catch (error) {
		got = [error.constructor.name, error.status ?? null];
	}
	console.log(name, JSON.stringify(got));
}

export async function pieces(stream, piece) {
	const all = [];
	for await (const event of await stream) all.push(piece(event));
	return all;
}
