import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'rolldown';
import { applyCuts, cutsOf } from './cuts.ts';

/** A text of a file and what takes its place, or the name of a function or member that nothing here calls. */
export type Edit = readonly [pattern: RegExp, replacement: string] | string;

/** By file of a package, from its name on: the file in stand-ins/ that takes its place, or edits of it. */
export type Swaps = Readonly<Record<string, string | readonly Edit[]>>;

/** An error that is not registered keeps its name, its message and its members; only its class is the service's common one. */
const noErrorClasses: Edit = [/^n0_registry\.registerError\(.*\);$/, ''];

/** The numbers of an enumeration stand where it is used; the table of them is never asked. */
const enumerations: Edit = [/^\(function \((\w+)\) \{[^}]*\}\)\(\1 \|\| \(\1 = \{\}\)\);$/, ''];

/** Parts of ECS's answers and requests that no command reads or sends. */
const unread = [
  'Attachments',
  'Attributes',
  'ClusterConfiguration',
  'ClusterServiceConnectDefaults',
  'ClusterSettings',
  'DeploymentEphemeralStorage',
  'ECSManagedResources',
  'GatewayConnectorList',
  'InferenceAccelerators',
  'LoadBalancers',
  'ManagedAgents',
  'MonitoringConfiguration',
  'NetworkBindings',
  'NetworkInterfaces',
  'ResolvedConfiguration',
  'ServiceConnectConfiguration',
  'ServiceConnectServiceResourceList',
  'ServiceRegistries',
  'ServiceVolumeConfigurations',
  'SharingStrategy',
  'Statistics',
  'TaskEphemeralStorage',
  'TaskVolumeConfigurations',
  'VpcLatticeConfigurations',
];

/** What no program of ours needs: yargs' translations, and parts of the SDK for other kinds of services. */
const swapsOfEach: Swaps = {
  '@smithy/core/dist-es/submodules/event-streams/index.js': 'event-streams.mjs',
  '@smithy/core/dist-es/submodules/checksum/sha256/Sha256Js.js': 'sha256-js.mjs',
  // src/aws/send.ts alone repeats requests, those behind credentials among them.
  '@smithy/core/dist-es/submodules/retry/index.js': 'no-retry.mjs',
  '@aws-sdk/core/dist-es/submodules/client/middleware-user-agent/check-features.js': 'no-features.mjs',
  '@aws-sdk/core/dist-es/submodules/httpAuthSchemes/aws_sdk/AwsSdkSigV4ASigner.js': 'sigv4a-signer.mjs',
  '@aws-sdk/core/dist-es/submodules/httpAuthSchemes/aws_sdk/resolveAwsSdkSigV4AConfig.js': 'sigv4a-config.mjs',
  '@smithy/core/dist-es/submodules/serde/util-stream/sdk-stream-mixin.browser.js': 'web-streams.mjs',
  '@smithy/core/dist-es/submodules/endpoints/middleware-endpoint/service-customizations/index.js': 's3-endpoints.mjs',
  '@smithy/signature-v4/dist-es/HeaderFormatter.js': 'header-formatter.mjs',
  '@aws-sdk/signature-v4-multi-region/dist-es/index.js': 'sigv4-multi-region.mjs',
  '@smithy/core/dist-es/submodules/client/smithy-client/schemaLogFilter.js': 'log-filter.mjs',
  // The SDK is given no logger: src/aws/send.ts tells of requests, without their values.
  '@aws-sdk/core/dist-es/submodules/client/middleware-logger/loggerMiddleware.js': [
    [/clientStack\.add\(loggerMiddleware\(\), loggerMiddlewareOptions\);/, ''],
  ],
  '@aws-sdk/core/dist-es/submodules/client/middleware-recursion-detection/getRecursionDetectionPlugin.js':
    'recursion-detection.mjs',
  ...Object.fromEntries(
    ['ecs', 'ecr', 'sts', 'cloudwatch-logs'].map((client) => [
      `@aws-sdk/client-${client}/dist-es/runtimeExtensions.js`,
      'no-extensions.mjs',
    ]),
  ),
  '@smithy/core/dist-es/submodules/config/config-resolver/regionConfig/getInstanceMetadataRegion.js':
    'no-metadata-region.mjs',
  '@aws-sdk/nested-clients/dist-es/submodules/sts/index.js': 'nested-sts.mjs',
  'yargs/index.mjs': 'yargs.mjs',
  'jsonc-parser/lib/esm/main.js': [enumerations],
  'jsonc-parser/lib/esm/impl/scanner.js': [enumerations],
  '@aws-sdk/client-sts/dist-es/schemas/schemas_0.js': [noErrorClasses],
  '@aws-sdk/client-ecr/dist-es/schemas/schemas_0.js': [noErrorClasses],
  '@aws-sdk/client-cloudwatch-logs/dist-es/schemas/schemas_0.js': [noErrorClasses],
  '@aws-sdk/client-ecs/dist-es/schemas/schemas_0.js': [
    noErrorClasses,
    // src/aws/ecs.ts reads and writes task definitions as they stand on the wire, past any schema.
    [/\(\) => (?:Describe|Register|Deregister)TaskDefinitionResponse\$/, '() => "unit"'],
    [/\(\) => RegisterTaskDefinitionRequest\$/, '() => "unit"'],
    // As a plain value, what nobody here reads passes as it stands on the wire.
    ...unread.map((name): Edit => [new RegExp(`\\(\\) => ${name}\\b\\$?`), '0']),
  ],
};

/** For the command line, which prints help: no tables of emojis and wide characters. */
export const swapsOfTheCommandLine: Swaps = {
  ...swapsOfEach,
  'yargs/lib/platform-shims/esm.mjs': 'yargs-platform.mjs',
  'yargs/build/lib/completion.js': 'yargs-completion.mjs',
  'string-width/index.js': 'string-width.mjs',
  'wrap-ansi/index.js': 'wrap-ansi.mjs',
};

/** The regions of a partition that its pattern of names finds as well. */
const regularRegions: Edit = [/^ *"[a-z]+(?:-[a-z]+)+-\d+": \{\s*"description": "[^"]*"\s*\},?\n/, ''];

/** Shapes have names for messages alone where they travel as JSON. */
const namesOfShapes: Edit = [/^((?:export )?var \w+\$? = \[[1-4], n0, )\w+/, '$1 0'];

/** For the orb, whose jobs print no help and have no browser, and which asks ECS, ECR and CloudWatch Logs in JSON, STS by query. */
export const swapsOfTheOrb: Swaps = {
  ...swapsOfEach,
  ...Object.fromEntries(
    ['ecs', 'ecr', 'cloudwatch-logs'].map((client) => {
      const file = `@aws-sdk/client-${client}/dist-es/schemas/schemas_0.js`;
      return [file, [...((swapsOfEach[file] ?? []) as readonly Edit[]), namesOfShapes]];
    }),
  ),
  // Of yargs' parser, what src/options/parse.ts and the stand-in for yargs itself set.
  'yargs-parser/build/lib/yargs-parser.js': [
    [
      /^ +(?:applyEnvVars\(argv, \w+\);.*|(?:setConfig|applyCoercions)\(argv\);|(?:setConfigObjects|checkConfiguration)\(\);)\n/,
      '',
    ],
    [
      /^ {8}(?:\[\]\.concat\(opts\.(?:array|number|count|normalize) |if \(typeof opts\.(?:narg|coerce|config) )[\s\S]*?\n {8}\}(?:\);)?\n/,
      '',
    ],
    'eatNargs',
    'eatArray',
    'setConfig',
    'setConfigObject',
    'setConfigObjects',
    'applyEnvVars',
    'applyCoercions',
    'setPlaceholderKeys',
    'checkConfiguration',
  ],
  '@aws-sdk/core/dist-es/submodules/client/emitWarningIfUnsupportedVersion.js': 'no-version-warning.mjs',
  '@aws-sdk/core/dist-es/submodules/client/setCredentialFeature.js': 'credential-feature.mjs',
  '@aws-sdk/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js': [regularRegions],
  '@aws-sdk/core/dist-es/submodules/client/util-endpoints/aws.js': ['isVirtualHostableS3Bucket', 'parseArn'],
  '@smithy/core/dist-es/submodules/endpoints/util-endpoints/utils/endpointFunctions.js': [
    'coalesce',
    'isValidHostLabel',
    'ite',
    'not',
    'parseURL',
    'split',
    'substring',
    'uriEncode',
  ],
  '@aws-sdk/core/dist-es/submodules/protocols/ProtocolLib.js': [
    'resolveRestContentType',
    'setQueryCompatError',
    'queryCompatOutput',
  ],
  '@smithy/core/dist-es/submodules/client/middleware-stack/MiddlewareStack.js': [
    'clone',
    'remove',
    'removeByTag',
    'removeByName',
    'removeByReference',
    'identify',
  ],
  '@smithy/core/dist-es/submodules/protocols/HttpBindingNormalizedSchema.js': [
    'getHttpBindings',
    'getHttpBindingCollectionValue',
    'buildHttpBindings',
    'buildPathSegments',
    'createBodySchema',
  ],
  '@smithy/core/dist-es/submodules/protocols/HttpProtocol.js': [
    'getRequestType',
    'getResponseType',
    'resolveError',
    'serializeEventStream',
    'deserializeEventStream',
    'loadEventStreamCapability',
    'getDefaultContentType',
    'deserializeHttpMessage',
    'getEventStreamMarshaller',
    'resolveEventStreamMarshaller',
  ],
  '@smithy/core/dist-es/submodules/protocols/json/codec-v2/JsonBytesStringAdapter.js': [
    'startsWith',
    'endsWith',
    'match',
    'replace',
    'search',
    'split',
    'substring',
    'trim',
    'trimStart',
    'trimEnd',
    'charAt',
    'charCodeAt',
    'padStart',
    'padEnd',
    'repeat',
    'toUpperCase',
    'toLowerCase',
  ],
  '@smithy/core/dist-es/submodules/protocols/json/codec-v2/JsonShapeSerializer2.js': [
    'writeDiscriminatedDocument',
    'writeBase64',
    'B64',
  ],
  '@smithy/core/dist-es/submodules/schema/schemas/NormalizedSchema.js': [
    'getMemberName',
    'getKeySchema',
    'getMemberSchema',
  ],
  '@smithy/core/dist-es/submodules/serde/date-utils.js': [
    'dateToUtcString',
    'parseRfc3339DateTimeWithOffset',
    'parseRfc7231DateTime',
  ],
  '@smithy/core/dist-es/submodules/serde/schema-serde-lib/schema-date-utils.js': [
    '_parseEpochTimestamp',
    '_parseRfc7231DateTime',
  ],
  '@smithy/node-http-handler/dist-es/node-http-handler.js': [
    // It warns of more than a hundred requests that wait for a connection.
    [/socketWarningTimeoutId = timing\.setTimeout\([^;]*;\s*\}, [^;]*;/, ''],
    'checkSocketUsage',
    'updateHttpClientConfig',
    'httpHandlerConfigs',
  ],
  '@smithy/signature-v4/dist-es/SignatureV4.js': ['presign', 'signEvent', 'signMessage', 'signString'],
  'yargs/build/lib/yargs-factory.js': 'yargs-without-help.mjs',
  'yargs/lib/platform-shims/esm.mjs': 'yargs-without-help.mjs',
  '@aws-sdk/credential-provider-sso/dist-es/index.js': 'sso.mjs',
  '@aws-sdk/credential-provider-login/dist-es/index.js': 'login.mjs',
};

const standIns = fileURLToPath(new URL('stand-ins/', import.meta.url));

/**
 * Puts stand-ins and edits in the place of files. Fails the build when a file or a text is not met, so that a new version of
 * a package, in which it moved, cannot bring back what was left out.
 */
export function swapFiles(swaps: Swaps): Plugin {
  const met = new Set<string>();
  return {
    name: 'swap-files',
    load: {
      filter: { id: /[/\\]node_modules[/\\]/ },
      handler: async (id) => {
        const file = id.replaceAll('\\', '/').split('/node_modules/').at(-1) ?? '';
        const swap = swaps[file];
        if (swap === undefined) return null;
        met.add(file);
        // The imports of a stand-in are found from the place of the file that it stands for.
        return typeof swap === 'string' ? readFile(`${standIns}${swap}`, 'utf8') : edited(id, swap);
      },
    },
    buildEnd: (error) => {
      const missed = Object.keys(swaps).filter((file) => !met.has(file));
      if (error !== undefined || missed.length === 0) return;
      throw new Error(`Nothing asks for ${missed.join(', ')} any more; correct the list of swaps.`);
    },
  };
}

async function edited(path: string, edits: readonly Edit[]): Promise<string> {
  const source = await readFile(path, 'utf8');
  const names = edits.filter((edit) => typeof edit === 'string');
  let text = applyCuts(source, cutsOf(path, source, names));
  for (const edit of edits) {
    if (typeof edit === 'string') continue;
    const [pattern, replacement] = edit;
    const changed = text.replaceAll(new RegExp(pattern, 'gm'), replacement);
    if (changed === text) throw new Error(`${path} holds no ${pattern} any more; correct the list of swaps.`);
    text = changed;
  }
  return text;
}
