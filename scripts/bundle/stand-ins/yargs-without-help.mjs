// In the place of all of yargs where no help is carried.
export const YargsFactory = () => () =>
  new Proxy(
    {
      parseAsync: async (_words, _context, print) => {
        print(null, {}, 'The program of the orb carries no help.');
        return {};
      },
    },
    { get: (face, name) => face[name] ?? (() => face) },
  );
export default {};
