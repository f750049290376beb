// src/main.ts turns the warning off.
export const state = {};
export const emitWarningIfUnsupportedVersion = () => {};
