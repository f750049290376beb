// Which features of the SDK are used is not told to AWS.
export const checkFeatures = async () => undefined;
