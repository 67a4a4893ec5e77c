# SPDX-License-Identifier: Apache-2.0
"""HTTP/2: calls of one connection, as many at once as the client likes. The frames are the h2 package's."""

import asyncio

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
from call import Call

PIECE = 1 << 16


async def serve(reader, writer, exchange):
    connection = Connection(writer, exchange)
    try:
        await connection.begin()
        while data := await reader.read(PIECE):
            await connection.take(data)
    except (OSError, h2.exceptions.ProtocolError):
        pass  # it has gone
    finally:
        await connection.end()
        writer.close()


class Connection:
    def __init__(self, writer, exchange):
        self.writer = writer
        self.exchange = exchange
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.calls = {}  # stream -> its headers and body, while they come
        self.tasks = {}  # stream -> the exchange
        self.opened = asyncio.Event()  # room in a window, perhaps

    async def begin(self):
        self.h2.initiate_connection()
        await self.flush()

    async def end(self):
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    async def flush(self):
        self.writer.write(self.h2.data_to_send())
        await self.writer.drain()

    async def take(self, data):
        for event in self.h2.receive_data(data):
            self.on(event)
        await self.flush()

    def on(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self.calls[event.stream_id] = (dict(event.headers), bytearray())
        elif isinstance(event, h2.events.DataReceived):
            self.calls[event.stream_id][1].extend(event.data)
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.start(event.stream_id, *self.calls.pop(event.stream_id))
        elif isinstance(event, h2.events.StreamReset):
            self.calls.pop(event.stream_id, None)
            if event.stream_id in self.tasks:
                self.tasks[event.stream_id].cancel()
        elif isinstance(event, (h2.events.WindowUpdated, h2.events.RemoteSettingsChanged)):
            self.opened.set()

    def start(self, stream, headers, body):
        call = Call(headers[":method"], headers[":path"], headers, bytes(body), True, "2")
        task = asyncio.ensure_future(self.run(call, stream))
        self.tasks[stream] = task
        task.add_done_callback(lambda _: self.tasks.pop(stream, None))

    async def run(self, call, stream):
        try:
            await self.exchange(call, Channel(self, stream))
        except (OSError, h2.exceptions.ProtocolError):
            pass  # it has gone


class Channel:
    """As http1's: one reply, on a stream of its own."""

    def __init__(self, connection, stream):
        self.connection = connection
        self.stream = stream

    async def head(self, status, headers, length):
        sized = {} if length is None else {"content-length": length}
        fields = [(":status", str(status)), *((k, str(v)) for k, v in {**sized, **headers}.items())]
        self.connection.h2.send_headers(self.stream, fields)
        await self.connection.flush()

    async def piece(self, data):
        while data:
            room = await self.room()
            self.connection.h2.send_data(self.stream, data[:room])
            await self.connection.flush()
            data = data[room:]

    async def room(self):
        """How much may be sent now; waits until it is something."""
        h2_ = self.connection.h2
        while not (room := min(h2_.local_flow_control_window(self.stream), h2_.max_outbound_frame_size)):
            self.connection.opened.clear()
            await self.connection.opened.wait()
        return room

    async def end(self):
        self.connection.h2.end_stream(self.stream)
        await self.connection.flush()

    async def cut(self):
        """Drops the stream; the connection goes on."""
        self.connection.h2.reset_stream(self.stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
        await self.connection.flush()
