/** The slot of a key in a Redis Cluster: CRC16 (XMODEM) of its hash tag. The client library computes it, and keeps it. */

const SLOTS = 16_384;
const POLYNOMIAL = 0x1021;

/** The slot of a key with a hash tag, as all of ours have one. */
export function slotOf(key: string): number {
  const from = key.indexOf("{") + 1;
  let crc = 0;
  for (const byte of Buffer.from(key.slice(from, key.indexOf("}", from)))) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1) & 0xffff;
  }
  return crc % SLOTS;
}
