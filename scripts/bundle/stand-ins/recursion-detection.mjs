// This program does not run inside a Lambda function, so it carries no trace of one on.
export const getRecursionDetectionPlugin = () => ({ applyToStack: () => undefined });
