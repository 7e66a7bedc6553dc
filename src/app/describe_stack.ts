import { formatEndpoint } from "../flow/flow.ts";
import {
  type FlowKey,
  localEndpoint,
  remoteEndpoint,
} from "../stack/flow_key.ts";
import type { Stack } from "../stack/stack.ts";
import { seqDiff } from "../stack/tcp/seq.ts";
import type { TcpSocket } from "../stack/tcp/socket.ts";

/** Connections and sessions beyond are counted only: nobody reads more, and the loop waits meanwhile. */
const MAX_LINES = 10_000;

/** The flow table, each connection's TCB in the words of RFC 9293, and what was dropped for which reason: a line for each. */
export function describeStack(name: string, stack: Stack): string {
  const sockets = [...stack.tcpSockets()];
  const sessions = [...stack.udpSessions()];
  const count = `${sockets.length} connections, ${sessions.length} sessions`;
  const lines = [
    `${name}: ${count}`,
    ...sockets.slice(0, MAX_LINES).map(describeSocket),
    ...sessions.slice(0, MAX_LINES).map(({ key }) => `  udp ${endsOf(key)}`),
    ...[...stack.drops()].map(([reason, n]) => `  dropped ${n} ${reason}`),
  ];
  return `${lines.join("\n")}\n`;
}

function describeSocket(socket: TcpSocket): string {
  const { key, snd, rcv } = socket;
  const { cwnd, ssthresh } = snd.congestion();
  const { rtt } = snd.timer;
  const fields = {
    "snd.una": seqDiff(snd.sndUna, snd.iss),
    "snd.nxt": seqDiff(snd.sndNxt, snd.iss),
    "snd.wnd": snd.window.octets,
    queued: snd.buffer.octets(),
    mss: snd.mss(),
    cwnd,
    ssthresh,
    srtt: rtt.srtt < 0 ? "-" : rtt.srtt.toFixed(1),
    rto: Math.round(rtt.rto()),
    "rcv.nxt": seqDiff(rcv.rcvNxt, rcv.irs),
    unread: rcv.readable,
  };
  const text = Object.entries(fields).map(([name, value]) =>
    `${name}=${value}`
  );
  return `  tcp ${endsOf(key)} ${socket.state()} ${text.join(" ")}`;
}

function endsOf(key: FlowKey): string {
  const from = formatEndpoint(remoteEndpoint(key));
  return `${from} → ${formatEndpoint(localEndpoint(key))}`;
}
