/** The page's session with the engine: one websocket, and the newest frame of each network. */
import type { Configured, Frame, Hello, Name, State, Text } from "./protocol";
import { decodeFrame } from "./protocol";
import { decode, encode } from "./state";

type Answer = Record<string, any>; // eslint-free: answers are read by the panel that asked
let isFresh = location.hash.length < 2; // until the engine has said what it begins with
const start = decode(location.hash.slice(1));

export const page = $state({
  state: start.state,
  other: start.other as State | null,
  view: start.view,
  refused: start.refused,
  active: "a" as Name,
  hello: null as Hello | null,
  connected: false,
  playing: false,
  configured: {} as Partial<Record<Name, Configured>>,
  notices: [] as Text[],
  head: {} as Partial<Record<Name, Frame["header"]>>,
  most: 0,
  rate: 0, // updates a second, as they arrive
});

/** The newest frame of each network: not reactive, since it is drawn once a screen refresh. */
export const newest: Partial<Record<Name, Frame>> = {};
export const history: Record<Name, { update: number; train: number; test: number }[]> = { a: [], b: [] };
const painters = new Set<() => void>();
const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Text) => void }>();
const LOST = { en: "Connection lost", es: "Conexión perdida" };
let socket: WebSocket | null = null;
let number = 0;
let isDirty = false;
let pause = 500;

export function send(type: string, fields: Answer = {}): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type, ...fields }));
}

/** Sends a message and waits for its answer. */
export function ask(type: string, fields: Answer = {}): Promise<Answer> {
  const id = ++number;
  return new Promise((resolve, reject) => {
    if (socket?.readyState !== WebSocket.OPEN) return reject(LOST);
    waiting.set(id, { resolve, reject });
    send(type, { ...fields, id });
  });
}

/** Calls `painter` when there is something new to draw, at most once a screen refresh. */
export function onPaint(painter: () => void): () => void {
  painters.add(painter);
  isDirty = true;
  return () => painters.delete(painter);
}

export const repaint = (): void => void (isDirty = true);

let hasNew = false;
let lastText = 0;
function tick(now: number): void {
  if (isDirty) {
    isDirty = false;
    for (const painter of painters) painter();
    if (now - lastText > 90 || !page.playing) {
      lastText = now; // numbers that change faster cannot be read
      for (const name of ["a", "b"] as const) if (newest[name]) page.head[name] = newest[name]!.header;
    }
    if (hasNew) send("ready");
    hasNew = false;
  }
  requestAnimationFrame(tick);
}

let arrived: { at: number; update: number }[] = [];
/** Updates a second over the last two seconds. */
function measure(update: number, playing: boolean): void {
  const at = performance.now();
  const last = arrived[arrived.length - 1];
  if (!playing || (last && last.update > update)) arrived = [];
  arrived.push({ at, update });
  while (arrived.length > 2 && arrived[1].at < at - 2000) arrived.shift();
  const [first] = arrived;
  page.rate = at > first.at ? ((update - first.update) * 1000) / (at - first.at) : 0;
}

function receiveFrame(bytes: ArrayBuffer): void {
  const frame = decodeFrame(bytes);
  const { network = "a", update, losses, playing, message } = frame.header;
  newest[network] = frame;
  if (network === "a") measure(update, playing);
  if (page.playing !== playing) page.playing = playing;
  if (message) page.notices = [message];
  const past = history[network];
  while (past.length && past[past.length - 1].update >= update) past.pop();
  past.push({ update, train: losses.train ?? NaN, test: losses.test ?? NaN });
  if (past.length > 1200) history[network] = past.filter((_, i) => i % 2 === 0 || i > past.length - 50);
  if (update > page.most || !playing) page.most = Math.max(page.most, update);
  isDirty = hasNew = true;
  if (!playing) page.head[network] = frame.header;
}

function receive(text: string): void {
  const message = JSON.parse(text) as Answer;
  const asked = waiting.get(message.id);
  waiting.delete(message.id);
  if (message.type === "hello") {
    page.hello = message as unknown as Hello;
    forget(); // after a lost connection the engine begins again
    if (isFresh && message.state) page.state = message.state as State;
    isFresh = false;
    if (!page.view.language) {
      page.view.language = navigator.language.startsWith("es") ? "es" : navigator.language.startsWith("en") ? "en" : message.language;
    }
    configure();
    send("speed", { updates_per_second: page.view.speed });
    send("ready");
  } else if (message.type === "configured") {
    const configured = message as unknown as Configured;
    if (configured.state) page.configured[configured.network] = configured;
    else delete page.configured[configured.network];
    page.notices = configured.notes ?? [];
    if (page.notices.length && configured.state) adopt(configured);
    isDirty = true;
  } else if (message.type === "error") {
    page.notices = [message.message as Text];
    asked?.reject(message.message as Text);
    return;
  }
  asked?.resolve(message);
}

/** What the engine refused has its default, so the controls show it. */
function adopt({ network, state }: Configured): void {
  if (network === "a") page.state = structuredClone(state);
  else if (page.other) page.other = structuredClone(state);
  remember();
}

export function connect(): void {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => {
    page.connected = true;
    pause = 500;
  };
  socket.onmessage = ({ data }) => (typeof data === "string" ? receive(data) : receiveFrame(data as ArrayBuffer));
  socket.onclose = () => {
    page.connected = page.playing = false;
    for (const one of waiting.values()) one.reject(LOST);
    waiting.clear();
    setTimeout(connect, pause);
    pause = Math.min(pause * 2, 8000);
  };
}

/** Sends the whole state, and writes it into the address. */
export function configure(): void {
  remember();
  send("configure", { network: "a", state: $state.snapshot(page.state) });
  if (page.other) {
    page.other.data = $state.snapshot(page.state.data) as State["data"];
    page.other.problem = page.state.problem;
    send("configure", { network: "b", state: $state.snapshot(page.other) });
  } else if (page.configured.b) send("configure", { network: "b", state: null });
}

export function remember(): void {
  const saved = { state: page.state, view: page.view, other: page.other };
  window.history.replaceState(null, "", `#${encode($state.snapshot(saved) as never)}`);
}

function forget(): void {
  history.a = [];
  history.b = [];
  page.most = 0;
}

export function reset(): void {
  forget();
  page.notices = [];
  send("reset");
}

// An address that is pasted over this one differs by its fragment alone.
window.addEventListener("hashchange", () => location.reload());

requestAnimationFrame(tick);
