// Help is plain English: each character takes one column.
export default (text) => text.length;
