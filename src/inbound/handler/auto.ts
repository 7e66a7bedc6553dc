import { TruncatedError } from "../../base/errors.ts";
import { peek } from "../../flow/peek.ts";
import {
  type Handle,
  handler,
  type HandlerOptions,
  withinReadTimeout,
} from "./client.ts";

export interface AutoHandlerOptions extends HandlerOptions {
  readonly socks4: Handle;
  readonly socks5: Handle;
  readonly http: Handle;
}

/** Tells SOCKS4, SOCKS5 and HTTP by the first octet, as GOST does. */
export function auto(options: AutoHandlerOptions): Handle {
  return handler("auto", options, async (incoming) => {
    const { octets, more, stream } = peek(incoming.stream);
    await withinReadTimeout(incoming, options, async () => {
      if (!await more()) throw new TruncatedError("It asks for nothing");
    });
    const [version] = octets();
    const handle = version === 4
      ? options.socks4
      : version === 5
      ? options.socks5
      : options.http;
    handle({ ...incoming, stream });
  });
}
