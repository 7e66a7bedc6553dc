import { BoundedMap } from "../base/bounded_map.ts";
import type { Clock, Millis } from "../base/clock.ts";
import { formatEndpoint, type Step, type TcpFlow } from "../flow/flow.ts";
import type { Handler, Outcome } from "../flow/handler.ts";
import { type Peek, peek } from "../flow/peek.ts";
import type { ByteStream } from "../flow/stream.ts";
import { wrapStream } from "../flow/wrap.ts";
import { labelOfStream } from "../proto/first_octets.ts";
import { type FoundName, named, nameInStream } from "./found_name.ts";

export interface StreamSnifferOptions {
  readonly timeout: Millis;
  readonly clock: Clock;
  readonly needsName: (flow: TcpFlow) => boolean;
  readonly prepare: (flow: TcpFlow) => void;
}

/** No name is looked for beyond so many octets. */
const MAX_OCTETS = 16 * 1024;

/** Most applications speak at once, and the name may lead past the node: no carrier is made ready for those. */
const SOON: Millis = 10;

/** How long a destination is remembered for having spoken first. */
const MEMORY: Millis = 5 * 60_000;
/** The one that has been remembered for the longest time is forgotten first. */
const MAX_REMEMBERED = 4096;

/**
 * Reads names from streams. An application waits only where its flow's way may depend on the name, and not for a destination
 * that has lately spoken first: there is no name to come.
 */
export function streamSniffer(
  options: StreamSnifferOptions,
): (flow: TcpFlow, next: Handler) => Promise<Outcome> {
  const { clock, needsName, prepare } = options;
  /** Until when a destination is taken for one that speaks first. */
  const speakFirst = new BoundedMap<string, Millis>(MAX_REMEMBERED);

  return async function sniffStream(flow, next) {
    const destination = formatEndpoint(flow.dst);
    const spokeFirst = clock.now() < (speakFirst.get(destination) ?? 0);
    if (spokeFirst || !needsName(flow)) return await next(inPassing(flow));
    const first = peek(await flow.accept());
    const found = await findName(first, options, () => prepare(flow));
    const waited = {
      ...flow,
      accepted: true,
      accept: () => Promise.resolve(first.stream),
    };
    if (typeof found === "object") return await next(named(waited, found));
    const step = labelled(first.octets());
    if (step !== undefined) flow.trace.push(step);
    if (found === "silence") {
      // Whoever has octets before the application has said a word speaks first.
      void first.more().catch(() => false).then(() => {
        if (flow.traffic.received === 0) return;
        speakFirst.set(destination, clock.now() + MEMORY);
      });
    }
    return await next(waited);
  };
}

/** Undefined when the octets have none; "silence" when there were no octets in time. */
async function findName(
  first: Peek,
  { clock, timeout }: StreamSnifferOptions,
  onSilence: () => void,
): Promise<FoundName | "silence" | undefined> {
  using _soon = clock.callAt(clock.now() + SOON, onSilence);
  const late = Promise.withResolvers<false>();
  using _timer = clock.callAt(
    clock.now() + timeout,
    () => late.resolve(false),
  );
  for (;;) {
    // A stream that fails here fails whoever reads it next as well.
    const more = first.more().catch(() => false);
    if (!await Promise.race([more, late.promise])) {
      return first.octets().length === 0 ? "silence" : undefined;
    }
    const found = nameInStream(first.octets());
    if (found !== "more") return found;
    if (first.octets().length >= MAX_OCTETS) return undefined;
  }
}

/** Only looks at what passes, for the log: nothing depends on it. */
function inPassing(flow: TcpFlow): TcpFlow {
  // The last step is the way that the flow has taken.
  const note = (step: Step): void => void flow.trace.unshift(step);
  return {
    ...flow,
    accept: async () => watched(await flow.accept(), note),
  };
}

function watched(
  stream: ByteStream,
  note: (step: Step) => void,
): ByteStream {
  let seen = false;
  return wrapStream(stream, {
    read(take) {
      if (seen) return stream.read(take);
      return stream.read((octets) => {
        if (!seen) {
          seen = true;
          const found = nameInStream(octets);
          const step = typeof found === "object"
            ? {
              by: "sniff",
              what: found.name,
              because: found.by,
              name: found.name,
            }
            : labelled(octets);
          if (step !== undefined) note(step);
        }
        take(octets);
      });
    },
  });
}

function labelled(octets: Uint8Array): Step | undefined {
  const what = labelOfStream(octets);
  return what && { by: "sniff", what, because: "first octets" };
}
