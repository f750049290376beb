import { createHash } from 'node:crypto';
import type { BundledPackage } from '../bundle/packages.ts';

/** What a release holds, as a CycloneDX 1.6 document (cyclonedx.org/docs/1.6/json): the packages inside the bundle. */
export function sbom(version: string, program: Uint8Array, packages: readonly BundledPackage[]): string {
  const content = createHash('sha256').update(program).digest('hex');
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': purl('migrate-deploy', version),
        name: 'migrate-deploy',
        version,
        purl: purl('migrate-deploy', version),
        hashes: [{ alg: 'SHA-256', content }],
      },
    },
    components: packages.map(({ name, version: own, license }) => ({
      type: 'library',
      'bom-ref': purl(name, own),
      name,
      version: own,
      purl: purl(name, own),
      licenses: [{ expression: license }],
    })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const purl = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;
