/** The items of an envelope: their type, their length and, where they are JSON, their payload. */
export function itemsOf(envelope) {
  const items = [];
  let at = envelope.indexOf(10) + 1;
  while (at > 0 && at < envelope.length) {
    const end = envelope.indexOf(10, at);
    const header = JSON.parse(envelope.subarray(at, end).toString());
    const start = end + 1;
    const newline = envelope.indexOf(10, start);
    const stop = header.length === undefined ? (newline < 0 ? envelope.length : newline) : start + header.length;
    const payload = envelope.subarray(start, stop);
    const plain = header.type !== "replay_recording" && header.type !== "attachment";
    items.push({ type: header.type, count: header.item_count ?? 1, bytes: payload.length, payload: plain ? JSON.parse(payload.toString()) : null });
    at = stop + 1;
  }
  return items;
}
