// test/peers/deepgram.mjs: Deepgram's own client, turned to the sandbox, and audio for it.
import { DeepgramClient } from "@deepgram/sdk";

export const socketBase = (sandbox) => sandbox.deepgram.replace("http", "ws");

export const clientOf = (sandbox) =>
  new DeepgramClient({
    apiKey: sandbox.deepgram_key,
    environment: {
      base: sandbox.deepgram,
      production: socketBase(sandbox),
      agent: socketBase(sandbox),
      agentRest: sandbox.deepgram,
    },
  });

export const silence = (ms) => Buffer.alloc(8 * ms, 0xff);
// A voice for scripts: a loud tone.
export const voice = (ms) =>
  Buffer.from(Array.from({ length: 8 * ms }, (_, i) => (i & 8 ? 0x10 : 0x90)));

// Sends it all as fast as it goes, in pieces of so many bytes, closes the stream, gives all that
// came.
export async function hearAll(socket, audio, bytes, { before = () => {}, after = () => {} } = {}) {
  const messages = [];
  const closed = new Promise((resolve, reject) => {
    socket.on("message", (message) => messages.push(message));
    socket.on("close", resolve);
    socket.on("error", reject);
  });
  socket.connect();
  await socket.waitForOpen();
  before(socket);
  for (let at = 0; at < audio.length; at += bytes) socket.sendMedia(audio.subarray(at, at + bytes));
  after(socket);
  socket.sendCloseStream({ type: "CloseStream" });
  const event = await closed;
  return { messages, code: event.code };
}
