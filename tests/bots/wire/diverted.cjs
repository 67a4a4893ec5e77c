// SPDX-License-Identifier: Apache-2.0
// Required before a program of Node's, which knows no proxy: whoever it calls by HTTPS, it is the server at the port DIVERTED_TO.

const net = require("node:net");
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (options, ...more) {
	if (options?.port == 443) options = { ...options, host: "127.0.0.1", port: Number(process.env.DIVERTED_TO) };
	return connect.call(this, options, ...more);
};
