import type { Millis } from "../base/clock.ts";

export interface DownloadOptions {
  /** For all of it. */
  readonly timeout: Millis;
  /** Characters at most. */
  readonly max: number;
}

/** The text behind a URL of http or https. Rejects with a reason that does not show the URL, as that may hold a password. */
export async function download(
  url: string,
  { timeout, max }: DownloadOptions,
): Promise<string> {
  const signal = AbortSignal.timeout(timeout);
  const response = await fetch(url, { signal }).catch((error) => {
    throw reasonFor(error, timeout);
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the server answered ${response.status}`);
  }
  let text = "";
  try {
    const body = response.body?.pipeThrough(new TextDecoderStream()) ?? [];
    for await (const part of body) {
      text += part;
      if (text.length > max) break;
    }
  } catch (error) {
    throw reasonFor(error, timeout);
  }
  if (text.length <= max) return text;
  throw new Error(`it is longer than ${max / 1024 / 1024} MiB`);
}

/** The library's own message would show the user and password of the URL. */
function reasonFor(error: unknown, timeout: Millis): Error {
  const isLate = error instanceof DOMException && error.name === "TimeoutError";
  return new Error(
    isLate
      ? `it took longer than ${timeout / 1000} s`
      : "the server cannot be reached",
  );
}
