import {
  createFrameBuffer,
  PAYLOAD_AT,
  sealFrame,
} from "../../src/proto/websocket_frame.ts";
import {
  FrameReader,
  type FrameSink,
} from "../../src/proto/websocket_frame_reader.ts";
import { mask } from "../../src/proto/websocket_mask.ts";

const KEY = 0x3d21fa37;
const SINK: FrameSink = { onPayload: () => {}, onControl: () => {} };

for (const size of [64, 1400, 16_384, 65_536]) {
  const group = `${size} octets`;
  const payload = new Uint8Array(size).fill(7);
  const buffer = createFrameBuffer(size);
  const frame = sealFrame(buffer, "binary", size).slice();
  const reader = new FrameReader({ masked: false });
  const unaligned = new Uint8Array(size + 3).subarray(3);

  Deno.bench(`copy and sealFrame, ${group}`, { group }, () => {
    buffer.bytes.set(payload, PAYLOAD_AT);
    sealFrame(buffer, "binary", size, KEY);
  });
  Deno.bench(`FrameReader, ${group} of a server`, { group }, () => {
    reader.push(frame, SINK);
  });
  Deno.bench(`mask, ${group} unaligned`, { group }, () => {
    mask(unaligned, KEY);
  });
}
