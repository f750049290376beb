// Unpacks the program of ORB_PART_0, 1, … into the file that is named; ppmd.cjs stands in front of it.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  complain(
    'The Node.js of this job is too old.',
    `It is ${process.version}; 20.19 or newer is needed.`,
    'Use an image such as cimg/node:lts, or install Node.js in an earlier step.',
  );
}
const fs = require('node:fs');
const file = process.argv[1];
const [version, wanted] = process.env.ORB_PROGRAM.split(/-(?=\w+$)/);
const draft = `${file}.${process.pid}`;
if (inFolder(() => fs.existsSync(file) && sha256(fs.readFileSync(file)) === wanted)) {
  console.log(`migrate-deploy is there already: ${file}`);
  process.exit(0);
}
let text = '';
for (let part = 0; `ORB_PART_${part}` in process.env; part++) text += process.env[`ORB_PART_${part}`];
const program = unpack(bytesOf(text));
if (sha256(program) !== wanted) {
  complain(
    'The program in the orb is damaged.',
    'Its sha256 is not the one that was written down when the orb was packed.',
    'Pack or publish the orb again; nothing was run.',
  );
}
inFolder(() => {
  // One that was killed may have left it, and a container may give its number again.
  fs.rmSync(draft, { force: true });
  fs.writeFileSync(draft, program, { mode: 0o600, flag: 'wx' });
  fs.renameSync(draft, file);
});
console.log(`migrate-deploy ${version} is ready: ${file}`);

/** In base 85: five digits for four bytes. Digits are what ASCII prints, but what means something in YAML or a shell. */
function bytesOf(digits) {
  const all = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).join('');
  const values = all.replace(/[!"#$':<\\`]/g, '');
  const bytes = Buffer.alloc(Math.ceil(digits.length / 5) * 4);
  for (let at = 0; at < digits.length; at += 5) {
    let value = 0;
    for (const digit of digits.slice(at, at + 5).padEnd(5, '~')) value = value * 85 + values.indexOf(digit);
    bytes.writeUInt32BE(value > 0 ? value % 2 ** 32 : 0, (at / 5) * 4);
  }
  return bytes.subarray(0, Math.floor((digits.length * 4) / 5));
}

/** Behind the length, in four bytes, stands what 7-Zip's PPMd wrote. */
function unpack(packed) {
  const length = packed.length < 9 ? 0 : packed.readUInt32BE();
  if (length === 0 || length > 10000000) return packed;
  let range = 2 ** 32 - 1;
  let code = packed.readUInt32BE(5);
  let next = 9;
  const go = (low, size) => {
    code -= low;
    range = size;
    while (range > 0 && range < 2 ** 24) {
      range *= 256;
      code = ((code * 256) % 2 ** 32) + (next < packed.length ? packed[next++] : 0);
    }
  };
  return ppmd(Buffer.alloc(length), {
    threshold: (total) => {
      range = Math.floor(range / total);
      return Math.floor(code / range);
    },
    take: (low, size) => go(low * range, size * range),
    bit: (chance) => {
      const bound = (range >>> 14) * chance;
      const bit = code < bound ? 0 : 1;
      go(bit * bound, bit === 0 ? bound : range - bound);
      return bit;
    },
  });
}

function inFolder(act) {
  try {
    return act();
  } catch ({ message }) {
    fs.rmSync(draft, { force: true, recursive: true });
    complain(
      'The program cannot be unpacked into its folder.',
      message,
      'Make room there and remove what is in the way, or set TMPDIR to a folder that this job may write to.',
    );
  }
}

function sha256(bytes) {
  return require('node:crypto').createHash('sha256').update(bytes).digest('hex');
}

function complain(what, why, fix) {
  console.error(`Error: ${what}\n  Why: ${why}\n  Fix: ${fix}`);
  process.exit(2);
}
