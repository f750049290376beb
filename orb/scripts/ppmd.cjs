/*
 * Packs and unpacks the orb's program: PPMd, variant H, by Dmitry Shkarin, as 7-Zip's PPMd method has it (7-Zip and pyppmd read what this
 * writes). It guesses each byte from up to 16 bytes before it, and says to `range`, the coder of either side, which of its guesses it
 * is: threshold(total) answers where the next number lies below total, or undefined where `bytes` are there to be packed; take(low, size)
 * goes to that part of it; bit(chance, bit) answers a bit, of which `chance` in 16,384 are 0. No "shift left": CircleCI would
 * take two of those signs for a parameter.
 */
function ppmd(bytes, range) {
  const order = 16;
  const limit = 124;
  // A state is a byte that came after a context, how often, and the context with that byte: 0 is none, below 0 is a place in `text`
  // where the byte after it stands. The states of a context stand in a row, from `firsts` on, the frequent ones in front.
  let symbols = new Uint8Array(4194304);
  let freqs = new Uint8Array(4194304);
  let nexts = new Int32Array(4194304);
  let states = 256;
  let counts = new Uint16Array(4194304);
  let sums = new Uint16Array(4194304);
  let firsts = new Int32Array(4194304);
  let suffixes = new Int32Array(4194304);
  let contexts = 2;
  const text = new Uint8Array(bytes.length + 2);
  let end = 1;

  const double = (array) => {
    const larger = new array.constructor(array.length * 2);
    larger.set(array);
    return larger;
  };
  const newStates = (count) => {
    if (states + count > symbols.length) {
      symbols = double(symbols);
      freqs = double(freqs);
      nexts = double(nexts);
    }
    states += count;
    return states - count;
  };
  const copyState = (from, to) => {
    symbols[to] = symbols[from];
    freqs[to] = freqs[from];
    nexts[to] = nexts[from];
  };
  const swapStates = (one, other) => {
    const symbol = symbols[one];
    const freq = freqs[one];
    const next = nexts[one];
    copyState(other, one);
    symbols[other] = symbol;
    freqs[other] = freq;
    nexts[other] = next;
  };
  const newContext = (suffix, symbol, freq, next) => {
    if (contexts === counts.length) {
      counts = double(counts);
      sums = double(sums);
      firsts = double(firsts);
      suffixes = double(suffixes);
    }
    const state = newStates(1);
    symbols[state] = symbol;
    freqs[state] = freq;
    nexts[state] = next;
    counts[contexts] = 1;
    firsts[contexts] = state;
    suffixes[contexts] = suffix;
    return contexts++;
  };
  const stateOf = (context, symbol) => {
    let state = firsts[context];
    while (symbols[state] !== symbol) state++;
    return state;
  };

  // The root knows every byte. `low` is the context of the byte that was found, `high` the longest one.
  counts[1] = 256;
  sums[1] = 257;
  for (let symbol = 0; symbol < 256; symbol++) {
    symbols[symbol] = symbol;
    freqs[symbol] = 1;
  }
  let low = 1;
  let high = 1;
  let found = 0;
  let fall = order;
  let run = -13;
  let success = 0;
  let escape = 0;
  let highBit = 0;
  // How likely the only byte of a context is the next one, by how often it was and what happened lately.
  const chances = new Uint16Array(8192);
  const escapes = [15581, 7999, 22975, 18675, 25761, 23228, 26162, 24657];
  for (let index = 0; index < 8192; index++) chances[index] = 16384 - Math.floor(escapes[index % 8] / ((index >> 6) + 2));
  const afterEscape = [25, 14, 9, 7, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2];
  // How likely it is none of a context's bytes, once some were ruled out.
  const seenSums = new Uint16Array(400);
  const seenShifts = new Uint8Array(400).fill(3);
  const seenCounts = new Uint8Array(400).fill(4);
  for (let index = 0; index < 400; index++) seenSums[index] = (5 * (index >> 4) + 10) * 8;
  const groups = new Uint8Array(256);
  for (let count = 0, group = 0, left = 1; count < 256; count++) {
    groups[count] = group;
    if (--left === 0) left = Math.max(1, ++group - 2);
  }
  const masked = new Int32Array(256);
  let round = 0;
  const open = new Int32Array(256);

  /** Halves what a context has counted, so that what is new weighs more. */
  const rescale = () => {
    const first = firsts[low];
    for (; found > first; found--) swapStates(found, found - 1);
    const count = counts[low];
    const adder = fall === 0 ? 0 : 1;
    let left = sums[low] - freqs[found];
    freqs[found] = (freqs[found] + 4 + adder) >> 1;
    let sum = freqs[found];
    for (let state = first + 1; state < first + count; state++) {
      left -= freqs[state];
      freqs[state] = (freqs[state] + adder) >> 1;
      sum += freqs[state];
      for (let at = state; at > first && freqs[at] > freqs[at - 1]; at--) swapStates(at, at - 1);
    }
    let kept = count;
    while (freqs[first + kept - 1] === 0) kept--;
    if (kept < count) {
      left += count - kept;
      counts[low] = kept;
      if (kept === 1) {
        do {
          freqs[first] -= freqs[first] >> 1;
          left >>= 1;
        } while (left > 1);
        found = first;
        return;
      }
    }
    sums[low] = sum + left - (left >> 1);
    found = first;
  };

  /** Makes the contexts that follow the byte in each shorter context; answers the longest. */
  const createSuccessors = (skip) => {
    const symbol = symbols[found];
    const branch = nexts[found];
    const path = skip ? [] : [found];
    let context = low;
    while (suffixes[context] !== 0) {
      context = suffixes[context];
      const state = stateOf(context, symbol);
      if (nexts[state] !== branch) {
        context = nexts[state];
        if (path.length === 0) return context;
        break;
      }
      path.push(state);
    }
    const next = text[-branch];
    const state = stateOf(context, next);
    let freq = freqs[state];
    if (counts[context] !== 1) {
      const own = freq - 1;
      const others = sums[context] - counts[context] - own;
      freq = 1 + (2 * own <= others ? (5 * own > others ? 1 : 0) : Math.floor((2 * own + 3 * others - 1) / (2 * others)));
    }
    while (path.length > 0) {
      context = newContext(context, next, freq, branch - 1);
      nexts[path.pop()] = context;
    }
    return context;
  };

  /** Counts the byte in the contexts that did not know it, and goes to the next one. */
  const update = () => {
    const symbol = symbols[found];
    const freq = freqs[found];
    const suffix = suffixes[low];
    if (freq < limit / 4 && suffix !== 0) {
      let state = stateOf(suffix, symbol);
      if (counts[suffix] === 1) {
        if (freqs[state] < 32) freqs[state]++;
      } else {
        if (state > firsts[suffix] && freqs[state] >= freqs[state - 1]) {
          swapStates(state, state - 1);
          state--;
        }
        if (freqs[state] < limit - 9) {
          freqs[state] += 2;
          sums[suffix] += 2;
        }
      }
    }
    if (fall === 0) {
      low = high = createSuccessors(true);
      nexts[found] = low;
      return;
    }
    text[end++] = symbol;
    let successor = -end;
    let next = nexts[found];
    if (next === 0) {
      nexts[found] = successor;
      next = low;
    } else {
      if (next < 0) next = createSuccessors(false);
      if (--fall === 0) {
        successor = next;
        if (high !== low) end--;
      }
    }
    const count = counts[low];
    const others = sums[low] - count - (freq - 1);
    for (let context = high; context !== low; context = suffixes[context]) {
      const own = counts[context];
      if ((own & (own - 1)) === 0) {
        const block = newStates(own * 2);
        for (let index = 0; index < own; index++) copyState(firsts[context] + index, block + index);
        firsts[context] = block;
      }
      if (own === 1) {
        const state = firsts[context];
        freqs[state] = freqs[state] < limit / 4 - 1 ? freqs[state] * 2 : limit - 4;
        sums[context] = freqs[state] + escape + (count > 3 ? 1 : 0);
      } else {
        sums[context] += (2 * own < count ? 1 : 0) + (4 * own <= count && sums[context] <= 8 * own ? 2 : 0);
      }
      const product = 2 * freq * (sums[context] + 6);
      const share = others + sums[context];
      let first = 0;
      if (product < 6 * share) {
        first = 1 + (product > share ? 1 : 0) + (product >= 4 * share ? 1 : 0);
        sums[context] += 3;
      } else {
        first = 4 + (product >= 9 * share ? 1 : 0) + (product >= 12 * share ? 1 : 0) + (product >= 15 * share ? 1 : 0);
        sums[context] += first;
      }
      const state = firsts[context] + own;
      symbols[state] = symbol;
      freqs[state] = first;
      nexts[state] = successor;
      counts[context] = own + 1;
    }
    low = high = next;
  };

  /** Whether the byte is one of a context's several. */
  const among = (byte) => {
    const first = firsts[low];
    const count = counts[low];
    const threshold = range.threshold(sums[low]);
    let below = 0;
    let state = first;
    for (; state < first + count; state++) {
      if (threshold === undefined ? symbols[state] === byte : threshold < below + freqs[state]) break;
      below += freqs[state];
    }
    if (state === first + count) {
      success = 0;
      highBit = symbols[found] < 64 ? 0 : 8;
      range.take(below, sums[low] - below);
      for (let other = first; other < state; other++) masked[symbols[other]] = round;
      return false;
    }
    range.take(below, freqs[state]);
    found = state;
    sums[low] += 4;
    if (state === first) {
      success = 2 * freqs[state] > sums[low] - 4 ? 1 : 0;
      run += success;
      freqs[state] += 4;
      if (freqs[state] > limit) rescale();
    } else {
      success = 0;
      freqs[state] += 4;
      if (freqs[state] > freqs[state - 1]) {
        swapStates(state, state - 1);
        found = state - 1;
        if (freqs[found] > limit) rescale();
      }
    }
    return true;
  };

  /** Whether the byte is a context's only one. */
  const only = (byte) => {
    const state = firsts[low];
    const others = counts[suffixes[low]];
    highBit = symbols[found] < 64 ? 0 : 8;
    const group = others === 1 ? 0 : others === 2 ? 2 : others < 12 ? 4 : 6;
    const index =
      (freqs[state] - 1) * 64 + success + group + highBit + (symbols[state] < 64 ? 0 : 16) + (run < 0 ? 32 : 0);
    const chance = chances[index];
    const mean = (chance + 32) >> 7;
    if (range.bit(chance, symbols[state] === byte ? 0 : 1) === 0) {
      chances[index] = chance + 128 - mean;
      found = state;
      if (freqs[state] < 128) freqs[state]++;
      success = 1;
      run++;
      return true;
    }
    chances[index] = chance - mean;
    escape = afterEscape[chances[index] >> 10];
    masked[symbols[state]] = round;
    success = 0;
    return false;
  };

  /** Finds the byte in a shorter context, among those that were not ruled out; false where none has it, as only in damaged data. */
  const further = (byte) => {
    for (;;) {
      const before = counts[low];
      do {
        fall++;
        low = suffixes[low];
      } while (low !== 0 && counts[low] === before);
      if (low === 0) return false;
      const count = counts[low];
      let sum = 0;
      let left = 0;
      for (let state = firsts[low]; state < firsts[low] + count; state++) {
        if (masked[symbols[state]] === round) continue;
        sum += freqs[state];
        open[left++] = state;
      }
      let seen = -1;
      let freq = 1;
      if (count !== 256) {
        seen =
          groups[left - 1] * 16 +
          (left < counts[suffixes[low]] - count ? 1 : 0) +
          (sums[low] < 11 * count ? 2 : 0) +
          (before > left ? 4 : 0) +
          highBit;
        freq = seenSums[seen] >> seenShifts[seen];
        seenSums[seen] -= freq;
        if (freq === 0) freq = 1;
      }
      const threshold = range.threshold(freq + sum);
      let below = 0;
      let index = 0;
      for (; index < left; index++) {
        const state = open[index];
        if (threshold === undefined ? symbols[state] === byte : threshold < below + freqs[state]) break;
        below += freqs[state];
      }
      if (index === left) {
        range.take(sum, freq);
        if (seen >= 0) seenSums[seen] += freq + sum;
        for (let other = 0; other < left; other++) masked[symbols[open[other]]] = round;
        continue;
      }
      found = open[index];
      range.take(below, freqs[found]);
      if (seen >= 0 && seenShifts[seen] < 7 && --seenCounts[seen] === 0) {
        seenSums[seen] *= 2;
        seenCounts[seen] = 3 * 2 ** seenShifts[seen]++;
      }
      sums[low] += 4;
      freqs[found] += 4;
      if (freqs[found] > limit) rescale();
      run = -13;
      return true;
    }
  };

  for (let at = 0; at < bytes.length; at++) {
    round = at + 1;
    const isFound = counts[low] === 1 ? only(bytes[at]) : among(bytes[at]);
    if (!isFound && !further(bytes[at])) return bytes;
    bytes[at] = symbols[found];
    if (isFound && fall === 0 && nexts[found] > 0) low = high = nexts[found];
    else update();
  }
  return bytes;
}
module.exports = { ppmd };
