/** A chunk of a program, in CommonJS; chunks ask for each other as `require("./NAME")`. */
export interface Chunk {
  fileName: string;
  code: string;
}

const requirePattern = /require\(["'`]\.\/([^"'`]+)["'`]\)/g;

/**
 * One CommonJS file of a program in chunks, and the names of those that it holds. Its head has the loader and the entry and is all
 * that Node parses at the start; the other chunks stand behind it in a comment, and each is compiled when something first
 * asks for it.
 */
export function link(entry: string, all: readonly Chunk[]): { code: string; names: string[] } {
  const chunks = reached(entry, all);
  const foreign = chunks.find(({ code }) => /\bimport\(/.test(code));
  if (foreign !== undefined) throw new Error(`${foreign.fileName} calls import(), which a compiled function cannot.`);
  const names = chunks.map(({ fileName }) => fileName);
  const [first = '', ...rest] = chunks.map(({ code }) => withNumbers(code.trim(), names));
  const hidden = rest.map(hide);
  const ends = hidden.map((_, index) => hidden.slice(0, index + 1).join('').length);
  const start = `(function(require){${first}\n})(load);`;
  return { code: `#!/usr/bin/env node\n${loader(ends)}${start}\n/*${hidden.join('')}*/`, names };
}

/**
 * The entry and what it can come to ask for: an import() in code that was shaken off leaves a chunk that nobody can. Each chunk
 * stands behind those that it asks for, which packs better than the other ways round.
 */
function reached(entry: string, all: readonly Chunk[]): Chunk[] {
  const seen = new Set<string>();
  const visit = (name: string): Chunk[] => {
    if (seen.has(name)) return [];
    seen.add(name);
    const chunk = all.find(({ fileName }) => fileName === name);
    if (chunk === undefined) throw new Error(`There is no chunk ${name}.`);
    return [...[...chunk.code.matchAll(requirePattern)].flatMap(([, next = '']) => visit(next)), chunk];
  };
  const found = visit(entry);
  return [...found.slice(-1), ...found.slice(0, -1)];
}

const exportPattern =
  /Object\.defineProperty\(exports,["'`](\w+)["'`],\{enumerable:!0,get:function\(\)\{return ([\w$]+)\}\}\)[,;]?/g;
const exportsPattern = new RegExp(`(?:${exportPattern.source})+`, 'g');

const withGetters = (definitions: string): string => {
  const getters = [...definitions.matchAll(exportPattern)].map(([, name, value]) => `${name}:()=>${value}`);
  return `require.getters(exports,{${getters.join(',')}});`;
};

/** An import() runs its chunk; an import only names it, and the chunk runs when something of it is first used. */
const withNumbers = (code: string, names: readonly string[]): string =>
  code
    .replaceAll(requirePattern, (_, name: string) => `require(${names.indexOf(name)})`)
    .replaceAll(exportsPattern, withGetters)
    .replaceAll(/\.then\(\(\) ?=> ?require\((\d+)\)\)/g, '.then(()=>require.run($1))')
    // Slow to load, and asked for by many who seldom use them.
    .replaceAll(/=require\((["'`]node:(?:crypto|child_process)["'`])\)/g, '=require.lazy($1)');

/** Chunks stand in a comment, which `*` and `/` would end; in ASCII a place in the text is a place in the file. */
function hide(code: string): string {
  const ascii = code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return ascii.replaceAll('*/', '*\u0001/');
}

/**
 * `ends` are the places in the comment where the chunks 1, 2, … end; only those that are asked for are read again. What a
 * chunk exports stands in front of a proxy, which runs the chunk at the first question and is then gone.
 */
const loader = (ends: readonly number[]): string =>
  `const ends=${JSON.stringify(ends)},loaded=[];
let file,start;
function load(name){
return typeof name==="number"?(loaded[name]??=later(name)).exports:require(name);
}
function later(name){
const module={started:false,exports:Object.create(new Proxy({},{get:(_,key)=>module.started?undefined:load.run(name)[key]}))};
return module;
}
load.run=(name)=>{
const exports=load(name),module=loaded[name];
if(module.started)return exports;
module.started=true;
const code=hidden(ends[name-2]??0,ends[name-1]).replaceAll("*\\u0001/","*/");
require("node:vm").compileFunction(code,["require","module","exports","__filename"],{filename:__filename+"#"+name})(load,module,exports,__filename);
Object.setPrototypeOf(exports,null);
return exports;
};
function hidden(from,to){
const fs=require("node:fs");
file??=fs.openSync(__filename);
start??=fs.fstatSync(file).size-2-ends.at(-1);
const bytes=Buffer.alloc(to-from);
fs.readSync(file,bytes,0,to-from,start+from);
return bytes.latin1Slice();
}
load.getters=(exports,getters)=>{
for(const name in getters)Object.defineProperty(exports,name,{enumerable:true,get:getters[name]});
};
load.lazy=(name)=>new Proxy({},{get:(_,key)=>require(name)[key]});
`;
