// No shell completion is offered.
export const completion = () => ({ setParsed: () => undefined, registerFunction: () => undefined });
