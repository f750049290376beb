#!/bin/sh
# Unpacks the program that this orb carries: once per job, for this user alone, and only if its sha256 is right.
set -eu
umask 077

complain() {
  printf 'Error: %s\n  Why: %s\n  Fix: %s\n' "$1" "$2" "$3" >&2
  exit 2
}

if ! command -v node >/dev/null 2>&1; then
  complain 'There is no Node.js in this job.' 'No node was found on the PATH.' \
    'Use an image with Node.js 20.19 or newer, such as cimg/node:lts, or install Node.js in an earlier step.'
fi

folder="${TMPDIR:-/tmp}/migrate-deploy-$(id -u)"
mkdir -p "$folder"
if [ -L "$folder" ] || [ ! -O "$folder" ]; then
  complain "The folder $folder cannot be trusted." 'It is a link, or it belongs to another user.' 'Remove it, or set TMPDIR to a folder of your own.'
fi
chmod 0700 "$folder"

exec node -e '
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error("Error: The Node.js of this job is too old.\n  Why: It is " + process.version + "; 20.19 or newer is needed.\n  Fix: Use an image such as cimg/node:lts, or install Node.js in an earlier step.");
  process.exit(2);
}
const fs = require("node:fs");
const sum = (bytes) => require("node:crypto").createHash("sha256").update(bytes).digest("hex");
const file = process.argv[1];
const wanted = process.env.ORB_PROGRAM.split("-").pop();
if (fs.existsSync(file) && sum(fs.readFileSync(file)) === wanted) {
  console.log("migrate-deploy is there already: " + file);
  process.exit(0);
}
let text = "";
for (let part = 0; "ORB_PART_" + part in process.env; part++) text += process.env["ORB_PART_" + part];
let program = Buffer.alloc(0);
try {
  program = require("node:zlib").brotliDecompressSync(Buffer.from(text, "base64"));
} catch (damage) {}
if (sum(program) !== wanted) {
  console.error("Error: The program in the orb is damaged.\n  Why: Its sha256 is not the one that was written down when the orb was packed.\n  Fix: Pack or publish the orb again; nothing was run.");
  process.exit(2);
}
const draft = file + "." + process.pid;
fs.writeFileSync(draft, program, { mode: 0o600, flag: "wx" });
fs.renameSync(draft, file);
console.log("migrate-deploy " + process.env.ORB_PROGRAM.slice(0, -65) + " is ready: " + file);
' "$folder/$ORB_PROGRAM.cjs"
