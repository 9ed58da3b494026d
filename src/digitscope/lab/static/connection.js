// The WebSocket: it comes back by itself, and joins a message to the bytes that follow it.
import { sentence } from "./sentence.js";
import { change } from "./state.js";

const listeners = new Map();
let socket = null;
let waiting = null; // a message whose bytes are on their way
let patience = 250; // milliseconds before the next attempt

/** Call `hear(message, buffer)` for what the server says. */
export function on(said, hear) {
  listeners.set(said, [...(listeners.get(said) ?? []), hear]);
}

/** Send a message, and the bytes that belong to it; false where nobody listens. */
export function send(message, bytes = null) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(bytes ? { ...message, bytes: bytes.byteLength } : message));
  if (bytes) socket.send(bytes);
  return true;
}

/** Connect, now and whenever the connection is lost. */
export function connect() {
  const address = new URL("socket", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  address.search = location.search;
  address.hash = "";
  socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    patience = 250;
    waiting = null;
    change({ connected: true });
  };
  socket.onmessage = ({ data }) => receive(data);
  socket.onclose = () => {
    change({ connected: false });
    setTimeout(connect, patience);
    patience = Math.min(2000, 1.5 * patience);
  };
}

function receive(data) {
  if (data instanceof ArrayBuffer) {
    const message = waiting;
    waiting = null;
    if (message) tell(message, data);
    return;
  }
  const message = JSON.parse(data);
  if (message.bytes === undefined) tell(message, null);
  else waiting = message;
}

function tell(message, buffer) {
  if (message.said === "error") message.what = sentence(message.what);
  for (const hear of listeners.get(message.said) ?? []) hear(message, buffer);
}
