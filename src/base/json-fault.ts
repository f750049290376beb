import { printParseErrorCode, visit } from 'jsonc-parser';

/** Where a text stops being JSON and what should stand there. It never quotes the text, which may hold secrets. */
export interface JsonFault {
  /** Both count from 1. */
  line: number;
  column: number;
  expected: string;
}

/** The first fault of a JSON text, or undefined for a sound one. Finds also what JSON.parse lets pass: a member given twice. */
export function jsonFault(text: string): JsonFault | undefined {
  /** The names given in each object that is open; a list has none. */
  const open: (Set<string> | undefined)[] = [];
  const begin = (names: Set<string> | undefined, line: number, character: number): void => {
    if (open.length > deepest) throw new Fault('less deeply nested', line, character);
    open.push(names);
  };
  const end = (): void => void open.pop();
  try {
    visit(
      text,
      {
        onObjectBegin: (_offset, _length, line, character) => begin(new Set(), line, character),
        onObjectEnd: end,
        onArrayBegin: (_offset, _length, line, character) => begin(undefined, line, character),
        onArrayEnd: end,
        onObjectProperty: (name, _offset, _length, line, character) => {
          if (open.at(-1)?.has(name) === true) {
            throw new Fault('another name: this one was given before', line, character);
          }
          open.at(-1)?.add(name);
        },
        onError: (code, _offset, _length, line, character) => {
          const what = printParseErrorCode(code);
          const closing = open.at(-1) === undefined ? ']' : '}';
          throw new Fault(
            what === 'CommaExpected' ? `a comma or ${closing}` : (expected[what] ?? 'JSON'),
            line,
            character,
          );
        },
      },
      { disallowComments: true, allowTrailingComma: false },
    );
    return undefined;
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    return { line: fault.line + 1, column: fault.character + 1, expected: fault.message };
  }
}

/** More than any document of AWS has, and less than the stack bears. */
const deepest = 100;

const aString = 'a string that ends in its line, with valid escapes';
const expected: Readonly<Record<string, string>> = {
  InvalidSymbol: 'a value; names and strings stand in double quotes',
  PropertyNameExpected: 'a name in double quotes',
  ValueExpected: 'a value',
  ColonExpected: 'a colon',
  CloseBraceExpected: 'a comma or }',
  CloseBracketExpected: 'a comma or ]',
  EndOfFileExpected: 'the end, but there is more',
  InvalidCommentToken: 'no comment: JSON has none',
  UnexpectedEndOfNumber: 'a number with digits at its end',
  UnexpectedEndOfString: aString,
  InvalidUnicode: aString,
  InvalidEscapeCharacter: aString,
  InvalidCharacter: aString,
};

class Fault extends Error {
  readonly line: number;
  readonly character: number;

  constructor(expected: string, line: number, character: number) {
    super(expected);
    this.line = line;
    this.character = character;
  }
}
