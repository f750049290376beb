/** What was started; knows whether it speaks to AWS. */
let main: { readonly isUnderWay: boolean } | undefined;
let isTold = false;

// A reader that went away (`| head`) must not look like a bug of ours, nor a full disk like a verdict.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || isTold) return;
    isTold = true;
    process.stderr.write(`Error: What was to be printed is lost: ${error.message}\n`);
    if (main?.isUnderWay !== true) process.exit(2);
  });
}

/** Runs the program; one that only prints and cannot ends with exit code 2, one that has spoken to AWS is followed to its end. */
export function begin(): void {
  // Holds until the end is known: a program that ends without one is not green.
  process.exitCode = 70;
  void import('./main.ts').then((loaded) => {
    main = loaded;
  });
}
