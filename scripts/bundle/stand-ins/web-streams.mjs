// Streams are Node's own here.
export const sdkStreamMixin = (stream) => stream;
