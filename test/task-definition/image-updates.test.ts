import { describe, expect, test } from 'vitest';
import { parseImageUpdates, updatedImage } from '../../src/task-definition/image-updates.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

describe('the grammar of container-image-name-updates', () => {
  test.each<[string, string, object[]]>([
    ['the article’s', 'container=hoge-stg,tag=latest', [{ container: 'hoge-stg', tag: 'latest' }]],
    ['image-and-tag', 'container=a,image-and-tag=app:v2', [{ container: 'a', imageAndTag: 'app:v2' }]],
    [
      'several containers',
      'container=a,tag=1,container=b,image=app',
      [
        { container: 'a', tag: '1' },
        { container: 'b', image: 'app' },
      ],
    ],
    ['blanks, line ends and a last comma do not matter', ' container=a ,\n tag=1 ,', [{ container: 'a', tag: '1' }]],
    [
      'a registry with a port and a digest',
      `container=a,image-and-tag=localhost:5000/app@${digest}`,
      [{ container: 'a', imageAndTag: `localhost:5000/app@${digest}` }],
    ],
    ['image and tag together', 'container=a,image=app,tag=v2', [{ container: 'a', image: 'app', tag: 'v2' }]],
  ])('%s', (_rule, text, updates) => {
    expect(parseImageUpdates(text)).toEqual({ updates, errors: [] });
  });

  test.each([
    ['an update before any container', 'tag=1', 'tag=1 stands before the first container='],
    [
      'a key that is not known',
      'container=a,tags=1',
      'tags is not one of container, image-and-tag, image, tag; did you mean tag?',
    ],
    ['a container without an update', 'container=a', 'container a has neither image-and-tag nor image nor tag'],
    ['two ways at once', 'container=a,image-and-tag=x:1,tag=2', 'container a has image-and-tag beside tag'],
    ['the same container twice', 'container=a,tag=1,container=a,tag=2', 'container a comes twice'],
    ['the same key twice', 'container=a,tag=1,tag=2', 'container a has tag twice'],
    ['no value', 'container=a,tag=', 'tag has no value'],
    ['a tag that is none', 'container=a,tag=v 2', 'v 2 is not a tag'],
    ['an image that is none', 'container=a,image=Not An Image', 'Not An Image is not an image reference'],
    ['nothing', ' , ', 'holds no update'],
  ])('%s is an error, never silence', (_rule, text, error) => {
    expect(parseImageUpdates(text).errors).toContain(error);
  });
});

describe('the image after an update', () => {
  test.each<[string, string, object, string | undefined]>([
    ['a tag takes the place of a tag', 'app:v1', { tag: 'v2' }, 'app:v2'],
    ['a tag takes the place of a digest', `repo/app@${digest}`, { tag: 'v2' }, 'repo/app:v2'],
    ['a tag takes the place of tag and digest', `repo/app:v1@${digest}`, { tag: 'v2' }, 'repo/app:v2'],
    ['a port is no tag', 'localhost:5000/app:v1', { tag: 'v2' }, 'localhost:5000/app:v2'],
    ['a port without a tag', 'localhost:5000/app', { tag: 'v2' }, 'localhost:5000/app:v2'],
    ['an image keeps the tag', 'old:v1', { image: 'new/app' }, 'new/app:v1'],
    ['an image with its own tag brings it', 'old:v1', { image: 'new/app:v9' }, 'new/app:v9'],
    ['an image with a digest is taken as it is', 'old:v1', { image: `new@${digest}` }, `new@${digest}`],
    ['no tag to keep', `old@${digest}`, { image: 'new' }, undefined],
    ['image and tag', 'old:v1', { image: 'localhost:5000/new', tag: 'v3' }, 'localhost:5000/new:v3'],
    ['image-and-tag replaces all', `old@${digest}`, { imageAndTag: 'new:v2' }, 'new:v2'],
  ])('%s', (_rule, current, update, image) => {
    expect(updatedImage(current, { container: 'a', ...update })).toBe(image);
  });
});
