// The time axis: each of the first batches has as much room as an epoch, as most happens there.

const FIRST = [0.3, 0.5]; // of the axis, at least and at most, for what comes before the first epoch's end

/** Places 0..1 of frames [{updates, epoch}] in their order. */
export function placesOf(frames) {
  const first = frames.filter(({ epoch }) => epoch === 0).length;
  const rest = frames.slice(first);
  if (!rest.length) return frames.map((_, i) => i / Math.max(1, frames.length - 1));
  const [low, high] = FIRST;
  const whole = rest.length > 1;
  const share = !first ? 0 : whole ? Math.min(high, Math.max(low, first / (frames.length - 1))) : 1;
  const [from, to] = [rest[0].updates, rest.at(-1).updates];
  return frames.map(({ updates }, i) =>
    i < first ? (share * i) / first : share + (whole ? ((1 - share) * (updates - from)) / (to - from) : 0),
  );
}

/** The place of any number of updates: between two frames in proportion. */
export function placeAt({ frames, places }, updates) {
  const next = frames.findIndex((frame) => frame.updates >= updates);
  if (next === -1) return places.at(-1) ?? 0;
  if (next === 0 || frames[next].updates === updates) return places[next];
  const [before, after] = [frames[next - 1].updates, frames[next].updates];
  return places[next - 1] + ((updates - before) / (after - before)) * (places[next] - places[next - 1]);
}

/** The frame that is nearest to a place. */
export function frameNear(places, place) {
  let best = 0;
  for (let i = 1; i < places.length; i++) if (Math.abs(places[i] - place) < Math.abs(places[best] - place)) best = i;
  return best;
}
