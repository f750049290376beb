// In the place of all of yargs where no help is carried.
const noHelp = `The program of the orb carries no help. \`npx migrate-deploy@${MIGRATE_DEPLOY_VERSION} --help\` prints it.`;
const face = {
  parseAsync: async (words, _context, print) => {
    const isVersion = words.some((word) => /^--version(=|$)/.test(word));
    print(null, {}, isVersion ? MIGRATE_DEPLOY_VERSION : noHelp);
    return {};
  },
};
// A face that answered to `then` would be taken for a promise.
const any = new Proxy(face, { get: (given, name) => (name === 'then' ? undefined : (given[name] ?? (() => any))) });

export const YargsFactory = () => () => any;
export default {};
