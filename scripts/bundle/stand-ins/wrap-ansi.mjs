// Wraps plain text between words, and a word only where it is longer than a line.
const wrapLine = (line, columns) => {
  const rows = [''];
  for (const [index, word] of line.split(' ').entries()) {
    const row = rows.at(-1);
    const joined = index === 0 ? word : `${row} ${word}`;
    if (joined.length <= columns) rows[rows.length - 1] = joined;
    else if (word.length <= columns) rows.push(word);
    else rows.push(...(word.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? []));
  }
  return rows.map((row) => row.trimEnd()).join('\n');
};

export default (text, columns) =>
  text
    .split('\n')
    .map((line) => wrapLine(line, columns))
    .join('\n');
